/** The context that programs have: its public face. */
import { EventEmitter } from 'node:events'
import type { NativeConnectionOpen, NativeContext, NativeTraffic } from '../addon/native.js'
import { checkString, invalidArgType } from '../arguments.js'
import { channels } from '../channels.js'
import { illegalConstructor } from '../errors/illegal-constructor.js'
import { NotImplementedError } from '../errors/not-implemented-error.js'
import { abortWith } from '../on-abort.js'
import type { PolicySource } from '../policy/form/policy-source.js'
import type { Policy } from '../policy/form/types.js'
import { Registry } from '../registry.js'
import type { Reply } from '../requests/reply.js'
import { checkRequestOptions, performRequest, type RequestOptions } from '../requests/request.js'
import { makeVhosts } from '../serving/make-vhosts.js'
import { checkServeOptions, type ServeOptions } from '../serving/serve-options.js'
import type { Server } from '../serving/server.js'
import type { Vhost } from '../serving/vhost.js'
import { Credentials } from '../signing/credentials.js'
import { checkStreamOptions } from '../streams/check-stream-options.js'
import { givenHandlers, type StreamHandlers } from '../streams/handlers.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { StreamOptions } from '../streams/stream-types.js'
import type { Kind } from '../streamtypes/kind.js'
import { ServerCertificates } from '../trust/server-certificates.js'
import { Announcements } from './announcements.js'
import { applyBlobs, type BlobKeepers, type BlobName, checkBlob, checkBlobName } from './blobs.js'
import {
  CAPTIVE_PORTAL_DETECT,
  CaptivePortalDetection,
  type CaptivePortalResult,
} from './captive-portal.js'
import { ContextLife } from './context-life.js'
import { ContextLog } from './context-log.js'
import type { ContextEvents, ContextSettings, ContextStats } from './context-types.js'
import { EffectivePolicy } from './effective-policy.js'
import { followListeners } from './follow-listeners.js'
import { createNativeContext, delivery } from './native-context.js'
import { OpenServers } from './open-servers.js'
import { OpenStreams } from './open-streams.js'
import { PolicyInForce } from './policy-in-force.js'

/**
 * One policy database on one event loop, as {@link openContext} makes it. Specification: "JSON Policy
 * Database".
 *
 * A context keeps the process running while one of its streams is open.
 */
export class Context extends EventEmitter<ContextEvents> implements AsyncDisposable {
  readonly #life = new ContextLife()
  readonly #announcements = new Announcements()
  readonly #log = new ContextLog(this, this.#announcements)
  readonly #blobKeepers: BlobKeepers = {
    credentials: new Credentials(),
    certificates: new ServerCertificates((name) => this.#policy.certOf(name)),
  }
  readonly #policy: PolicyInForce
  readonly #native: NativeContext
  readonly #streams: OpenStreams
  readonly #servers: OpenServers
  readonly #captivePortal: CaptivePortalDetection
  readonly #requests = new Registry<Promise<void>>()
  readonly #vhosts: ReadonlyMap<string, Vhost>
  #ending: Promise<void> | undefined
  #unwatchSignal: (() => void) | undefined

