import { EventEmitter } from 'node:events'
import { create, type NativeContext, NativeNotice, native } from '../addon/native.js'
import { tellEvents } from '../addon/native-events.js'
import { allocateSlab } from '../addon/slab.js'
import { checkString, invalidArgType } from '../arguments.js'
import { channels } from '../channels.js'
import type { CookieFile } from '../cookies/cookie-file.js'
import { loadCookies } from '../cookies/load-cookies.js'
import { DestroyedError } from '../errors/destroyed-error.js'
import { illegalConstructor } from '../errors/illegal-constructor.js'
import { NotImplementedError } from '../errors/not-implemented-error.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { FETCH_POLICY } from '../policy/keep-fetch-policy.js'
import type { PolicySource } from '../policy/policy-source.js'
import { usedWithoutEndpoint } from '../policy/streamtype.js'
import type { Policy, Streamtype } from '../policy/types.js'
import { redirectTarget } from '../requests/redirect-target.js'
import type { Reply } from '../requests/reply.js'
import {
  checkRequestOptions,
  performRequest,
  type RequestOptions,
  requireTransactional,
} from '../requests/request.js'
import { Credentials } from '../signing/credentials.js'
import { checkStreamOptions } from '../stream/check-stream-options.js'
import { givenHandlers, type StreamHandlers } from '../stream/handlers.js'
import { SecureStream } from '../stream/secure-stream.js'
import type { StreamOptions } from '../stream/stream-types.js'
import { DefaultTrust } from '../trust/default-trust.js'
import type { Trust } from '../trust/trust.js'
import { Announcements } from './announcements.js'
import { applyBlobs, type BlobName, checkBlob, checkBlobName } from './blobs.js'
import type { ContextEvents, ContextStats } from './context-types.js'
import { destroyOnAbort } from './destroy-on-abort.js'
import { EffectivePolicy } from './effective-policy.js'
import { debug, lwsLogLine, wantedLevels } from './lws-log.js'
import { Registry } from './registry.js'
import { RemotePolicy } from './remote-policy.js'
import { socksProxyOf } from './socks-proxy-of.js'

/**
 * One policy database on one event loop, as {@link openContext} makes it. Specification: "JSON Policy
 * Database".
 *
 * A context keeps the process running while one of its streams is open.
 */
