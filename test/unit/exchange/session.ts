// A stream and its link, as an exchange sees them, and what is to become of each message.

import assert from 'node:assert/strict'
import {
  addon,
  BUSY,
  type Given,
  IDLE,
  type Kind,
  type Phase,
  type Stream,
  type TestExchange,
  WAITS,
} from './addon.js'

export interface Message {
  id: number
  bytes: Buffer
  topic: string
  /** How much of it tx gave, since it began last. */
  given: number
  begun: boolean
  /** The program no longer wants it. */
  cancelled: boolean
  verdict?: string
}

/** `n` is a length, or which of several is meant. */
export interface Command {
  do: (typeof COMMANDS)[number]
  n: number
  yes: boolean
}

export const COMMANDS = [
  'send',
  'cancel',
  'work',
  'connected',
  'tx',
  'answer',
  'lose',
  'unreachable',
  'retry',
  'disconnect',
  'set kind',
  'provide',
  'refuse begun',
  'set reading',
] as const

const kindOf = (exchange: Kind['exchange'], canSend = true, qos = 1): Kind => ({
  exchange,
  canSend,
  nailedUp: false,
  qos,
})

export abstract class Session implements Stream {
  readonly exchange: TestExchange
  readonly messages: Message[] = []
  /** Those of which not all has left, in the order in which they are to leave. */
  queue: Message[] = []
  kind: Kind
  protected linkPhase: Phase = IDLE
  protected isAsked = false
  protected isUnsent = false
  protected isOpen = false
  protected isBeingClosed = false
  protected reads = true
  protected isAnswered = false
  protected ordinal = 0
  /** The piece that the exchange has asked for. */
  protected wanted: { message: Message; piece: number } | undefined
  #isScheduled = false

  constructor(exchange: Kind['exchange'], resend = false, qos = 1) {
    this.kind = kindOf(exchange, true, qos)
    this.exchange = new addon.TestExchange(this, this.kind, resend)
  }

  /** The first message as the exchange has it; what tx gives must be of it. */
  protected abstract due(): Message | undefined
  /** All of it has been given. */
  protected abstract ended(message: Message): void
  /** Whether the verdict is right for it now. */
  protected abstract deserves(message: Message, verdict: string): boolean
  /** The model's side of a connection that is lost, before the exchange is told. */
  protected abstract losing(): void
  /** Has the peer answer; false when there is nothing to be answered. */
  abstract answer(n: number, isGood: boolean): boolean
  protected refuseBegun(): void {}

  /** With `isStale`, what was asked for before. */
  protected provide(n: number, isStale: boolean): boolean {
    if (!this.wanted) return false
    const { message, piece } = this.wanted
    if (isStale) {
      this.exchange.provide(message.id, piece + 1, Buffer.alloc(n))
      return true
    }
    this.wanted = undefined
    const bytes = message.bytes.subarray(message.given, message.given + n)
    this.exchange.provide(message.id, piece, bytes)
    return true
  }

  heed(): void {}
  schedule(): void {
    this.#isScheduled = true
  }
  disconnect(): void {
    this.isBeingClosed = true
    this.schedule()
  }
  prepareConnection(): void {}
  prepareMessage(_topic: string): void {}
  beginAnew(): void {}
  noteUse(): void {}
  isConnected = (): boolean => this.isOpen
  isClosing = (): boolean => this.isBeingClosed
  isReading = (): boolean => this.reads
  phase = (): Phase => this.linkPhase
  hasUnsent = (): boolean => this.isUnsent
  hasNextRide = (): boolean => false
  hasBodyPending = (): boolean => false
  setBodyOnce(): void {}
  allowRetries(): void {}
  packetId(_ordinal?: number): number {
    return 0
  }
  sendAgain(_packetId: number): void {}
  isReceived(_packetId: number): boolean {
    return false
  }
  keepPacketId(_packetId: number): void {}
  hasSession(): boolean {
    return false
  }
  release(_packetId: number, _ordinal: number): boolean {
    return true
  }

  request(_length?: number): number {
    this.isAsked = true
    if (this.linkPhase === IDLE) this.beginConnecting()
    return 0
  }

  event(name: string, id: number, piece: number): void {
    const message = this.messages[id]
    assert.ok(message, `there is no message ${id}`)
    if (name === 'wanted') {
      this.wanted = { message, piece }
      return
    }
    // The program has forgotten it.
    if (message.cancelled) return
    assert.equal(message.verdict, undefined, `message ${id} settles again: ${name}`)
    assert.ok(this.deserves(message, name), `message ${id} is not ${name}`)
    message.verdict = name
  }

  protected beginConnecting(): void {
    this.linkPhase = BUSY
    this.isAnswered = false
    this.exchange.connecting()
    this.schedule()
  }

  send(length: number, options: { inPieces?: boolean } = {}): Message {
    const id = this.messages.length
    const bytes = Buffer.from(Array.from({ length }, (_, n) => (id * 16 + n) & 255))
    const topic = `topic ${id}`
    const message = { id, bytes, topic, given: 0, begun: false, cancelled: false }
    this.messages.push(message)
    this.queue.push(message)
    const copy = Buffer.from(bytes)
    this.exchange.send(id, options.inPieces ? length : copy, topic)
    copy.fill(0)
    this.schedule()
    return message
  }

  cancel(message: Message): void {
    message.cancelled = true
    if (!message.begun) this.queue = this.queue.filter((waiting) => waiting !== message)
    this.exchange.cancel(message.id)
  }

