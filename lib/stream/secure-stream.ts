import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { create, NativeFlag, type NativeStream, native } from '../addon/native.js'
import { invalidArgType, toBytes } from '../arguments.js'
import { channels } from '../channels.js'
import type { Context } from '../context/context.js'
import { destroyOnAbort } from '../context/destroy-on-abort.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { illegalConstructor } from '../errors/illegal-constructor.js'
import type { MqttSettingsError } from '../errors/mqtt-settings-error.js'
import { TimeoutError } from '../errors/timeout-error.js'
import type { UnreachableError } from '../errors/unreachable-error.js'
import { type Chunk, Inbox } from '../messages/inbox.js'
import type { Message } from '../messages/message.js'
import { handToListeners } from '../messages/message-listeners.js'
import { Outbox } from '../messages/outbox.js'
import { type Received, receivedChunks, receivedMessages } from '../messages/received.js'
import type { Streamtype } from '../policy/types.js'
import type { BlobLike } from '../requests/blob-like.js'
import { checkSend } from './check-send.js'
import { ConnectWaiters } from './connect-waiters.js'
import { connectionLostOr } from './connection-lost.js'
import { streamDuplex } from './duplex.js'
import { checkHandlers, nativeHandlers, replaceHandlers, type StreamHandlers } from './handlers.js'
import { isAnswer, LastAttempt } from './last-attempt.js'
import { LwsStream } from './lws-stream.js'
import { MessageEvents } from './message-events.js'
import type { StateName } from './state.js'
import { countFromZero, countSent } from './stream-counters.js'
import type { SendOptions, StreamOptions, StreamStats } from './stream-types.js'
import {
  answersUnread,
  canBecome,
  cannotSend,
  hasHandlers,
  messageTooLong,
  metadataPairs,
  streamTraits,
  streamtypeGone,
} from './streamtype-traits.js'
import { TransactionTimer } from './transaction-timer.js'

/**
 * A Secure Stream: what a policy calls a streamtype, open.
 *
 * Made by `context.stream()`. Without handlers it sends and receives whole messages; with handlers it
 * is the C API in JavaScript.
 *
 * Specification: "Secure Streams CLIENT State lifecycle".
 */
export class SecureStream<Name extends string = string> extends LwsStream<Name> {
  /** Counters, from the stream's creation on. */
  readonly stats: StreamStats = countFromZero()
  readonly #native: NativeStream
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #framed: boolean
  #timesTransactions: boolean
  #handlers: StreamHandlers<Name> | undefined
  #state: StateName | number = 'CREATING'
  #connected = false
  #gone: Error | undefined
  #lastAttempt: LastAttempt | undefined
  readonly #connecting = new ConnectWaiters()
  #unwatchSignal: (() => void) | undefined
  #whenForsaken: (() => void) | undefined
  #messageEvents: MessageEvents | undefined
  #transactionTimer: TransactionTimer | undefined
  // Whether who reads is all that there is to be told when there is no connection.
  #listens = false

