/** The life of a stream: its states, those who wait for what it comes to, and its end. */
import type { EventEmitter } from 'node:events'
import type { NativeStream } from '../addon/native.js'
import type { Failure, LifeTarget } from '../addon/targets.js'
import { channels } from '../channels.js'
import { DestroyedError } from '../errors/destroyed-error.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { TimeoutError } from '../errors/timeout-error.js'
import { AnswerHead, headersOf } from '../messages/answer-head.js'
import { Inbox } from '../messages/inbox.js'
import { Outbox } from '../messages/outbox.js'
import type { StateName } from '../state.js'
import type { Kind } from '../streamtypes/kind.js'
import { ConnectWaiters } from './connect-waiters.js'
import { isAnswer, LastAttempt } from './last-attempt.js'
import { LifeReports } from './life-reports.js'
import {
  answersUnread,
  cannotConnect,
  disconnectedBy,
  endedByClient,
  streamtypeGone,
} from './refusals.js'
import { countFromZero } from './stream-counters.js'
import type { Retry, StreamEvents, StreamStats } from './stream-types.js'
import type { StreamLog } from './stream-wiring.js'
import { TransactionTimer } from './transaction-timer.js'

// How long somebody who reads may take to answer a peer that sends no more.
const PATIENCE_WITH_READERS = 60_000

/** Goes from one state to the next as the addon tells, and settles what waits. */
export class StreamLife implements LifeTarget {
  /** The promises of messages on their way out. */
  readonly outbox: Outbox
  /** What has arrived, and the promises of those who wait for more. */
  readonly inbox: Inbox
  readonly stats: StreamStats = countFromZero()
  /** Whether the program has the payload in handlers, so that there are no messages. */
  readonly hasHandlers: boolean
  /** Is told when the program ends the connection, or the attempt to make one. */
  onDisconnect: ((reason: Error) => void) | undefined
  readonly #native: NativeStream
  readonly #stream: EventEmitter<StreamEvents>
  readonly #reports: LifeReports
  readonly #connecting = new ConnectWaiters()
  #kind: Kind
  #state: StateName | number = 'CREATING'
  #connected = false
  // Whether the connection is only wanted by somebody who reads, and who is then told if there is none.
  #isOnlyListening = false
  #attempt: LastAttempt | undefined
  #timesTransactions: boolean
  #timer: TransactionTimer | undefined
  #streamtypeGone: Error | undefined
  #destroyed = false
  #destroyError: Error | undefined
  #aborted: { reason: unknown } | undefined
  #over = false
  // Made for the first callback, to save memory: there may be thousands of streams.
  #whenOver: (() => void)[] | undefined
  #whenLost: (() => void)[] = []
  #closing: Promise<void> | undefined
  #whenDisconnected: (() => void) | undefined
  #hasEndedSending = false
  #whenUnread: (() => void) | undefined

  constructor(
    native: NativeStream,
    kind: Kind,
    stream: EventEmitter<StreamEvents>,
    log: StreamLog,
    hasHandlers: boolean,
  ) {
    this.#native = native
    this.#kind = kind
    this.#stream = stream
    this.#reports = new LifeReports(stream, native, log)
    this.hasHandlers = hasHandlers
    // With handlers, and without transactions, the program starts its timers itself.
    this.#timesTransactions = kind.isTransactional && !hasHandlers
    this.outbox = new Outbox(kind.acknowledged, native, (when) => this.attempt.lost(when))
    this.inbox = new Inbox(native, kind.exchange === 'requests' ? this : undefined)
  }

  /** What the policy says of the stream. */
  get kind(): Kind {
    return this.#kind
  }

  /** The state reached last. */
  get current(): StateName | number {
    return this.#state
  }

  /** Made when there is something to say of it: thousands of idle streams have none. */
  get attempt(): LastAttempt {
    this.#attempt ??= new LastAttempt(this.#kind.name, this.#native)
    return this.#attempt
  }

  /** Why there is no connection, if that is known. */
  get lastError(): LastAttempt['failure'] {
    return this.#attempt?.failure
  }

  /** Whether the transaction on the connection, or the last one, has its answer. */
  get isAnswered(): boolean {
    return this.#attempt?.answered ?? false
  }

  /** What the answer says besides its payload, once it has begun. */
  get head(): AnswerHead | undefined {
    return this.#attempt?.head
  }

