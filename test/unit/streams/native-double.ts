/** A stream without libwebsockets, which gives events in the orders that the addon's can give them. */
import type { NativeStream } from '../../../dist/addon/native.js'
import type { StreamEventTarget } from '../../../dist/addon/targets.js'
import type { Exchange } from '../../../dist/streamtypes/kind.js'

/** What can happen to a stream by its peer, by time, and by libwebsockets. */
export const HAPPENINGS = [
  'connecting',
  'connected',
  'unreachable',
  'given up',
  'begun',
  'sent',
  'accepted',
  'refused',
  'mapped',
  'whole message',
  'first piece',
  'last piece',
  'disconnected',
  'timeout',
  'destroying',
] as const
export type Happening = (typeof HAPPENINGS)[number]

interface Outgoing {
  readonly id: number
  begun: boolean
}

const PIECE = { perf: false, binary: false }

/** Follows what it is asked to do; what happens then is for the test to say, as far as it can happen. */
export class NativeDouble implements NativeStream {
  events!: StreamEventTarget
  /** What was told, for comparison. */
  readonly states: (string | number)[] = []
  readonly messages: string[] = []
  /** Is called when it is told that the peer has a message, or the socket, where that is all. */
  settles: (id: number) => void = () => {}
  /** The id of the message that was given last. */
  lastId: number | undefined
  readonly #exchange: Exchange
  // As on the wire: no connection; one that is being made; one; none, until the next attempt.
  #connection: 'none' | 'attempt' | 'made' | 'failed' | 'over' = 'none'
  #isWanted = false
  #isDoomed = false
  #isDisconnecting = false
  // What lws has not taken whole, and what the peer has yet to acknowledge.
  #outgoing: Outgoing[] = []
  #unanswered: number[] = []
  #hasAnswer = false
  #pieces: string[] = []
  #received = 0
  // Told from a clean stack, and so possibly behind calls that were made since.
  #waiting: (() => void)[] = []

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  get isOver(): boolean {
    return this.#connection === 'over'
  }

  get isDoomed(): boolean {
    return this.#isDoomed
  }