  /** @internal */
  constructor(
    context: Context,
    nativeContext: ConstructorParameters<ReturnType<typeof native>['Stream']>[0],
    streamtype: string,
    nameForLws: string,
    definition: Streamtype,
    options: StreamOptions,
    handlers: StreamHandlers<Name> | undefined,
  ) {
    if (!(nativeContext instanceof native().Context)) throw illegalConstructor('context.stream()')
    const traits = streamTraits(definition)
    const nativeStream = new (native().Stream)(
      nativeContext,
      nameForLws,
      { ...traits, resend: definition.protocol === 'mqtt' && options.resend === true },
      metadataPairs(streamtype, definition, options.metadata),
      options.initialTxCredit,
    )
    super(streamtype, definition, nativeStream)
    this.#native = nativeStream
    this.#handlers = handlers
    this.#framed = definition.protocol !== 'raw'
    this.#timesTransactions = traits.transactional
    this.#inbox = new Inbox(this.#native, traits.transactional ? this : undefined)
    this.#outbox = new Outbox(streamtype, traits.acknowledged, this.#native)
    if (handlers) {
      const current = () => this.#handlers ?? {}
      const calls = nativeHandlers(this, this.#framed, current, (state, ordinal) => {
        if (state === 'UNREACHABLE' || state === 'DISCONNECTED')
          this.lastAttempt.failed(...this.#native.failure())
        this.#noteState(state, ordinal)
      })
      create(() => this.#native.open(calls))
    } else {
      this.#messageEvents = new MessageEvents(
        this,
        this.#native,
        this.#inbox,
        this.#outbox,
        this.#framed,
        (text) => context.warn(text),
      )
      this.#native.events = this.#messageEvents
      create(() => this.#native.open())
    }
    this.#unwatchSignal = destroyOnAbort(this, options.signal)
    ;(this as EventEmitter).on('newListener', this.#onNewListener)
    if (channels.stream.hasSubscribers) channels.stream.publish({ context, stream: this })
  }

  #onNewListener(event: string): void {
    if (event !== 'message') return
    if (this.#handlers) throw hasHandlers(this.streamtype)
    queueMicrotask(() => {
      if (this.listenerCount('message') > 0) this.#listen()
      handToListeners(this, this.#inbox)
    })
  }

  // On h1 and h2, where each message is an answer, connecting would be a request.
  #listen(): void {
    const { transactional } = streamTraits(this.definition)
    if (transactional || this.#connected || this.destroyed) return
    this.#listens = this.#outbox.size === 0 && this.#connecting.size === 0
    this.#native.listen()
  }

  /** The state reached last. */
  get state(): StateName | number {
    return this.#state
  }

  /**
   * Why the last connection ended, or the last attempt to make one failed, as far as that is known;
   * `undefined` from the next attempt on.
   */
  get lastError(): UnreachableError | DisconnectedError | MqttSettingsError | undefined {
    return this.#lastAttempt?.failure
  }

  /** @internal Made when there is something to say of it: thousands of idle streams have none. */
  get lastAttempt(): LastAttempt {
    this.#lastAttempt ??= new LastAttempt(this.streamtype, this.#native)
    return this.#lastAttempt
  }

  /**
   * Sends one message. Messages leave in the order of the calls; a connection is made when there is
   * none.
   *
   * @param data - the message; text is UTF-8
   * @param options - {@link SendOptions}
   * @returns settles when the peer acknowledged the message (h1, h2, mqtt), or when it was handed to
   *   the socket (ws, raw)
   * @throws {@link NackError}, {@link AllRetriesFailedError}, {@link MqttSettingsError},
   *   {@link TimeoutError}, {@link DisconnectedError}, {@link DestroyedError}, the signal's reason;
   *   {@link SecureStreamError} `ERR_SS_CANNOT_SEND`, `ERR_SS_HAS_HANDLERS`, `ERR_SS_TOO_LONG`,
   *   `ERR_SS_UNREAD`. Synchronously, for data and options that cannot be sent, a TypeError with code
   *   `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, and {@link SecureStreamError}
   *   `ERR_SS_UNKNOWN_METADATA`
   */
  send(data: string | Uint8Array, options: SendOptions = {}): Promise<void> {
    const bytes = toBytes('data', data)
    const metadata = checkSend(this.streamtype, this.definition, data, options)
    return this.#send(bytes, bytes.byteLength, options, metadata)
  }

  /** @internal Sends a blob, read as it leaves, as the only message of this stream. */
  sendBlob(blob: BlobLike, options: SendOptions = {}): Promise<void> {
    if (this.#messageEvents) this.#messageEvents.blob = blob
    return this.#send(blob.size, blob.size, options)
  }

  /** @internal Of a stream without handlers. */
  get messageEvents(): MessageEvents | undefined {
    return this.#messageEvents
  }

  #send(
    data: Uint8Array | number,
    length: number,
    { signal, binary }: SendOptions,
    metadata?: (string | Uint8Array)[],
  ): Promise<void> {
    if (this.destroyed) return Promise.reject(this.destroyedError())
    const refusal = this.#handlers
      ? hasHandlers(this.streamtype)
      : (cannotSend(this.streamtype, this.definition) ??
        messageTooLong(this.streamtype, this.definition, length))
    if (refusal) return Promise.reject(refusal)
    if (this.#inbox.isUnread) return Promise.reject(answersUnread(this.streamtype))
    if (signal?.aborted) return Promise.reject(signal.reason)

    const { id, promise } = this.#outbox.add(signal)
    this.#native.send(data, id, metadata, binary)
    countSent(this.stats, this.#framed, length, NativeFlag.Eom)
    if (channels.message.hasSubscribers)
      channels.message.publish({ stream: this, direction: 'sent', bytes: length })
    return promise
  }

  /**
   * Whole messages of up to 512 MiB, as they arrive; ends when the stream is destroyed. On `ws`, `mqtt`
   * and `raw`, reading connects when nothing else has, and throws {@link AllRetriesFailedError} when
   * that cannot be done.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, void, void> {
    if (this.#handlers) throw hasHandlers(this.streamtype)
    return receivedMessages(this.#inbox, () => this.#listen())
  }

  /** The pieces of messages, as they arrive; otherwise as iterating over the stream. */
  chunks(): AsyncIterableIterator<Chunk, void, void> {
    return this.receivedChunks()
  }

  /** @internal */
  receivedChunks(): Received<Chunk> {
    if (this.#handlers) throw hasHandlers(this.streamtype)
    return receivedChunks(this.#inbox, () => this.#listen())
  }

  /**
   * A Node stream: each write is sent as a message, and what arrives is read in pieces. Destroying
   * either destroys the other. On raw it ends with the connection.
   */
  duplex(): Duplex {
    return streamDuplex(this, !this.#framed)
  }

  /**
   * Connects now, without regard to earlier failures. On h1 and h2 that is a transaction without a
   * body.
   *
   * @returns settles when connected; a rejection that nobody waits for is not an unhandled one, since
   *   the states tell the same
   * @throws {@link AllRetriesFailedError}, {@link MqttSettingsError}, {@link TimeoutError},
   *   {@link DisconnectedError}, {@link DestroyedError}
   */
  connect(): Promise<void> {
    if (this.#connected && !this.destroyed) return Promise.resolve()
    const connected = this.#connecting.add()
    if (this.destroyed) this.#connecting.reject(this.destroyedError())
    else this.#native.connect()
    return connected
  }

  /**
   * Replaces handlers: `lws_ss_change_handlers()`. Those not named, or undefined, stay. Specification:
   * "HTTP and ws serving".
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE` for what is no function, and on a stream that was made
   *   without handlers
   */
  changeHandlers(handlers: StreamHandlers<Name>): void {
    if (!this.#handlers)
      throw invalidArgType('handlers', 'used on a stream that was made with handlers', handlers)
    checkHandlers('handlers', handlers)
    this.#handlers = replaceHandlers(this.#handlers, handlers)
  }

  /** Closes the connection, or gives up making one. A `nailed_up` stream connects again at once. */
  disconnect(): void {
    if (this.destroyed) return
    this.#disconnect(new DisconnectedError(this.streamtype, 'by disconnect()'))
  }

  #disconnect(reason: Error): void {
    this.#connected = false
    this.#outbox.rejectAll(reason)
    this.#connecting.reject(reason)
    this.#native.disconnect()
  }

  /** @internal The policy has changed: `definition` counts from the next connection on. */
  followPolicy(definition: Streamtype | undefined, nameForLws: string): void {
    if (this.destroyed) return
    if (!definition || !canBecome(this.definition, definition)) {
      this.#gone = streamtypeGone(this.streamtype, definition !== undefined)
      this.#native.followPolicy(undefined, false)
      return
    }
    this.#gone = undefined
    this.definition = definition
    this.#native.followPolicy(nameForLws, streamTraits(definition).canSend)
  }

  /** @internal Settles when nothing that was given to send() is on its way any more, or stuck. */
  async drained(): Promise<void> {
    const { transactional } = streamTraits(this.definition)
    if (this.#outbox.size > 0) await connectionLostOr(this.#outbox.drained(), this, transactional)
  }

  /** @internal Settles when the stream is over, or more has come than waits for nobody. */
  closedOrForsaken(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenForsaken = resolve
      this.whenOver(resolve)
    })
  }

  /** @internal More has come than waits for nobody, so that no answer can end any more. */
  unread(): void {
    this.#whenForsaken?.()
    if (this.#whenForsaken || this.#outbox.size === 0) return
    this.#disconnect(answersUnread(this.streamtype))
    this.#inbox.dropPartialMessage()
  }

  /** @internal A message goes on for longer than one may. */
  refuseMessage(): void {
    const detail = 'by a message of more than 512 MiB; chunks() takes such a one in pieces'
    this.lastAttempt.failure = new DisconnectedError(this.streamtype, detail)
    this.#native.disconnect()
  }

  /** @internal */
  stateReached(state: StateName | number, ordinal: number): void {
    switch (state) {
      case 'DISCONNECTED':
      case 'CONNECTING':
        this.#inbox.dropPartialMessage()
        if (state === 'CONNECTING') this.#timeTransaction()
        break
      case 'UNREACHABLE':
        if (!this.lastAttempt.failure) this.lastAttempt.failed('closed before established', 0)
        break
      case 'TIMEOUT':
        if (this.#outbox.size > 0) this.#disconnect(new TimeoutError(this.streamtype))
        break
    }
    this.#noteState(state, ordinal)
  }

  // With handlers, and without transactions, the program starts its timers itself.
  #timeTransaction(): void {
    const { timeout_ms } = this.definition
    if (!timeout_ms || !this.#timesTransactions) return
    if (this.#outbox.size === 0 && this.#connecting.size === 0) return
    this.#transactionTimer ??= new TransactionTimer()
    this.#transactionTimer.begin(this.#outbox.first, timeout_ms, (message) => {
      const reason = new TimeoutError(this.streamtype)
      if (message !== undefined) this.#outbox.giveUp(message, reason)
      else if (this.#connecting.size > 0) this.#disconnect(reason)
    })
  }

  /** @internal The policy's `timeout_ms` is none for this stream: who uses it has a limit of its own. */
  ignoreTimeLimit(): void {
    this.#timesTransactions = false
  }

  #noteState(state: StateName | number, ordinal: number): void {
    this.#state = state
    if (this.#lastAttempt || isAnswer(state)) this.lastAttempt.reached(state)
    if (state === 'CONNECTED') {
      this.#connected = true
      this.#listens = false
      this.stats.connections++
      this.#connecting.resolve()
      if (this.#outbox.size === 0) this.#transactionTimer?.stop()
    } else if (state === 'DISCONNECTED' || state === 'CONNECTING' || state === 'UNREACHABLE') {
      this.#connected = false
    }
    if (state === 'ALL_RETRIES_FAILED') {
      const reason = this.lastAttempt.gaveUp()
      this.#outbox.rejectAll(reason)
      this.#connecting.reject(reason)
      if (this.#listens) this.#inbox.rejectWaiting(reason)
      this.#listens = false
    }
    if (state === 'DESTROYING') this.#onDestroyed()
    if (channels.state.hasSubscribers) channels.state.publish({ stream: this, state, ordinal })
    this.emit('state', state, ordinal)
  }

  #onDestroyed(): void {
    this.noteDestroyed(this.#gone)
    this.#connected = false
    // To make an error takes longer than all the rest of this.
    if (this.#outbox.size > 0 || this.#connecting.size > 0) {
      const reason = this.destroyedError()
      this.#outbox.rejectAll(reason)
      this.#connecting.reject(reason)
    }
    this.#inbox.dropPartialMessage()
    this.#inbox.end(this.endReason)
    this.#transactionTimer?.stop()
    this.#unwatchSignal?.()
    this.end()
  }
}