  /** Settles when there is a connection. */
  connect(): Promise<void> {
    if (this.#connected && !this.#destroyed) return Promise.resolve()
    const connected = this.#connecting.add()
    this.traceConnect(false)
    if (this.#destroyed) this.#connecting.reject(this.destroyedError())
    else if (!this.#kind.connects) this.#connecting.reject(cannotConnect(this.#kind.name))
    else this.#native.connect()
    return connected
  }

  /** Somebody wants to read, so connects. Not on h1 and h2, where that would be a request. */
  listen(): void {
    if (!this.#kind.connects || this.#kind.isTransactional) return
    if (this.#connected || this.#destroyed) return
    this.traceConnect()
    this.#isOnlyListening = this.outbox.size === 0 && this.#connecting.size === 0
    this.#native.listen()
  }

  /** Something is about to be done that takes a connection. */
  traceConnect(isMessage = this.#kind.isTransactional): void {
    if (!this.#connected && !this.#destroyed) this.#reports.connecting(this, isMessage)
  }

  /** What is pending rejects with `reason`. */
  disconnect(reason: Error): void {
    if (this.#destroyed) return
    this.#connected = false
    this.outbox.rejectAll(reason)
    this.#connecting.reject(reason)
    this.#reports.failed(reason)
    this.#native.disconnect()
    this.onDisconnect?.(reason)
  }

  /** Whether nothing more may be sent on the connection that there is. */
  get isEnding(): boolean {
    return this.#closing !== undefined || this.#hasEndedSending
  }

  /** Ends the connection when what was sent has left, and settles when it is over. */
  close(code: number, reason: Uint8Array): Promise<void> {
    this.#closing ??= this.#close(code, reason).finally(() => {
      this.#closing = undefined
    })
    return this.#closing
  }

  async #close(code: number, reason: Uint8Array): Promise<void> {
    await this.drained()
    if (this.#destroyed) await this.closed()
    else if (this.#connected) {
      const disconnected = new Promise<void>((resolve) => {
        this.#whenDisconnected = resolve
      })
      this.#native.close(code, reason)
      await disconnected
    } else this.disconnect(disconnectedBy(this.#kind.name, 'close()'))
  }

  /** On raw: the peer is told that nothing more is sent, and goes on to be read. */
  endSending(): void {
    if (this.#destroyed) return
    this.#hasEndedSending = true
    this.#native.endSending()
  }

  /** Ends the connection, which is a failure of the stream's. */
  breakOff(failure: DisconnectedError): void {
    this.attempt.failure = failure
    this.#native.disconnect()
  }

  /** The policy has changed: `kind`, if there is one, counts from the next connection on. */
  followPolicy(kind: Kind | undefined): void {
    if (this.#destroyed) return
    if (!kind || !this.#kind.canBecome(kind)) {
      this.#streamtypeGone = streamtypeGone(this.#kind.name, kind !== undefined)
      this.#native.followPolicy()
      return
    }
    this.#streamtypeGone = undefined
    this.#kind = kind
    this.#native.followPolicy(kind.lwsName, kind)
  }

  /** The connection has been upgraded to another protocol. */
  upgrade(kind: Kind): void {
    this.#kind = kind
  }

  /** Has the policy's `timeout_ms` not count for this stream, whose user has a limit of its own. */
  ignoreTimeLimit(): void {
    this.#timesTransactions = false
  }

  get destroyed(): boolean {
    return this.#destroyed
  }

  destroy(error?: Error): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#destroyError = error ?? undefined
    this.#native.destroy()
  }

  /** {@link destroy}, and what is pending rejects with `reason` itself, whatever that is. */
  abort(reason: unknown): void {
    if (this.#destroyed) return
    this.#aborted = { reason }
    this.destroy()
  }

  /** What a promise rejects with that did not settle within `limit` milliseconds. */
  timedOut(limit?: number): TimeoutError {
    const { circumstances, failure } = this.attempt
    return new TimeoutError({ ...circumstances, cause: failure?.cause }, limit)
  }

  /** What a promise rejects with when the stream is destroyed before it settles. */
  destroyedError(): unknown {
    if (this.#aborted) return this.#aborted.reason
    return new DestroyedError(`'${this.#kind.name}'`, this.#destroyError)
  }

  /** Whether the stream is destroyed, and `error` is what promises reject with for that. */
  isEnd(error: unknown): boolean {
    if (!this.#destroyed) return false
    if (this.#aborted && error === this.#aborted.reason) return true
    return error instanceof DisconnectedError || error instanceof DestroyedError
  }

  /** Calls `callback` when the stream is over. */
  whenOver(callback: () => void): void {
    if (this.#over) callback()
    else if (this.#whenOver) this.#whenOver.push(callback)
    else this.#whenOver = [callback]
  }

  /** Settles when the stream is over. */
  closed(): Promise<void> {
    return new Promise((resolve) => this.whenOver(resolve))
  }

  /** Settles when the stream is over, or nobody reads and no more is received. */
  closedOrUnread(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenUnread = resolve
      this.whenOver(resolve)
    })
  }

  /** Settles when nothing that was given to send() is on its way any more, or without a connection. */
  async drained(): Promise<void> {
    if (this.outbox.size === 0 || this.#state === 'UNREACHABLE') return
    const lost = new Promise<void>((resolve) => {
      this.#whenLost.push(resolve)
    })
    await Promise.race([this.outbox.drained(), lost])
  }

  /** The peer sends no more: it is disconnected when it has been answered. */
  async peerEnded(): Promise<void> {
    this.inbox.end()
    do {
      await this.inbox.left(PATIENCE_WITH_READERS)
      await this.outbox.drained()
      // Who has read all may go on to send.
      await new Promise(setImmediate)
    } while (this.outbox.size > 0)
    if (!this.#destroyed) this.#native.disconnect()
  }

  /** Nobody reads, and the inbox is so full that no more is read: no answer can come to its end. */
  unread(): void {
    this.#whenUnread?.()
    if (this.#whenUnread || this.outbox.size === 0) return
    this.disconnect(answersUnread(this.#kind.name))
    this.inbox.dropPartialMessage()
  }

  failed(failure: Failure): void {
    this.attempt.failed(failure)
  }

  retries(attempt: number, delay: number): void {
    const reason = this.lastError ?? this.attempt.lost('without saying why')
    const retry: Retry = { attempt, delay, reason }
    this.#reports.retries(this, delay)
    if (channels.retry.hasSubscribers) channels.retry.publish({ stream: this.#stream, ...retry })
    this.#stream.emit('retry', retry)
  }

  answerBegins(head: string, status: number): void {
    this.attempt.head = new AnswerHead(status, head)
  }

  answerTrails(fields: string): void {
    if (this.head) this.head.trailers = headersOf(fields)
  }

  state(state: StateName | number, ordinal: number): void {
    this.#state = state
    if (this.#attempt || isAnswer(state)) this.attempt.reached(state)
    switch (state) {
      case 'CONNECTING':
        this.#connected = false
        this.inbox.dropPartialMessage()
        this.#timeTransaction()
        this.traceConnect()
        this.#reports.attempted()
        break
      case 'CONNECTED':
        this.#onConnected()
        break
      case 'DISCONNECTED':
        this.#connected = false
        this.inbox.dropPartialMessage()
        // After its answer, a transaction has ended, and no connection was lost.
        if (!this.#kind.isTransactional || !this.isAnswered) this.#onLost()
        this.#whenDisconnected?.()
        this.#hasEndedSending = false
        break
      case 'UNREACHABLE':
        this.#connected = false
        this.attempt.failedWithoutReason()
        this.#onLost()
        break
      case 'TIMEOUT':
        if (this.outbox.size > 0) this.disconnect(this.timedOut())
        break
      case 'ALL_RETRIES_FAILED':
        this.#onGivenUp()
        break
      case 'DESTROYING':
        this.#onDestroyed()
        break
    }
    const stream = this.#stream
    this.#reports.state(this, state)
    if (channels.state.hasSubscribers) channels.state.publish({ stream, state, ordinal })
    stream.emit('state', state, ordinal)
  }

  #onConnected(): void {
    this.#connected = true
    this.#isOnlyListening = false
    this.stats.connections++
    this.#reports.connected()
    this.#connecting.resolve()
    if (this.outbox.size === 0) this.#timer?.stop()
  }

  #onLost(): void {
    const lost = this.#whenLost
    this.#whenLost = []
    for (const resolve of lost) resolve()
  }

  #onGivenUp(): void {
    const reason = this.attempt.gaveUp()
    this.outbox.rejectAll(reason)
    this.#connecting.reject(reason)
    this.#reports.failed(reason)
    if (this.#isOnlyListening) this.inbox.rejectWaiting(reason)
    this.#isOnlyListening = false
  }

  #onDestroyed(): void {
    // The program has not destroyed it: its streamtype is gone, or libwebsockets has ended it.
    const byItself = !this.#destroyed
    if (byItself) this.#destroyError = this.#streamtypeGone
    this.#destroyed = true
    this.#connected = false
    // Making an error takes longer than everything else here, so one is made only if it is needed.
    if (this.outbox.size > 0 || this.#connecting.size > 0) {
      const reason =
        byItself && !this.#kind.connects ? endedByClient(this.#kind.name) : this.destroyedError()
      this.outbox.rejectAll(reason)
      this.#connecting.reject(reason)
    }
    if (this.#reports.isConnecting) this.#reports.failed(this.destroyedError())
    this.inbox.dropPartialMessage()
    this.inbox.end(this.#aborted ?? this.#whyEnded())
    this.#timer?.stop()
    this.#over = true
    this.#whenDisconnected?.()
    for (const callback of this.#whenOver ?? []) callback()
    this.#whenOver = undefined
  }

  #whyEnded(): { reason: unknown } | undefined {
    if (this.#destroyError) return { reason: this.#destroyError }
    // Who reads a part of an answer would take it for the whole.
    const { head } = this
    return head && !head.complete && !this.isAnswered
      ? { reason: this.destroyedError() }
      : undefined
  }

  #timeTransaction(): void {
    const { timeLimit } = this.#kind
    if (!timeLimit || !this.#timesTransactions) return
    if (this.outbox.size === 0 && this.#connecting.size === 0) return
    this.#timer ??= new TransactionTimer()
    this.#timer.begin(this.outbox.first, timeLimit, (message) => this.#outOfTime(message))
  }

  /** A transaction was that of `message`, or of connect() alone; who waits for it gives up, others go on. */
  #outOfTime(message: number | undefined): void {
    if (message !== undefined && message !== this.outbox.first) return
    const reason = this.timedOut(this.#kind.timeLimit)
    if (message !== undefined) this.outbox.giveUp(message, reason)
    if (this.#connecting.size === 0) return
    this.#connecting.reject(reason)
    this.#reports.failed(reason)
    this.#native.endConnecting()
  }
}