export class Context extends EventEmitter<ContextEvents> implements AsyncDisposable {
  /** @internal Settles when libwebsockets is OPERATIONAL. */
  readonly operational: Promise<void>
  #effective: EffectivePolicy
  readonly #trust: DefaultTrust
  readonly #remote = new RemotePolicy({
    open: () => this.#openFetch(),
    succeed: (policy) =>
      this.#goBy(this.#effective.succeededBy(policy, { file: 'the fetched policy' })),
  })
  readonly #native: NativeContext
  readonly #streams = new Registry<SecureStream>()
  readonly #requests = new Registry<Promise<void>>()
  readonly #closed: Promise<void>
  #resolveClosed!: () => void
  #rejectOperational!: (reason: unknown) => void
  #resolveOperational!: () => void
  /** @internal */
  readonly credentials = new Credentials()
  #streamsOpened = 0
  #closing = false
  #ending: Promise<void> | undefined
  #destroyed = false
  readonly #announcements = new Announcements()
  #error: Error | undefined
  #unwatchSignal: (() => void) | undefined

  /** @internal */
  constructor(
    effective: EffectivePolicy,
    options: { ca?: Trust; cookieFile?: CookieFile; maxSockets?: number; signal?: AbortSignal },
  ) {
    super()
    if (!(effective instanceof EffectivePolicy)) throw illegalConstructor('openContext()')
    this.#effective = effective
    this.#trust = new DefaultTrust(options.ca)
    const trust = this.#trust.neededBy(effective.policy)
    const socksProxy = socksProxyOf(effective.policy)
    const { maxSockets = Infinity } = options
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
            policy: effective.written.json,
            trust,
            socksProxy,
            maxSockets: maxSockets === Infinity ? 0 : maxSockets,
            cookies: loadCookies(options.cookieFile, (error) => this.warn(error.message)),
            sign: this.credentials.sign,
            redirect: redirectTarget,
          },
          this.#onNotice,
          allocateSlab,
          tellEvents,
        ),
    )
    this.#warnOfPolicy()
    this.#setLogLevel()
    ;(this as EventEmitter).on('newListener', this.#logListenersChange)
    ;(this as EventEmitter).on('removeListener', this.#logListenersChange)
    this.#unwatchSignal = destroyOnAbort(this, options.signal)
    if (channels.context.hasSubscribers) channels.context.publish({ context: this })
  }

  /** The policy in force, in normal form. */
  get policy(): Policy {
    return structuredClone(this.#effective.policy)
  }

  /** The names of the policy's streamtypes. */
  get streamtypes(): string[] {
    return [...this.#effective.definitions.keys()]
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
   *   {@link NotImplementedError} for a server; {@link DestroyedError} when the context is closed;
   *   TypeError, RangeError for wrong arguments
   */
  stream(streamtype: string, options: StreamOptions & StreamHandlers = {}): SecureStream {
    checkString('streamtype', streamtype)
    checkStreamOptions(options)
    if (this.#closing) throw this.#destroyedError()
    const definition = this.definition(streamtype)
    if (definition.server) throw new NotImplementedError(`serving (streamtype '${streamtype}')`)
    return this.#open(streamtype, definition, options, givenHandlers(options))
  }

  /**
   * Performs one transaction. Specification: "http transport".
   *
   * @param streamtype - a name in the policy's `s`, of protocol `h1` or `h2`
   * @returns the reply, as soon as the peer's response has begun; a NACK is a reply with
   *   `acked: false`, as are a redirect that is not followed and the last 429 or 503
   * @throws {@link SecureStreamError} `ERR_SS_NOT_TRANSACTIONAL`, `ERR_SS_UNKNOWN_STREAMTYPE`,
   *   `ERR_SS_UNKNOWN_METADATA`, `ERR_SS_CANNOT_SEND`; {@link AllRetriesFailedError},
   *   {@link TimeoutError}, {@link DestroyedError}, the signal's reason; synchronously, a TypeError or
   *   RangeError for wrong arguments
   */
  request(streamtype: string, options: RequestOptions = {}): Promise<Reply> {
    checkString('streamtype', streamtype)
    checkRequestOptions(options)
    const { reply, over } = performRequest(this, streamtype, options)
    const place = this.#requests.add(over)
    over.then(() => this.#requests.remove(place))
    return reply
  }

  /**
   * Sets a blob that the policy refers to.
   *
   * @throws TypeError, RangeError for another name or value
   */
  setBlob(name: BlobName, value: string | Uint8Array | readonly unknown[]): void {
    checkBlobName(name)
    checkBlob('value', name, value)
    applyBlobs(this, { [name]: value })
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

  /**
   * Lays a fragment over the policy, as the option `overlays` does. Streams go by the result from their
   * next connection on; new streamtypes can be used at once. Specification: "Applying streamtype policy
   * overlays".
   *
   * @returns settles when it has taken effect
   * @throws {@link PolicyError} when the fragment or the result has errors, and then nothing has
   *   changed; {@link SecureStreamError} `ERR_SS_TRUST`; {@link DestroyedError}; synchronously, a
   *   TypeError for what is no policy at all
   */
  overlay(fragment: PolicySource): Promise<void> {
    if (typeof fragment !== 'string' && (typeof fragment !== 'object' || !fragment))
      throw invalidArgType('fragment', 'an object, JSON text or a Buffer', fragment)
    return this.#overlay(fragment)
  }

  /**
   * Fetches the policy anew by the streamtype `fetch_policy`, and goes by what comes; overlays are laid
   * over it again. Specification: "Loading and using updated remote policy".
   *
   * @returns settles when the fetched policy has taken effect
   * @throws {@link PolicyError} when what came has errors; {@link SecureStreamError}
   *   `ERR_SS_UNKNOWN_STREAMTYPE` when no policy had a `fetch_policy`; {@link AllRetriesFailedError},
   *   {@link NackError}, {@link DisconnectedError}, {@link DestroyedError}. The policy in force stays
   *   then
   */
  async refreshPolicy(): Promise<void> {
    if (this.#closing) throw this.#destroyedError()
    try {
      await this.#remote.refresh()
    } catch (error) {
      this.#tellRefusal(error as Error)
      throw error
    }
  }

  /**
   * @internal Fetches the policy's successor, when there is to be one, and returns when it is in force,
   * or cannot be had, or takes too long to wait for.
   */
  async start(patience: number): Promise<void> {
    if (this.#effective.fetch) {
      let timer: NodeJS.Timeout | undefined
      const fetched = this.refreshPolicy().catch(() => {})
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patience)
      })
      await Promise.race([fetched, late, this.#closed])
      clearTimeout(timer)
      this.#remote.unref()
    }
    this.#announcements.begin()
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
  close(): Promise<void> {
    this.#closing = true
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    await Promise.all(this.#requests)
    await Promise.all([...this.#streams].map((stream) => stream.drained()))
    this.destroy()
    await this.#closed
  }

  /** Ends the context now; what is pending rejects with {@link DestroyedError}, whose cause is `error`. */
  destroy(error?: Error): void {
    this.#closing = this.#destroyed = true
    this.#error ??= error ?? undefined
    for (const stream of this.#streams) stream.destroy(error)
    this.#native.close()
  }

  /** @internal {@link destroy}, and what is pending rejects with `reason` itself, whatever that is. */
  abort(reason: unknown): void {
    for (const stream of this.#streams) stream.abort(reason)
    this.destroy(reason as Error)
  }

  /** {@link close}, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #open(
    streamtype: string,
    definition: Streamtype,
    options: StreamOptions = {},
    handlers?: StreamHandlers,
  ): SecureStream {
    const stream = new SecureStream(
      this,
      this.#native,
      streamtype,
      this.#effective.nameForLws(streamtype),
      definition,
      options,
      handlers,
    )
    const place = this.#streams.add(stream)
    stream.whenOver(() => this.#streams.remove(place))
    this.#streamsOpened++
    // By its CREATING handler.
    if (this.#destroyed) stream.destroy(this.#error)
    const use = usedWithoutEndpoint(definition)
    if (use) stream.abort(new NotImplementedError(`${use}, which '${streamtype}' is for,`))
    return stream
  }

  #openFetch(): SecureStream {
    const definition = this.#effective.fetch ?? this.definition(FETCH_POLICY)
    requireTransactional(FETCH_POLICY, definition)
    return this.#open(FETCH_POLICY, definition)
  }

  async #overlay(fragment: PolicySource): Promise<void> {
    if (this.#closing) throw this.#destroyedError()
    this.#goBy(this.#effective.overlaid(fragment))
  }

  #goBy(next: EffectivePolicy): void {
    const accepted = this.#native.setPolicy({
      policy: next.written.json,
      trust: this.#trust.neededBy(next.policy),
      socksProxy: socksProxyOf(next.policy),
    })
    if (this.#closing) throw this.#destroyedError()
    if (!accepted)
      throw new SecureStreamError('ERR_SS_CREATE', 'libwebsockets could not use the new policy')
    this.#effective = next
    this.#warnOfPolicy()
    for (const stream of this.#streams) {
      const { streamtype } = stream
      const definition =
        next.definitions.get(streamtype) ?? (streamtype === FETCH_POLICY ? next.fetch : undefined)
      stream.followPolicy(definition, next.nameForLws(streamtype))
    }
    this.#announcements.tell(() => this.emit('policy', this.policy))
  }

  #tellRefusal(error: Error): void {
    if (this.#closing) return
    this.warn(`fetch_policy: the policy in force stays: ${error.message}`)
  }

  #warnOfPolicy(): void {
    for (const warning of this.#effective.warnings) this.warn(`policy: ${warning}`)
  }

  /** @internal Writes a line of the context's own to the log. */
  warn(text: string): void {
    debug('%s', text)
    this.#announcements.tell(() => this.emit('log', { level: 'warn', text }))
  }

  /** @internal What the policy says of a streamtype. */
  definition(streamtype: string): Streamtype {
    const definition = this.#effective.definitions.get(streamtype)
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
        const line = lwsLogLine(code, text)
        debug('%s: %s', line.level, line.text)
        this.emit('log', line)
        break
      }
      case NativeNotice.Closed:
        this.#unwatchSignal?.()
        this.#rejectOperational(this.#destroyedError())
        this.#resolveClosed()
        break
    }
  }

  #logListenersChange = (event: string | symbol): void => {
    if (event === 'log') queueMicrotask(() => this.#setLogLevel())
  }

  #setLogLevel(): void {
    this.#native.setLogLevel(wantedLevels(this.listenerCount('log') > 0))
  }

  #destroyedError(): Error {
    return new DestroyedError('the context', this.#error)
  }
}
