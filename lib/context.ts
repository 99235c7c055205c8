import { EventEmitter } from 'node:events'
import { debuglog } from 'node:util'
import { checkObject, checkSignal, checkString, invalidArgType, toBytes } from './arguments.js'
import { applyBlobs, type BlobName, checkBlobs } from './blobs.js'
import { channels } from './channels.js'
import { destroyOnAbort } from './destroy-on-abort.js'
import { DestroyedError } from './errors/destroyed-error.js'
import { NotImplementedError } from './errors/not-implemented-error.js'
import type { StreamHandlers } from './handlers.js'
import { create, type NativeContext, NativeNotice, native } from './native.js'
import type { Policy, Streamtype } from './policy/types.js'
import type { LwsPolicy } from './policy/write-lws-policy.js'
import { Registry } from './registry.js'
import type { Reply } from './reply.js'
import { performRequest, type RequestOptions } from './request.js'
import { SecureStream } from './secure-stream.js'
import { SecureStreamError } from './secure-stream-error.js'
import { allocateSlab } from './slab.js'
import type { StreamOptions } from './stream-types.js'

/** A line of libwebsockets' log. */
export interface LogLine {
  /** How much it matters; `info` and `debug` only with `NODE_DEBUG=lws-secure-streams`. */
  readonly level: 'error' | 'warn' | 'notice' | 'info' | 'debug'
  /** The line, without its end. */
  readonly text: string
}

/** Events of a {@link Context}. */
export interface ContextEvents {
  /** The system state of libwebsockets: `OPERATIONAL` and those on the way there. */
  state: [name: string]
  /** A fetched or changed policy took effect. */
  policy: [policy: Policy]
  /** Whether a captive portal was found. Specification: "Captive Portal Detection". */
  captivePortal: [detected: boolean]
  /** A line of libwebsockets' log. Lines are made only while somebody listens. */
  log: [line: LogLine]
}

/** Counters of one context. */
export interface ContextStats {
  /** Streams that are open now. */
  streams: number
  /** Streams that were opened. */
  streamsOpened: number
}

const levels = new Map<number, LogLine['level']>([
  [1, 'error'],
  [2, 'warn'],
  [4, 'notice'],
  [8, 'info'],
])
const QUIET = 0
const ERRORS_TO_NOTICES = 1 | 2 | 4
const EVERYTHING = 0xfff

const debug = debuglog('lws-secure-streams')

/**
 * One policy database on one event loop, as {@link openContext} makes it. Specification: "JSON Policy
 * Database".
 *
 * A context keeps the process running while one of its streams is open.
 */
export class Context extends EventEmitter<ContextEvents> implements AsyncDisposable {
  /** @internal Settles when libwebsockets is OPERATIONAL. */
  readonly operational: Promise<void>
  readonly #written: LwsPolicy
  readonly #native: NativeContext
  readonly #definitions = new Map<string, Streamtype>()
  readonly #streams = new Registry<SecureStream>()
  readonly #requests = new Registry<Promise<void>>()
  readonly #closed: Promise<void>
  #resolveClosed!: () => void
  #rejectOperational!: (reason: unknown) => void
  #resolveOperational!: () => void
  #streamsOpened = 0
  #closing = false
  #destroyed = false
  #error: Error | undefined
  #unwatchSignal: () => void = () => {}

