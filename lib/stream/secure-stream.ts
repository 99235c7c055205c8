import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { create, NativeFlag, type NativeStream, native } from '../addon/native.js'
import { checkInteger, checkObject, checkSignal, invalidArgType, toBytes } from '../arguments.js'
import { channels } from '../channels.js'
import type { Context } from '../context/context.js'
import { destroyOnAbort } from '../context/destroy-on-abort.js'
import { DestroyedError } from '../errors/destroyed-error.js'
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
import { ConnectWaiters } from './connect-waiters.js'
import { connectionLostOr } from './connection-lost.js'
import { streamDuplex } from './duplex.js'
import { EndingEmitter } from './ending-emitter.js'
import { checkHandlers, nativeHandlers, replaceHandlers, type StreamHandlers } from './handlers.js'
import { isAnswer, LastAttempt } from './last-attempt.js'
import { MessageEvents } from './message-events.js'
import { metadataValues } from './metadata-values.js'
import type { StateName } from './state.js'
import { countFromZero, countSent } from './stream-counters.js'
import type { StreamOptions, StreamStats } from './stream-types.js'
import {
  answersUnread,
  canBecome,
  cannotSend,
  checkMetadataName,
  hasHandlers,
  metadataBytes,
  metadataNames,
  metadataPairs,
  streamTraits,
  streamtypeGone,
} from './streamtype-traits.js'

/**
 * A Secure Stream: what a policy calls a streamtype, open.
 *
 * Made by `context.stream()`. Without handlers it sends and receives whole messages; with handlers it
 * is the C API in JavaScript.
 *
 * Specification: "Secure Streams CLIENT State lifecycle".
 */
