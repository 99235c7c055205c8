/** The stream that programs have: its public face. */
import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { invalidArgType } from '../arguments.js'
import type { DisconnectedError } from '../errors/disconnected-error.js'
import { illegalConstructor } from '../errors/illegal-constructor.js'
import type { MqttSettingsError } from '../errors/mqtt-settings-error.js'
import type { UnreachableError } from '../errors/unreachable-error.js'
import type { Chunk } from '../messages/inbox.js'
import type { Message } from '../messages/message.js'
import type { Sendable } from '../messages/source-of.js'
import { abortWith } from '../on-abort.js'
import type { StateName } from '../state.js'
import { checkCloseCode, closeReasonBytes } from './close-arguments.js'
import { streamDuplex } from './duplex.js'
import { HandlerCalls } from './handler-calls.js'
import { checkHandlers, type StreamHandlers } from './handlers.js'
import { LwsStream } from './lws-stream.js'
import { Receiving } from './receiving.js'
import { disconnectedBy } from './refusals.js'
import { Sending } from './sending.js'
import type { SendOptions, StreamOptions, StreamStats } from './stream-types.js'
import { type StreamLog, StreamWiring } from './stream-wiring.js'

const NO_OPTIONS: SendOptions = {}

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
  readonly stats: StreamStats
  readonly #log: StreamLog
  readonly #sending: Sending
  readonly #receiving: Receiving
  readonly #handlers: HandlerCalls<Name> | undefined

  /** @internal */
  constructor(
    wiring: StreamWiring,
    { signal }: StreamOptions = {},
    handlers?: StreamHandlers<Name>,
  ) {
    if (!(wiring instanceof StreamWiring)) throw illegalConstructor('context.stream()')
    super(wiring, handlers !== undefined)
    const { native, log } = wiring
    this.#log = log
    const { life } = this
    this.stats = life.stats
    this.#sending = new Sending(this, native, life)
    this.#receiving = new Receiving(this, native, life, log)
    this.#handlers = handlers && new HandlerCalls(this, life, handlers)
    if (!handlers) native.events = this
    wiring.open(this.#handlers)
    const unwatch = abortWith(signal, life)
    if (unwatch) life.whenOver(unwatch)
    ;(this as EventEmitter).on('newListener', this.#onNewListener)
  }

  #onNewListener(event: string): void {
    if (event === 'message') this.#receiving.listened()
  }

  /** @internal */
  get sending(): Sending {
    return this.#sending
  }

  /** @internal */
  get receiving(): Receiving {
    return this.#receiving
  }

  /** The state reached last. */
  get state(): StateName | number {
    return this.life.current
  }

  /**
   * Why the last connection ended, or the last attempt to make one failed, as far as that is known;
   * `undefined` from the next attempt on.
   */
  get lastError(): UnreachableError | DisconnectedError | MqttSettingsError | undefined {
    return this.life.lastError
  }

  /**
   * Sends one message. Messages leave in the order of the calls; a connection is made when there is
   * none.
   *
   * @param data - the message: text, which is UTF-8, bytes, a Blob, or an async iterable of them, such as a
   *   `Readable` or a web stream, which is read as it leaves. What is published by MQTT leaves when its end
   *   has been read. When it cannot be read to its end, `send()` rejects with the reason, and so does
   *   an abort; the connection ends if a part of it has left
   * @param options - {@link SendOptions}
   * @returns settles when the peer acknowledged the message (h1, h2, mqtt), or when it was handed to
   *   the socket (ws, raw)
   * @throws {@link NackError}, {@link AllRetriesFailedError}, {@link MqttSettingsError},
   *   {@link TimeoutError}, {@link DisconnectedError}, {@link DestroyedError}, the signal's reason;
   *   {@link SecureStreamError} `ERR_SS_CANNOT_SEND`, `ERR_SS_HAS_HANDLERS`, `ERR_SS_TOO_LONG`,
   *   `ERR_SS_UNREAD`, `ERR_SS_CLOSING`. Synchronously, for data and options that cannot be sent, a TypeError with code
   *   `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, and {@link SecureStreamError}
   *   `ERR_SS_UNKNOWN_METADATA`
   */
  send(data: Sendable, options: SendOptions = NO_OPTIONS): Promise<void> {
    const sent = this.#sending.send(data, options)
    if (options !== NO_OPTIONS) this.#log.unknownOptions('send', options)
    return sent
  }

  /**
   * Whole messages of up to 512 MiB, as they arrive; ends when the stream is destroyed. On `ws`, `mqtt`
   * and `raw`, reading connects when nothing else has, and throws {@link AllRetriesFailedError} when
   * that cannot be done.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, void, void> {
    return this.#receiving.messages()
  }

  /** The pieces of messages, as they arrive; otherwise as iterating over the stream. */
  chunks(): AsyncIterableIterator<Chunk, void, void> {
    return this.#receiving.chunks()
  }

  /**
   * A Node stream: each write is sent as a message, and what arrives is read in pieces. Destroying
   * either destroys the other. On raw it ends with the connection.
   */
  duplex(): Duplex {
    return streamDuplex(this, this.#receiving.chunks())
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
    return this.life.connect()
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
    this.#handlers.replace(handlers)
  }

  /**
   * Ends the connection in the words of its protocol, when what `send()` was given before has left: on
   * `ws` with CLOSE, on `mqtt` with DISCONNECT unless other streams share the connection, and on `raw` with
   * FIN. What the peer says until it ends its side, for which it has 5 s, is still received on `raw`, and
   * not on `ws`. Until then `send()` rejects. The stream stays, as after {@link disconnect}.
   *
   * @param code - on `ws`, what CLOSE says: 1000 to 1003, 1007 to 1014, or 3000 to 4999. Default: 1000
   * @param reason - on `ws`, text of up to 123 bytes in UTF-8 that goes with it. Default: none
   * @returns settles when the connection is over, or there is none
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for another code or reason,
   *   whatever the protocol
   */
  close(code = 1000, reason = ''): Promise<void> {
    return this.life.close(checkCloseCode(code), closeReasonBytes(reason))
  }

  /** Closes the connection, or gives up making one. A `nailed_up` stream connects again at once. */
  disconnect(): void {
    this.life.disconnect(disconnectedBy(this.streamtype, 'disconnect()'))
  }
}
