// What each kind of exchange does with its messages.

import assert from 'node:assert/strict'
import { BUSY, IDLE } from './addon.js'
import { type Message, Session } from './session.js'

export class MessageSession extends Session {
  constructor() {
    super('messages')
  }

  protected due(): Message | undefined {
    return this.queue[0]
  }

  protected ended(): void {
    this.queue.shift()
  }

  protected deserves(message: Message, verdict: string): boolean {
    const isWhole = message.begun && message.given === message.bytes.length
    if (verdict === 'sent') return isWhole && !this.isUnsent
    return verdict === 'dropped' && (isWhole ? this.isUnsent : message.begun || !this.kind.canSend)
  }

  protected losing(): void {
    if (this.queue[0]?.begun) this.queue.shift()
  }

  answer(): boolean {
    return false
  }
}

interface Unanswered {
  message: Message
  ordinal: number
}

export class PublishSession extends Session {
  readonly #resend: boolean
  #unanswered: Unanswered[] = []
  /** What was answered, and how. */
  readonly #answers = new Map<Message, string>()
  readonly #packetIds = new Map<Message, number>()
  #requestedLength: number | undefined
  #topic?: string
  #packetId: number | undefined

  constructor(resend: boolean, qos: number) {
    super('publishes', resend, qos)
    this.#resend = resend
  }

  override request(length?: number): number {
    this.#requestedLength = length ?? this.#requestedLength
    return super.request(length)
  }

  override prepareMessage(topic: string): void {
    this.#topic = topic
  }

  override sendAgain(packetId: number): void {
    this.#packetId = packetId
  }

  override packetId(ordinal?: number): number {
    return ordinal === undefined ? 9999 : ordinal + 1
  }

  override tx(room: number, isUnsent: boolean) {
    this.#packetId = undefined
    const due = this.due()
    const given = super.tx(room, isUnsent)
    if (!given?.begins || !due) return given
    assert.equal(this.#topic, due.topic)
    assert.equal(this.#packetId, this.#packetIds.get(due))
    return given
  }

  protected due(): Message | undefined {
    return this.queue[0]
  }

  protected ended(message: Message): void {
    const ordinal = this.ordinal - 1
    this.queue.shift()
    this.#unanswered.push({ message, ordinal })
    if (this.kind.qos === 0) this.answer(this.#unanswered.length - 1, true)
  }

  override event(name: string, id: number, piece: number): void {
    // All of it is with lws, which is not the end.
    if (name !== 'sent') super.event(name, id, piece)
  }

  protected deserves(message: Message, verdict: string): boolean {
    if (verdict === 'dropped') return message.begun || !this.kind.canSend
    const isAtMostOnce = this.kind.qos === 0 && verdict === 'acknowledged'
    return this.#answers.get(message) === verdict && !(isAtMostOnce && this.isUnsent)
  }

  protected losing(): void {
    const unanswered = this.#unanswered.splice(0)
    const begun = this.queue[0]?.begun ? this.queue.shift() : undefined
    if (!this.#resend || this.kind.qos === 0) return
    const again = unanswered.map(({ message, ordinal }) => ({ message, id: ordinal + 1 }))
    if (begun) again.push({ message: begun, id: 9999 })
    const wanted = again.filter(({ message }) => !message.cancelled)
    for (const { message, id } of wanted) {
      message.begun = false
      message.given = 0
      this.#packetIds.set(message, id)
    }
    this.queue.unshift(...wanted.map(({ message }) => message))
  }

  override clear(): void {
    this.#unanswered = []
    super.clear()
  }

  answer(n: number, isGood: boolean): boolean {
    const [answered] = this.#unanswered.splice(n % (this.#unanswered.length || 1), 1)
    if (!answered) return false
    const { message, ordinal } = answered
    this.#answers.set(message, isGood ? 'acknowledged' : 'refused')
    if (isGood) this.exchange.acknowledged(ordinal)
    else this.exchange.refused(ordinal)
    this.schedule()
    return true
  }

  protected override refuseBegun(): void {
    if (!this.queue[0]?.begun) return
    this.#answers.set(this.queue[0], 'refused')
    this.queue.shift()
    this.exchange.refused(this.ordinal)
  }

  get requestedLength(): number | undefined {
    return this.#requestedLength
  }
}

export class RequestSession extends Session {
  readonly #rides: number
  /** The messages of this transaction that are given whole, and have another behind them. */
  #parts = 0
  #isBodyPending = false
  #verdict: string | undefined

  /** `rides`: how many messages may go with one transaction. */
  constructor(rides = 1) {
    super('requests')
    this.#rides = rides
  }

  override hasNextRide = (): boolean => this.#parts + 1 < this.#rides
  override hasBodyPending = (): boolean => this.#isBodyPending

  override request(length?: number): number {
    if (this.linkPhase === IDLE) this.#isBodyPending = this.#rides > 1 || length !== 0
    return super.request(length)
  }

  protected override beginConnecting(): void {
    this.#parts = 0
    for (const message of this.queue) {
      message.given = 0
      // One without bytes leaves with the request's headers.
      message.begun &&= message.bytes.length === 0
    }
    this.wanted = undefined
    super.beginConnecting()
    this.isAsked = this.#isBodyPending
  }

  /** What the server says ends its answer; the request goes out before. */
  protected override get canTx(): boolean {
    return this.linkPhase === BUSY && this.isAsked && this.#isBodyPending
  }

  protected due(): Message | undefined {
    return this.queue[this.#parts]
  }

  override event(name: string, id: number, piece: number): void {
    const message = this.messages[id]
    assert.ok(message)
    // Once all of it is with lws; or, when it has no bytes, all that is to be sent.
    if (name === 'sent') message.begun = true
    else super.event(name, id, piece)
  }

  protected ended(): void {
    if (this.hasNextRide()) this.#parts++
    else this.#isBodyPending = false
  }

  protected deserves(message: Message, verdict: string): boolean {
    return verdict === this.#verdict ? message.begun : verdict === 'dropped' && !this.kind.canSend
  }

  #settle(verdict: string): void {
    this.#verdict = verdict
    const settled = this.queue.filter((message) => message.begun)
    this.queue = this.queue.filter((message) => !message.begun)
    if (verdict === 'acknowledged') this.exchange.acknowledged(0)
    else if (verdict === 'refused') this.exchange.refused(0)
    else super.dropStarted()
    for (const { id, cancelled, verdict: had } of settled)
      assert.ok(cancelled || had === verdict, `message ${id} is not ${verdict}`)
    this.#verdict = undefined
  }

  protected override dropStarted(): void {
    this.#settle('dropped')
  }

  protected losing(): void {
    this.#parts = 0
    this.#isBodyPending = false
    this.wanted = undefined
  }

  override clear(): void {
    this.#parts = 0
    super.clear()
  }

  /** The connection is over with the answer. */
  answer(_n: number, isGood: boolean): boolean {
    if (!this.isOpen) this.connected()
    this.isAnswered = true
    this.#settle(isGood ? 'acknowledged' : 'refused')
    this.lose(false)
    return true
  }
}