export class SecureStream<Name extends string = string>
  extends EndingEmitter
  implements AsyncDisposable
{
  /** The streamtype's name in the policy. */
  readonly streamtype: string
  /** Counters, from the stream's creation on. */
  readonly stats: StreamStats = countFromZero()
  readonly #native: NativeStream
  #definition: Streamtype
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #framed: boolean
  #handlers: StreamHandlers<Name> | undefined
  #state: StateName | number = 'CREATING'
  #connected = false
  #destroyed = false
  #destroyError: Error | undefined
  #aborted: { reason: unknown } | undefined
  #gone: Error | undefined
  #lastAttempt: LastAttempt | undefined
  readonly #connecting = new ConnectWaiters()
  #unwatchSignal: (() => void) | undefined
  #whenForsaken: (() => void) | undefined
  #messageEvents: MessageEvents | undefined

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
    super()
    if (!(nativeContext instanceof native().Context)) throw illegalConstructor('context.stream()')
    const traits = streamTraits(definition)
    this.streamtype = streamtype
    this.#definition = definition
    this.#handlers = handlers
    this.#framed = definition.protocol !== 'raw'
    this.#native = new (native().Stream)(
      nativeContext,
      nameForLws,
      { ...traits, resend: options.resend ?? false },
      metadataPairs(streamtype, definition, options.metadata),
      options.initialTxCredit,
    )
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
      const warn = (text: string) => context.warn(text)
      const events = new MessageEvents(
        this,
        this.#native,
        this.#inbox,
        this.#outbox,
        this.#framed,
        warn,
      )
      this.#messageEvents = this.#native.events = events
      create(() => this.#native.open())
    }
    this.#unwatchSignal = destroyOnAbort(this, options.signal)
    ;(this as EventEmitter).on('newListener', this.#onNewListener)
    if (channels.stream.hasSubscribers) channels.stream.publish({ context, stream: this })
  }

  #onNewListener(event: string): void {
    if (event !== 'message') return
    if (this.#handlers) throw hasHandlers(this.streamtype)
    queueMicrotask(() => handToListeners(this, this.#inbox))
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

  /** Whether the stream is destroyed. */
  get destroyed(): boolean {
    return this.#destroyed
  }

  /** The tag that libwebsockets' log lines name this stream by. */
  get tag(): string {
    return this.#native.tag()
  }

  /** The streamtype that payload is sent as, in a group that shares a ride. Specification: `rideshare`. */
  get rideshare(): string | undefined {
    return this.#native.rideshare()
  }

  /** How many bytes the peer is believed to accept at present, on protocols that say so (h2). */
  get peerTxCredit(): number {
    return this.#native.peerTxCredit()
  }

  /**
   * The values that the streamtype's metadata have at present, as text; with `direct_proto_str`, the
   * headers of the response as well. Specification: `metadata`, `direct_proto_str`.
   */
  get metadata(): Readonly<Record<string, string>> {
    const { direct_proto_str: headers = false } = this.#definition
    return metadataValues(this.#native, metadataNames(this.#definition), headers)
  }

  /**
   * Sends one message. Messages leave in the order of the calls; a connection is made when there is
   * none.
   *
   * @param data - the message; text is UTF-8
   * @param options - `signal`: gives up waiting, and sending when that has not begun
   * @returns settles when the peer acknowledged the message (h1, h2, mqtt), or when it was handed to
   *   the socket (ws, raw)
   * @throws {@link NackError}, {@link AllRetriesFailedError}, {@link TimeoutError},
   *   {@link DisconnectedError}, {@link DestroyedError}, the signal's reason; a `TypeError` with code
   *   `ERR_INVALID_ARG_TYPE`, synchronously, for other data
   */
  send(data: string | Uint8Array, options: { signal?: AbortSignal } = {}): Promise<void> {
    const bytes = toBytes('data', data)
    checkObject('options', options)
    checkSignal('options.signal', options.signal)
    return this.#send(bytes, bytes.byteLength, options.signal)
  }

  /** @internal Sends a blob, read as it leaves, as the only message of this stream. */
  sendBlob(blob: BlobLike): Promise<void> {
    if (this.#messageEvents) this.#messageEvents.blob = blob
    return this.#send(blob.size, blob.size)
  }

  /** @internal Of a stream without handlers. */
  get messageEvents(): MessageEvents | undefined {
    return this.#messageEvents
  }

  #send(data: Uint8Array | number, length: number, signal?: AbortSignal): Promise<void> {
    if (this.#destroyed) return Promise.reject(this.destroyedError())
    const refusal = this.#handlers
      ? hasHandlers(this.streamtype)
      : cannotSend(this.streamtype, this.#definition)
    if (refusal) return Promise.reject(refusal)
    if (this.#inbox.isUnread) return Promise.reject(answersUnread(this.streamtype))
    if (signal?.aborted) return Promise.reject(signal.reason)

    const { id, promise } = this.#outbox.add(signal)
    this.#native.send(data, id)
    countSent(this.stats, this.#framed, length, NativeFlag.Eom)
    if (channels.message.hasSubscribers)
      channels.message.publish({ stream: this, direction: 'sent', bytes: length })
    return promise
  }

  /** Whole messages of up to 512 MiB, as they arrive; ends when the stream is destroyed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, void, void> {
    if (this.#handlers) throw hasHandlers(this.streamtype)
    return receivedMessages(this.#inbox)
  }

  /** The pieces of messages, as they arrive; ends when the stream is destroyed. */
  chunks(): AsyncIterableIterator<Chunk, void, void> {
    return this.receivedChunks()
  }

  /** @internal */
  receivedChunks(): Received<Chunk> {
    if (this.#handlers) throw hasHandlers(this.streamtype)
    return receivedChunks(this.#inbox)
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
   * @throws {@link AllRetriesFailedError}, {@link TimeoutError}, {@link DisconnectedError},
   *   {@link DestroyedError}
   */
  connect(): Promise<void> {
    if (this.#connected && !this.#destroyed) return Promise.resolve()
    const connected = this.#connecting.add()
    if (this.#destroyed) this.#connecting.reject(this.destroyedError())
    else this.#native.connect()
    return connected
  }

  /**
   * Asks for the tx handler to be called, connecting if needed: `lws_ss_request_tx()`.
   *
   * @param length - the length in bytes of the whole message that will be sent:
   *   `lws_ss_request_tx_len()`
   * @throws TypeError, RangeError for another length
   */
  requestTx(length?: number): void {
    if (length !== undefined) checkInteger('length', length, 0, 0xffffffff)
    this.#native.requestTx(length)
  }

  /**
   * Sets the value of a piece of the streamtype's metadata, for the next transaction. Specification:
   * `metadata`.
   *
   * @param value - text is UTF-8
   * @throws {@link SecureStreamError} `ERR_SS_UNKNOWN_METADATA` when the policy does not declare it;
   *   TypeError for another value, and for one that would break the request that it goes into
   */
  setMetadata(name: Name, value: string | Uint8Array): void {
    this.#native.setMetadata(
      checkMetadataName(this.streamtype, this.#definition, name),
      metadataBytes('value', this.#definition, name, value),
    )
  }

  /**
   * The value of a piece of metadata, `undefined` when it has none.
   *
   * @param encoding - `'buffer'` for the bytes. Default: `'utf8'`
   * @throws {@link SecureStreamError} `ERR_SS_UNKNOWN_METADATA` when the policy does not declare it
   */
  getMetadata(name: Name, encoding?: BufferEncoding): string | undefined
  getMetadata(name: Name, encoding: 'buffer'): Buffer | undefined
  getMetadata(name: Name, encoding: BufferEncoding | 'buffer' = 'utf8') {
    const value = this.#native.getMetadata(
      checkMetadataName(this.streamtype, this.#definition, name),
    )
    return encoding === 'buffer' ? value : value?.toString(encoding)
  }

  /**
   * Makes the state `TIMEOUT` happen, unless the connection or the transaction ends before.
   * Specification: `timeout_ms`.
   *
   * @param ms - milliseconds. Default, and 0: the policy's `timeout_ms`; without that nothing
   *   happens
   * @throws TypeError, RangeError for another time
   */
  startTimeout(ms = 0): void {
    checkInteger('ms', ms, 0, 0xffffffff)
    this.#native.startTimeout(ms)
  }

  /** Undoes {@link startTimeout}. */
  cancelTimeout(): void {
    this.#native.cancelTimeout()
  }

  /**
   * Answers a transaction as a server: `lws_ss_server_ack()`. Specification: "Secure Streams SERVER
   * State lifecycle".
   *
   * @param nack - 0 accepts; otherwise the HTTP status to refuse with, up to 999. Default: 0
   * @throws TypeError, RangeError for another status
   */
  serverAck(nack = 0): void {
    checkInteger('nack', nack, 0, 999)
    this.#native.serverAck(nack)
  }

  /**
   * Lets the peer send more, on protocols with such credit (h2): `lws_ss_add_peer_tx_credit()`.
   *
   * @param bytes - how much more; what would be beyond 2,147,483,647 in all is left out
   * @throws TypeError, RangeError for another number
   */
  addPeerTxCredit(bytes: number): void {
    checkInteger('bytes', bytes, 0, 0x7fffffff)
    this.#native.addPeerTxCredit(bytes)
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
    if (this.#destroyed) return
    this.#disconnect(new DisconnectedError(this.streamtype, 'by disconnect()'))
  }

  #disconnect(reason: Error): void {
    this.#connected = false
    this.#outbox.rejectAll(reason)
    this.#connecting.reject(reason)
    this.#native.disconnect()
  }

  /** Destroys the stream; safe at any time, inside handlers too. What is pending rejects. */
  destroy(error?: Error): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#destroyError = error ?? undefined
    this.#native.destroy()
  }

  /** @internal {@link destroy}, and what is pending rejects with `reason` itself, whatever that is. */
  abort(reason: unknown): void {
    if (this.#destroyed) return
    this.#aborted = { reason }
    this.destroy()
  }

  /** Lets the process go on running while the stream is open, which is the default. */
  ref(): this {
    this.#native.setRef(true)
    return this
  }

  /** Lets the process end although the stream is open. */
  unref(): this {
    this.#native.setRef(false)
    return this
  }

  /** {@link destroy}, at the end of an `await using` block; settles when the stream is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.destroy()
    await this.closed()
  }

  /** @internal The policy has changed: `definition` counts from the next connection on. */
  followPolicy(definition: Streamtype | undefined, nameForLws: string): void {
    if (this.#destroyed) return
    if (!definition || !canBecome(this.#definition, definition)) {
      this.#gone = streamtypeGone(this.streamtype, definition !== undefined)
      this.#native.followPolicy(undefined, false)
      return
    }
    this.#gone = undefined
    this.#definition = definition
    this.#native.followPolicy(nameForLws, streamTraits(definition).canSend)
  }

  /** @internal Settles when nothing that was given to send() is on its way any more, or stuck. */
  async drained(): Promise<void> {
    const { transactional } = streamTraits(this.#definition)
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

  #noteState(state: StateName | number, ordinal: number): void {
    this.#state = state
    if (this.#lastAttempt || isAnswer(state)) this.lastAttempt.reached(state)
    if (state === 'CONNECTED') {
      this.#connected = true
      this.stats.connections++
      this.#connecting.resolve()
    } else if (state === 'DISCONNECTED' || state === 'CONNECTING' || state === 'UNREACHABLE') {
      this.#connected = false
    }
    if (state === 'ALL_RETRIES_FAILED') {
      const reason = this.lastAttempt.gaveUp()
      this.#outbox.rejectAll(reason)
      this.#connecting.reject(reason)
    }
    if (state === 'DESTROYING') this.#onDestroyed()
    if (channels.state.hasSubscribers) channels.state.publish({ stream: this, state, ordinal })
    this.emit('state', state, ordinal)
  }

  #onDestroyed(): void {
    if (!this.#destroyed) this.#destroyError = this.#gone
    this.#destroyed = true
    this.#connected = false
    // To make an error takes longer than all the rest of this.
    if (this.#outbox.size > 0 || this.#connecting.size > 0) {
      const reason = this.destroyedError()
      this.#outbox.rejectAll(reason)
      this.#connecting.reject(reason)
    }
    this.#inbox.dropPartialMessage()
    const cause = this.#destroyError
    this.#inbox.end(this.#aborted ?? (cause && { reason: cause }))
    this.#unwatchSignal?.()
    this.end()
  }

  /** @internal What a promise rejects with when the stream is destroyed before it settles. */
  destroyedError(): unknown {
    if (this.#aborted) return this.#aborted.reason
    return new DestroyedError(`'${this.streamtype}'`, this.#destroyError)
  }
}