  /** @internal */
  constructor(
    written: LwsPolicy,
    options: { trust: Uint8Array[]; cookieJar?: string; signal?: AbortSignal },
  ) {
    super()
    this.#written = written
    for (const entry of written.policy.s)
      for (const [name, definition] of Object.entries(entry))
        this.#definitions.set(name, definition)
    this.operational = new Promise((resolve, reject) => {
      this.#resolveOperational = resolve
      this.#rejectOperational = reject
    })
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    const { Context: NativeContext } = native()
    this.#native = create(
      () =>
        new NativeContext(
          {
            policy: written.json,
            trust: options.trust,
            ...(options.cookieJar !== undefined && { cookieJar: options.cookieJar }),
          },
          this.#onNotice,
          allocateSlab,
        ),
    )
    this.#setLogLevel()
    ;(this as EventEmitter).on('newListener', this.#logListenersChange)
    ;(this as EventEmitter).on('removeListener', this.#logListenersChange)
    this.#unwatchSignal = destroyOnAbort(this, options.signal)
    if (channels.context.hasSubscribers) channels.context.publish({ context: this })
  }

  /** The policy in force, in normal form. */
  get policy(): Policy {
    return structuredClone(this.#written.policy)
  }

  /** The names of the policy's streamtypes. */
  get streamtypes(): string[] {
    return [...this.#definitions.keys()]
  }

  /** Counters. */
  get stats(): ContextStats {
    return { streams: this.#streams.size, streamsOpened: this.#streamsOpened }
  }

  /**
   * Opens a stream of whole messages, or with handlers.
   *
   * @param streamtype - a name in the policy's `s`
   * @param options - {@link StreamOptions}; with `state`, `rx` or `tx` among them, the stream has
   *   handlers instead of messages
   * @throws {@link SecureStreamError} `ERR_SS_UNKNOWN_STREAMTYPE`, `ERR_SS_UNKNOWN_METADATA`;
   *   {@link DestroyedError} when the context is closed; TypeError for wrong arguments
   */
  stream(streamtype: string, options: StreamOptions & StreamHandlers = {}): SecureStream {
    checkString('streamtype', streamtype)
    checkObject('options', options)
    checkSignal('options.signal', options.signal)
    if (options.metadata !== undefined) checkObject('options.metadata', options.metadata)
    for (const name of ['state', 'rx', 'tx'] as const)
      if (options[name] !== undefined && typeof options[name] !== 'function')
        throw invalidArgType(`options.${name}`, 'of type function', options[name])
    if (this.#closing) throw this.#destroyedError()
    const definition = this.#definition(streamtype)
    if (definition.server) throw new NotImplementedError(`serving (streamtype '${streamtype}')`)

    const { state, rx, tx, ...streamOptions } = options
    const handlers =
      state || rx || tx
        ? { ...(state && { state }), ...(rx && { rx }), ...(tx && { tx }) }
        : undefined
    const stream = new SecureStream(
      this,
      this.#native,
      this.#written.streamtypes.get(streamtype) ?? streamtype,
      definition,
      streamOptions,
      handlers,
    )
    const place = this.#streams.add(stream)
    stream.closed().then(() => this.#streams.remove(place))
    this.#streamsOpened++
    // By its CREATING handler.
    if (this.#destroyed) stream.destroy(this.#error)
    return stream
  }

  /**
   * Performs one transaction. Specification: "http transport".
   *
   * @param streamtype - a name in the policy's `s`, of protocol `h1` or `h2`
   * @returns the reply, as soon as the peer's response has begun; a NACK is a reply with
   *   `acked: false`
   * @throws {@link SecureStreamError} `ERR_SS_NOT_TRANSACTIONAL`, `ERR_SS_UNKNOWN_STREAMTYPE`;
   *   {@link AllRetriesFailedError}, {@link TimeoutError}, {@link DestroyedError}, the signal's
   *   reason; synchronously, a TypeError for wrong arguments
   */
  request(streamtype: string, options: RequestOptions = {}): Promise<Reply> {
    checkString('streamtype', streamtype)
    checkObject('options', options)
    checkSignal('options.signal', options.signal)
    if (options.body !== undefined) toBytes('options.body', options.body)
    if (options.timeout !== undefined && !(options.timeout >= 0))
      throw invalidArgType('options.timeout', 'a number of milliseconds', options.timeout)
    const { reply, over } = performRequest(this, streamtype, options)
    const place = this.#requests.add(over)
    over.then(() => this.#requests.remove(place))
    return reply
  }

  /** @internal The definition of a streamtype. */
  definition(streamtype: string): Streamtype {
    return this.#definition(streamtype)
  }

  /**
   * Sets a blob that the policy refers to.
   *
   * @throws TypeError, RangeError for another name or value
   */
  setBlob(name: BlobName, value: string | Uint8Array | readonly unknown[]): void {
    const blobs = { [name]: value }
    checkBlobs(blobs)
    applyBlobs(this, blobs)
  }

  /** @internal */
  setNativeBlob(type: number, index: number, bytes: Uint8Array): void {
    this.#native.setBlob(type, index, bytes)
  }

  /** Serving is part of a later version. */
  serve(): never {
    throw new NotImplementedError('serve()')
  }

  /** Proxying is part of a later version. */
  serveProxy(): never {
    throw new NotImplementedError('serveProxy()')
  }

  /** Overlays at runtime are part of a later version; `openContext()` takes them. */
  overlay(): never {
    throw new NotImplementedError('overlay()')
  }

  /** Captive portal detection is part of a later version. */
  checkCaptivePortal(): never {
    throw new NotImplementedError('checkCaptivePortal()')
  }

  /** Lets an open stream keep the process running, which is the default. */
  ref(): this {
    this.#native.setRef(true)
    return this
  }

  /** Lets the process end although streams are open. */
  unref(): this {
    this.#native.setRef(false)
    return this
  }

  /**
   * Ends the context in an orderly way: waits for the replies to requests, their bodies included
   * unless nobody reads them, and for messages that were given to `send()`, unless their connection
   * fails; then destroys the streams.
   *
   * @returns settles when nothing of the context is left
   */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#requests)
    await Promise.all([...this.#streams].map((stream) => stream.drained()))
    this.destroy()
    await this.#closed
  }

  /** Ends the context now; what is pending rejects with {@link DestroyedError}, whose cause is `error`. */
  destroy(error?: Error): void {
    this.#closing = this.#destroyed = true
    this.#error ??= error
    for (const stream of this.#streams) stream.destroy(error)
    this.#native.close()
  }

  /** {@link close}, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #definition(streamtype: string): Streamtype {
    const definition = this.#definitions.get(streamtype)
    if (definition) return definition
    const known = this.streamtypes.join(', ') || 'none'
    throw new SecureStreamError(
      'ERR_SS_UNKNOWN_STREAMTYPE',
      `the policy has no streamtype '${streamtype}'; it has: ${known}`,
    )
  }

  #onNotice = (kind: number, code: number, text: string): void => {
    switch (kind) {
      case NativeNotice.State:
        if (text === 'OPERATIONAL') this.#resolveOperational()
        this.emit('state', text)
        break
      case NativeNotice.Log: {
        const line = { level: levels.get(code) ?? ('debug' as const), text }
        debug('%s: %s', line.level, line.text)
        this.emit('log', line)
        break
      }
      case NativeNotice.Closed:
        this.#unwatchSignal()
        this.#rejectOperational(this.#destroyedError())
        this.#resolveClosed()
        break
    }
  }

  #logListenersChange = (event: string | symbol): void => {
    if (event === 'log') queueMicrotask(() => this.#setLogLevel())
  }

  #setLogLevel(): void {
    const wanted = this.listenerCount('log') > 0 ? ERRORS_TO_NOTICES : QUIET
    this.#native.setLogLevel(debug.enabled ? EVERYTHING : wanted)
  }

  #destroyedError(): Error {
    return new DestroyedError('the context', this.#error)
  }
}