  /** Tells what has happened. */
  tell(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const event of waiting) event()
  }

  /** Makes it happen, to be told later; false when it cannot happen now. */
  happen(what: Happening): boolean {
    if (this.isOver) return false
    if (what === 'destroying') return this.#end()
    if (this.#isDoomed) return what === 'disconnected' && this.#disconnect()
    switch (what) {
      case 'connecting':
        return this.#beginAttempt()
      case 'connected':
        if (this.#connection !== 'attempt' || this.#isDisconnecting) return false
        this.#connection = 'made'
        this.#hasAnswer = false
        return this.#state('CONNECTED')
      case 'unreachable':
        if (this.#connection !== 'attempt') return false
        this.#connection = this.#isDisconnecting ? 'none' : 'failed'
        this.#isDisconnecting = false
        return this.#state('UNREACHABLE')
      case 'given up':
        if (this.#connection !== 'failed') return false
        this.#connection = 'none'
        this.#forget()
        return this.#state('ALL_RETRIES_FAILED')
      case 'disconnected':
        return this.#disconnect()
      case 'timeout':
        return this.#state('TIMEOUT')
      default:
        // Nothing passes a connection that is to be closed.
        return this.#connection === 'made' && !this.#isDisconnecting && this.#pass(what)
    }
  }

  #beginAttempt(): boolean {
    const isIdle = this.#connection === 'none' || this.#connection === 'failed'
    if (!isIdle || this.#isDisconnecting) return false
    if (this.#connection === 'none' && !this.#isWanted && this.#outgoing.length === 0) return false
    this.#connection = 'attempt'
    this.#isWanted = false
    for (const message of this.#outgoing) message.begun = false
    return this.#state('CONNECTING')
  }

  #pass(what: Happening): boolean {
    const [first] = this.#outgoing
    switch (what) {
      case 'begun':
        if (!first || first.begun) return false
        first.begun = true
        return true
      case 'sent':
        return first !== undefined && this.#send(first)
      case 'accepted':
      case 'refused':
        return this.#answer(what)
      case 'mapped':
        if (this.#exchange !== 'requests') return false
        return this.#state(1001)
      case 'whole message':
        if (this.#pieces.length > 0) return false
        return this.#receive(true, true)
      case 'first piece':
        return this.#pieces.length === 0 && this.#receive(true, false)
      case 'last piece':
        return this.#pieces.length > 0 && this.#receive(false, true)
    }
    return false
  }

  #send(message: Outgoing): boolean {
    const isAnswered = this.#exchange === 'requests' && message.begun
    if (isAnswered) return false
    message.begun = true
    this.#later(() => {
      if (this.#exchange === 'messages' || this.#exchange === 'bytes') this.settles(message.id)
      this.events.sending.sent(message.id)
    })
    if (this.#exchange === 'requests') return true
    this.#outgoing.shift()
    if (this.#exchange === 'publishes') this.#unanswered.push(message.id)
    return true
  }

  #answer(what: 'accepted' | 'refused'): boolean {
    const state = what === 'accepted' ? 'QOS_ACK_REMOTE' : 'QOS_NACK_REMOTE'
    let id: number | undefined
    if (this.#exchange === 'requests') {
      if (this.#hasAnswer) return false
      this.#hasAnswer = true
      if (this.#outgoing[0]?.begun) id = this.#outgoing.shift()?.id
    } else if (this.#exchange === 'publishes') {
      id = this.#unanswered.shift()
      if (id === undefined) return false
    } else {
      return false
    }
    if (id !== undefined) this.#verdict(what, id)
    return this.#state(state)
  }

  #verdict(what: 'accepted' | 'refused', id: number): void {
    this.#later(() => {
      if (what === 'accepted') this.settles(id)
      if (what === 'accepted') this.events.sending.acknowledged(id)
      else this.events.sending.refused(id, 0)
    })
  }

  #receive(som: boolean, eom: boolean): boolean {
    const text = `${this.#received++}`
    this.#pieces.push(text)
    const isFramed = this.#exchange !== 'bytes'
    const whole = isFramed ? this.#pieces.join('') : text
    if (eom || !isFramed) this.#pieces = []
    this.#later(() => {
      if (eom || !isFramed) this.messages.push(whole)
      this.events.receiving.received(Buffer.from(text), { ...PIECE, som, eom })
    })
    return true
  }

  #disconnect(): boolean {
    if (this.#connection !== 'made') return false
    this.#connection = 'none'
    this.#isDisconnecting = false
    this.#pieces = []
    if (!this.#isDoomed) {
      const begun = this.#outgoing.filter((message) => message.begun).map(({ id }) => id)
      this.#outgoing = this.#outgoing.filter((message) => !message.begun)
      for (const id of [...this.#unanswered.splice(0), ...begun])
        this.#later(() => this.events.sending.dropped(id))
    }
    this.#later(() =>
      this.events.life.failed({
        words: 'read failed',
        number: 0,
        attempts: 1,
        endpoint: 'peer:1',
        settingsDiffer: false,
        notRepeated: false,
        closeCode: undefined,
      }),
    )
    return this.#state('DISCONNECTED')
  }

  #end(): boolean {
    this.#connection = 'over'
    this.#forget()
    return this.#state('DESTROYING')
  }

  #state(state: Parameters<StreamEventTarget['life']['state']>[0]): boolean {
    this.#later(() => {
      this.states.push(state)
      this.events.life.state(state, 0)
    })
    return true
  }

  #later(event: () => void): void {
    this.#waiting.push(event)
  }

  #forget(): void {
    this.#outgoing = []
    this.#unanswered = []
  }

  send(_bytes: Uint8Array | number, id: number): void {
    this.lastId = id
    if (!this.isOver && !this.#isDoomed) this.#outgoing.push({ id, begun: false })
  }

  cancelSend(id: number): void {
    const message = this.#outgoing.find((outgoing) => outgoing.id === id)
    if (!message) return
    if (!message.begun) this.#outgoing = this.#outgoing.filter((outgoing) => outgoing !== message)
    else if (this.#exchange === 'requests' && this.#connection !== 'none')
      this.#isDisconnecting = this.#connection !== 'failed'
  }

  connect(): void {
    this.#isWanted = true
  }

  endConnecting(): void {
    this.#isWanted = false
    if (this.#connection === 'failed') this.#connection = 'none'
    this.#isDisconnecting = this.#connection === 'attempt' || this.#connection === 'made'
  }

  listen(): void {
    this.#isWanted = true
  }

  requestTx(): void {
    this.#isWanted = true
  }

  disconnect(): void {
    this.#isWanted = false
    this.#forget()
    if (this.#connection === 'failed') this.#connection = 'none'
    this.#isDisconnecting = this.#connection === 'attempt' || this.#connection === 'made'
  }

  close(): void {
    this.#isWanted = false
    this.#isDisconnecting = this.#connection === 'made'
  }

  endSending(): void {}

  destroy(): void {
    this.#isDoomed = true
  }

  setReading(): void {}

  followPolicy(streamtype: string | undefined): void {
    if (streamtype === undefined) this.#isDoomed = true
  }

  open(): void {
    this.#state('CREATING')
  }

  provide(): void {}
  setMetadata(): void {}
  getMetadata(): undefined {}
  answerNames(): string[] {
    return []
  }
  startTimeout(): void {}
  cancelTimeout(): void {}
  serverAck(): void {}
  respond(): void {}
  endResponse(): void {}
  addPeerTxCredit(): void {}
  peerTxCredit(): number {
    return 0
  }
  rideshare(): undefined {}
  listenPort(): number {
    return 0
  }
  listenAddresses(): [] {
    return []
  }
  stopListening(): void {}
  carriesStreams(): boolean {
    return false
  }
  useIdentity(): undefined {}
  peer(): undefined {}
  peerCertificate(): undefined {}
  tls(): undefined {}
  tag(): string {
    return ''
  }
  keepAnswer(): void {}
  goodResponse(): boolean {
    return true
  }
  failure(): [string, number] {
    return ['0 1\n\n', 0]
  }
  whom(): [string, number] {
    return ['peer:1', 1]
  }
  setRef(): void {}
}