  /** As SsStream::Work() does. */
  work(): void {
    this.#isScheduled = false
    this.exchange.settleWritten()
    if (this.isBeingClosed && this.linkPhase === BUSY) this.lose(false)
    if (this.isBeingClosed) this.linkPhase = IDLE
    this.isBeingClosed = false
    if (this.linkPhase === WAITS && !this.exchange.wantsRetry(this.isAnswered))
      this.linkPhase = IDLE
    if (this.linkPhase === IDLE) this.dropStarted()
    this.exchange.pump()
  }

  connected(): void {
    this.isOpen = true
    this.isAsked = true
    this.exchange.connected()
    this.schedule()
  }

  /** lws writes what waits for the socket before it asks for more. */
  tx(room: number, isUnsent: boolean): Given | undefined {
    this.isAsked = this.isUnsent = false
    if (this.exchange.settleWritten()) this.schedule()
    if (this.isBeingClosed || !this.kind.canSend) return undefined
    const due = this.due()
    // One without bytes is given in one go.
    const isBegun = due?.begun && due.bytes.length > 0
    const given = this.exchange.tx(this.ordinal++, room)
    if (!given) return undefined
    this.isUnsent = isUnsent
    assert.ok(due, 'nothing was to be sent')
    assert.equal(given.begins, !isBegun)
    if (given.begins) assert.ok(!due.cancelled, `message ${due.id} leaves, which was cancelled`)
    assert.ok(given.bytes.length <= room)
    const end = due.given + given.bytes.length
    assert.deepEqual(given.bytes, due.bytes.subarray(due.given, end))
    assert.equal(given.ends, end === due.bytes.length)
    due.begun = true
    due.given = end
    if (given.ends) this.ended(due)
    else assert.ok(this.isAsked, 'the rest is not asked for')
    return given
  }

  /** With `waits`, the policy has another attempt. */
  lose(waits: boolean): void {
    this.isOpen = this.isAsked = false
    this.linkPhase = waits ? WAITS : IDLE
    this.wanted = undefined
    this.losing()
    this.exchange.lost()
    this.exchange.settleWritten()
    this.dropStarted()
    for (const { id, begun, verdict, cancelled } of this.messages)
      assert.ok(!begun || verdict || cancelled, `message ${id} is on its way without a connection`)
    this.isUnsent = false
    this.schedule()
  }

  unreachable(waits: boolean): void {
    this.linkPhase = waits ? WAITS : IDLE
    if (!waits) this.clear()
    this.schedule()
  }

  protected dropStarted(): void {
    this.exchange.dropStarted()
  }

  clear(): void {
    this.exchange.clear()
    this.queue = []
    // From here on it is told of none of them.
    for (const message of this.messages) message.verdict ??= 'cleared'
  }

  setKind(canSend: boolean, qos: number): void {
    this.kind = kindOf(this.kind.exchange, canSend, qos)
    const dropped = canSend ? [] : this.queue.splice(0)
    this.exchange.setKind(this.kind)
    // A stream changes its kind in its work, of which the rest follows.
    this.schedule()
    for (const message of dropped)
      assert.ok(message.cancelled || message.verdict === 'dropped', `${message.id} is left behind`)
  }

  protected get canTx(): boolean {
    return this.isOpen && this.isAsked
  }

  /** What cannot happen now is left out. */
  perform({ do: what, n, yes }: Command): void {
    const isBusy = this.linkPhase === BUSY
    if (what === 'send' && this.kind.canSend) this.send(n, { inPieces: yes })
    if (what === 'cancel') {
      const open = this.messages.filter((each) => !each.verdict && !each.cancelled)
      const message = open[n % open.length]
      if (message) this.cancel(message)
    }
    if (what === 'work') this.work()
    if (what === 'connected' && isBusy && !this.isOpen) this.connected()
    if (what === 'tx' && this.canTx) this.tx(n + 1, yes)
    if (what === 'answer' && isBusy) this.answer(n, yes)
    if (what === 'lose' && this.isOpen) this.lose(yes)
    if (what === 'unreachable' && isBusy && !this.isOpen) this.unreachable(n > 0)
    // The stream's work comes before any timer.
    if (what === 'retry' && this.linkPhase === WAITS && !this.#isScheduled) this.beginConnecting()
    if (what === 'disconnect') {
      this.clear()
      this.disconnect()
    }
    if (what === 'set kind' && !isBusy) this.setKind(yes, n % 2)
    if (what === 'provide') this.provide(n + 1, yes)
    if (what === 'refuse begun' && this.isOpen) this.refuseBegun()
    if (what === 'set reading') {
      this.reads = yes
      this.schedule()
    }
    assert.equal(this.exchange.isEmpty(), this.queue.length === 0)
  }

  /** Lets all go well from here on: what waits leaves, and each message has settled. */
  end(): void {
    this.reads = true
    this.schedule()
    for (let steps = 0; this.#goOn(); steps++) assert.ok(steps < 10_000, 'it never ends')
    assert.ok(this.exchange.isEmpty(), 'messages are left, and nobody asks for them')
    for (const { id, verdict, cancelled } of this.messages)
      assert.ok(verdict || cancelled, `message ${id} never settles`)
  }

  #goOn(): boolean {
    if (this.#isScheduled) this.work()
    else if (this.linkPhase === WAITS) this.beginConnecting()
    else if (this.linkPhase === BUSY && !this.isOpen) this.connected()
    else if (this.provide(1000, false)) return true
    else if (this.canTx) this.tx(1000, false)
    else return this.linkPhase === BUSY && this.answer(0, true)
    return true
  }
}