  /** @internal */
  constructor(effective: EffectivePolicy, options: ContextSettings) {
    super()
    if (!(effective instanceof EffectivePolicy)) throw illegalConstructor('openContext()')
    this.#policy = new PolicyInForce(effective, options, this.#life, {
      apply: (policy) => this.#native.setPolicy(policy),
      open: (kind) => this.#streams.open(kind),
      changed: () => this.#onPolicyChanged(),
      warn: (text) => this.#log.warn(text),
      unknownKey: (finding) => this.#log.unknownKey(finding),
    })
    this.#native = this.#createNative(options)
    this.#vhosts = new Map(options.vhosts?.map((vhost) => [vhost.name, vhost]))
    const source = {
      native: this.#native,
      handlerCalls: delivery().handlerCalls,
      log: this.#log,
      kindOf: (streamtype: string) => this.#policy.kindOf(streamtype),
      opened: (stream: SecureStream) => {
        if (channels.stream.hasSubscribers) channels.stream.publish({ context: this, stream })
      },
    }
    this.#streams = new OpenStreams(this.#life, source)
    this.#servers = new OpenServers(this.#life, {
      ...source,
      vhosts: this.#vhosts,
      certificateOf: ({ name, certificate }) =>
        certificate && this.#blobKeepers.certificates.find(name, certificate),
    })
    this.#captivePortal = new CaptivePortalDetection(this.#streams, (result) =>
      this.#announcements.tell(() =>
        this.emit('captivePortal', result === 'CAPTIVE_PORTAL', result),
      ),
    )
    this.#policy.warn()
    this.#log.follow(this.#native)
    followListeners(this as EventEmitter, 'keylog', () =>
      this.#native.setKeyLog(this.listenerCount('keylog') > 0),
    )
    this.#unwatchSignal = abortWith(options.signal, this)
    if (channels.context.hasSubscribers) channels.context.publish({ context: this })
    applyBlobs(this.#native, this.#blobKeepers, options.blobs ?? {})
  }

  #createNative(options: ContextSettings): NativeContext {
    return createNativeContext(this.#policy.first, options, this.#blobKeepers.credentials.sign, {
      systemState: (name) => {
        if (name === 'OPERATIONAL') this.#life.becomeOperational()
        this.emit('state', name)
      },
      logLine: (level, text) => this.#log.line(level, text),
      keyLine: (text) => this.emit('keylog', Buffer.from(`${text}\n`)),
      warn: (text) => this.#log.warn(text),
      closed: () => {
        this.#unwatchSignal?.()
        this.#life.becomeClosed()
      },
    })
  }

  #onPolicyChanged(): void {
    const kindOf = (streamtype: string) => this.#policy.kindToGoOn(streamtype)
    for (const { life, streamtype } of this.#streams) life.followPolicy(kindOf(streamtype))
    for (const server of this.#servers) server.followPolicy(kindOf(server.streamtype))
    this.#announcements.tell(() => this.emit('policy', this.policy))
  }

  /** The policy in force, in normal form. */
  get policy(): Policy {
    return this.#policy.policy
  }

  /** The names of the policy's streamtypes. */
  get streamtypes(): string[] {
    return this.#policy.streamtypes
  }

  /** Counters. */
  get stats(): ContextStats {
    return { streams: this.#streams.size, streamsOpened: this.#streams.opened }
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
    this.#log.unknownOptions('stream', options)
    this.#life.requireOpen()
    return this.#streams.open(this.kindOf(streamtype), options, givenHandlers(options))
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
    this.#log.unknownOptions('request', options)
    const { reply, over } = performRequest(this.#streams, streamtype, options)
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
    applyBlobs(this.#native, this.#blobKeepers, { [name]: value })
    if (name === 'serverCert') for (const server of this.#servers) server.showCertificate()
  }

  /**
   * Listens as a server streamtype says. Specification: "Secure Streams SERVER State lifecycle".
   *
   * @param streamtype - a name in the policy's `s`, with `"server": true`
   * @param options - {@link ServeOptions}
   * @throws {@link SecureStreamError} `ERR_SS_LISTEN`, whose `cause` has Node's code, `ERR_SS_NOT_SERVER`,
   *   `ERR_SS_SERVER_CERT`, `ERR_SS_NO_VHOST`, `ERR_SS_UNKNOWN_STREAMTYPE`, `ERR_SS_CREATE`;
   *   {@link NotImplementedError} for another protocol than `raw` and `h1`; {@link DestroyedError}, the
   *   signal's reason; synchronously, a TypeError for wrong arguments, and {@link NotImplementedError} for
   *   an option of a later version
   */
  serve(streamtype: string, options: ServeOptions): Promise<Server> {
    checkString('streamtype', streamtype)
    checkServeOptions(options)
    this.#log.unknownOptions('serve', options)
    return this.#servers.open(streamtype, options)
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
    return this.#policy.overlay(fragment)
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
  refreshPolicy(): Promise<void> {
    return this.#policy.refresh()
  }

  /**
   * @internal Settles when libwebsockets is OPERATIONAL, and the policy's successor, when there is to be
   * one, is in force, cannot be had, or takes too long to wait for.
   */
  async started(patience: number): Promise<void> {
    await this.#life.operational
    makeVhosts(this.#native, this.#vhosts.values())
    await this.#policy.refreshAtStart(patience)
    this.#announcements.begin()
    if (this.streamtypes.includes(CAPTIVE_PORTAL_DETECT) && !this.#life.isClosing)
      this.#captivePortal.checkAside()
  }

  /**
   * Asks by the streamtype `captive_portal_detect` what this network is: `INTERNET_OK` when the answer is
   * the one that the policy expects (`http_expect`), `CAPTIVE_PORTAL` when it is another or a redirect,
   * `NO_INTERNET` when there is none within the streamtype's `timeout_ms`, or 3 seconds. The event
   * `captivePortal` tells it, too. A check that is going on is waited for. Specification: "Captive Portal
   * Detection".
   *
   * @throws {@link SecureStreamError} `ERR_SS_UNKNOWN_STREAMTYPE`, `ERR_SS_NOT_TRANSACTIONAL`;
   *   {@link DestroyedError}
   */
  async checkCaptivePortal(): Promise<CaptivePortalResult> {
    this.#life.requireOpen()
    return this.#captivePortal.check()
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
   * fails; then destroys the streams. Its servers are closed, too.
   *
   * @returns settles when nothing of the context is left
   */
  close(): Promise<void> {
    this.#life.close()
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    this.#captivePortal.stop()
    const served = [...this.#servers].map((server) => server.close())
    await Promise.all(this.#requests)
    await Promise.all([...served, ...[...this.#streams].map(({ life }) => life.drained())])
    this.destroy()
    await this.#life.closed
  }

  /** Ends the context now; what is pending rejects with {@link DestroyedError}, whose cause is `error`. */
  destroy(error?: Error): void {
    this.#life.destroy(error ?? undefined)
    for (const stream of this.#streams) stream.destroy(error)
    for (const server of this.#servers) server.destroy(error)
    this.#native.close()
  }

  /** @internal {@link destroy}, and what is pending rejects with `reason` itself, whatever that is. */
  abort(reason: unknown): void {
    for (const { life } of this.#streams) life.abort(reason)
    for (const server of this.#servers) server.abort(reason)
    this.destroy(reason as Error)
  }

  /** {@link close}, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal Has what connections say told, as the addon has it, from now on. */
  listenToTraffic(open: NativeConnectionOpen, hear: NativeTraffic): void {
    this.#native.listenToTraffic(open, hear)
  }

  /** @internal What the policy says of a streamtype. */
  kindOf(streamtype: string): Kind {
    return this.#policy.kindOf(streamtype)
  }
}
