/** A server, as programs have it. */
import {
  type NativeContext,
  type NativeStream,
  type NativeStreamHandlers,
  native,
} from '../addon/native.js'
import type { HandlerTarget } from '../addon/targets.js'
import { checkObject, outOfRange, toBytes } from '../arguments.js'
import { illegalConstructor } from '../errors/illegal-constructor.js'
import { abortWith } from '../on-abort.js'
import { Registry } from '../registry.js'
import { givenHandlers, type StreamHandlers } from '../streams/handlers.js'
import { hasHandlers } from '../streams/refusals.js'
import { SecureStream } from '../streams/secure-stream.js'
import type { SendOptions } from '../streams/stream-types.js'
import { type StreamLog, StreamWiring } from '../streams/stream-wiring.js'
import type { Kind } from '../streamtypes/kind.js'
import { broadcast } from './broadcast.js'
import { callBack } from './call-back.js'
import { clientCheckOf } from './client-check.js'
import { type HttpCallbacks, HttpConnection } from './http-connection.js'
import { limitsFor } from './limits.js'
import { type Certificate, Listener } from './listener.js'
import type { ServeOptions } from './serve-options.js'

/** What servers are made from, beside their kind. */
export interface ServingSource {
  readonly native: NativeContext
  readonly handlerCalls: (stream: NativeStream, target: HandlerTarget) => NativeStreamHandlers
  readonly log: StreamLog
  /**
   * What a server shows in TLS; nothing without that.
   *
   * @throws SecureStreamError `ERR_SS_SERVER_CERT`
   */
  readonly certificateOf: (kind: Kind) => Certificate | undefined
  /** Is called when the stream of a client was opened. */
  readonly opened: (stream: SecureStream) => void
}

/** The streams of the clients that are connected. */
export interface Clients<Name extends string = string> extends Iterable<SecureStream<Name>> {
  /** How many there are. */
  readonly size: number
}

/** Counters of a {@link Server}. */
export interface ServerStats {
  /** Clients that are connected. */
  clients: number
  /** Clients that were connected so far, those included. */
  connections: number
}

/** A stream that was accepted, and what it is to the addon. */
interface Accepted<Name extends string> {
  readonly stream: SecureStream<Name>
  readonly native: NativeStream
}

/** How long {@link Server.close} waits for what is on its way, unless it is told. */
const PATIENCE = 10_000

/** How long a client may take to ask for what is on its way already when its server closes. */
const LAST_REQUEST = 250

// A timer that is set for longer fires at once.
const LONGEST_TIMER = 0x7fffffff

/**
 * A server streamtype that listens, as `context.serve()` makes it. It keeps the process running.
 *
 * Specification: "Secure Streams SERVER State lifecycle".
 */
export class Server<Name extends string = string> implements AsyncDisposable {
  /** The streamtype's name in the policy. */
  readonly streamtype: string
  /** @internal The virtual host that it was bound to. */
  readonly vhost: string | undefined
  readonly #source: ServingSource
  readonly #listener: Listener
  readonly #connection: ServeOptions<Name>['connection']
  readonly #callbacks: HttpCallbacks<Name>
  readonly #handlers: StreamHandlers<Name> | undefined
  readonly #accepted = new Registry<Accepted<Name>>()
  readonly #clients = new Registry<SecureStream<Name>>()
  readonly #bound = new Registry<Server>()
  readonly #http = new Map<SecureStream, HttpConnection<Name>>()
  readonly #over: Promise<void>
  #settleOver!: () => void
  #kind: Kind
  #connections = 0
  #isListenerOver = false
  #ending: Promise<void> | undefined
  #destroyed = false
  #error: unknown
  #unwatchSignal: (() => void) | undefined

  /** @internal */
  constructor(source: ServingSource, kind: Kind, options: ServeOptions<Name>) {
    if (!source?.native) throw illegalConstructor('context.serve()')
    const { connection, transaction, upgrade, signal } = options
    const { reusePort = false, perMessageDeflate = false, limits } = options
    this.#source = source
    this.#kind = kind
    this.streamtype = kind.name
    this.vhost = kind.place.vhost
    this.#connection = connection
    this.#callbacks = {
      transaction,
      upgrade,
      endpoint: () => this.#endpoint,
      log: source.log,
    }
    this.#handlers = givenHandlers(options)
    this.#over = new Promise((resolve) => {
      this.#settleOver = resolve
    })
    this.#listener = new Listener(
      newStream(source, kind),
      kind,
      {
        reusePort,
        perMessageDeflate,
        certificate: source.certificateOf(kind),
        clientCheck: clientCheckOf(options),
        limits: limitsFor(limits),
      },
      () => this.#accept(),
      () => {
        this.#isListenerOver = true
        this.#endIfOver()
      },
    )
    this.#unwatchSignal = abortWith(signal, this)
    source.log.notice(`${kind.name} listens on ${this.#endpoint}`)
  }

  /** The port that clients connect to; 0 for a Unix socket. */
  get port(): number {
    return this.#listener.port
  }

  /** The address that it listens on, `::` or `0.0.0.0` for all of them, or the path of a Unix socket. */
  get address(): string {
    return this.#listener.address
  }

  get #endpoint(): string {
    const { address, port } = this
    if (port === 0) return address
    return `${address.includes(':') ? `[${address}]` : address}:${port}`
  }

  /** The streams of the clients that are connected now. */
  get clients(): Clients<Name> {
    return this.#clients
  }

  /** Counters. */
  get stats(): ServerStats {
    return { clients: this.#clients.size, connections: this.#connections }
  }

  /**
   * Sends one message to every client that is connected; on h1, to those that have upgraded to ws.
   *
   * @param data - the message; text is UTF-8
   * @param options - as those of {@link SecureStream.send}
   * @returns settles when each has been handed to its socket, or its client is gone. Who sends on before
   *   keeps in memory what slow clients have not taken; a `signal` gives up those that have not begun
   * @throws synchronously, a TypeError for data and options that cannot be sent
   */
  broadcast(data: string | Uint8Array, options: SendOptions = {}): Promise<void> {
    const bytes = toBytes('data', data)
    if (this.#handlers) return Promise.reject(hasHandlers(this.streamtype))
    const streams: SecureStream<Name>[] = []
    for (const stream of this.#clients) if (!stream.life.kind.isTransactional) streams.push(stream)
    return broadcast(this.#source.native, streams, data, bytes, options)
  }

  /** @internal The policy has changed: clients are of `kind` from now on; without one, this ends. */
  followPolicy(kind: Kind | undefined): void {
    if (this.#ending || this.#destroyed) return
    if (kind && this.#kind.canBecome(kind)) {
      this.#kind = kind
      this.#listener.followPolicy(kind)
      this.showCertificate()
      return
    }
    this.#source.log.warn(
      `'${this.streamtype}' is served no more: the policy ` +
        (kind ? 'has another protocol for it' : 'has it no more'),
    )
    this.close()
  }

  /** @internal Clients that come from now on are shown what is to be shown now. */
  showCertificate(): void {
    try {
      const certificate = this.#source.certificateOf(this.#kind)
      if (certificate) this.#listener.show(certificate)
    } catch (error) {
      this.#source.log.warn(`the certificate shown before stays: ${(error as Error).message}`)
    }
  }

  /** Lets the server keep the process running, which is the default. Its clients do so by themselves. */
  ref(): this {
    this.#listener.setRef(true)
    return this
  }

  /** Lets the process end although the server listens. */
  unref(): this {
    this.#listener.setRef(false)
    return this
  }

  /**
   * Ends the server in an orderly way: it accepts nobody any more, and each client is sent what `send()`
   * was given for it, and disconnected then.
   *
   * @param options - `timeout`: how long that may take, in milliseconds, before all are destroyed;
   *   `Infinity`: for ever. Default: 10,000
   * @returns settles when nothing of the server is left
   * @throws synchronously, a RangeError for another time, a TypeError for other options
   */
  close(options: { timeout?: number } = {}): Promise<void> {
    checkObject('options', options)
    const { timeout = PATIENCE } = options
    if (!(timeout >= 0)) throw outOfRange('options.timeout', '>= 0', timeout)
    this.#ending ??= this.#end(timeout)
    return this.#ending
  }

  /** Ends the server and its clients now; what is pending rejects with {@link DestroyedError}. */
  destroy(error?: Error): void {
    this.#error ??= error
    for (const { stream } of this.#accepted) stream.destroy(error)
    for (const server of this.#bound) server.destroy(error)
    if (this.#destroyed) return
    this.#destroyed = true
    this.#unwatchSignal?.()
    this.#listener.destroy()
  }

  /** @internal {@link destroy}, and what is pending rejects with `reason` itself, whatever that is. */
  abort(reason: unknown): void {
    for (const { stream } of this.#accepted) stream.life.abort(reason)
    for (const server of this.#bound) server.abort(reason)
    this.destroy(reason as Error)
  }

  /** {@link close}, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal What the streamtype is. */
  get kind(): Kind {
    return this.#kind
  }

  /** @internal Whether it has not begun to end. */
  get isListening(): boolean {
    return !this.#ending && !this.#destroyed
  }

  /** @internal `server` has no place of its own, and ends with this. */
  bind(server: Server): void {
    const place = this.#bound.add(server)
    server.over.then(() => this.#bound.remove(place))
  }

  /** @internal Settles when nothing of it is left. */
  get over(): Promise<void> {
    return this.#over
  }

  async #end(timeout: number): Promise<void> {
    const bound = [...this.#bound].map((server) => server.close({ timeout }))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      if (timeout <= LONGEST_TIMER) timer = setTimeout(resolve, timeout)
    })
    const drained = this.#listener
      .stop()
      .then(() => Promise.all([...this.#accepted].map((accepted) => this.#drain(accepted))))
    await Promise.race([Promise.all([drained, ...bound]), late, this.#over])
    clearTimeout(timer)
    this.destroy(this.#error as Error)
    await this.#over
  }

  async #drain({ stream, native: own }: Accepted<Name>): Promise<void> {
    const http = this.#http.get(stream)
    const mayAsk = () =>
      http && !stream.destroyed && stream.life.kind.isTransactional && !own.carriesStreams()
    if (mayAsk()) await http?.last()
    while (mayAsk() && (await http?.asks(LAST_REQUEST))) await http?.last()
    // On h2 each stream ends by itself, behind what is sent, and the connection behind the last of them.
    if (own.carriesStreams()) {
      own.stopListening()
      await new Promise<void>((resolve) => stream.life.whenOver(resolve))
    }
    await stream.life.drained()
    stream.destroy()
  }

  // lws waits meanwhile.
  #accept(): [NativeStream, NativeStreamHandlers?] | undefined {
    if (this.#destroyed) return undefined
    const { handlerCalls, log, opened } = this.#source
    const kind = this.#kind.accepted
    const made = newStream(this.#source, kind)
    let calls: NativeStreamHandlers | undefined
    const wiring = new StreamWiring(made, kind, log, (handlers) => {
      calls = handlers && handlerCalls(made, handlers)
    })
    const stream = new SecureStream<Name>(wiring, {}, this.#handlers)
    const place = this.#accepted.add({ stream, native: made })
    stream.life.whenOver(() => {
      this.#accepted.remove(place)
      this.#http.delete(stream)
      this.#endIfOver()
    })
    stream.on('state', (state) => {
      if (state === 'CONNECTED') this.#connected(stream)
    })
    if (kind.isTransactional && !this.#handlers)
      this.#http.set(stream, new HttpConnection(made, stream, this.#callbacks))
    opened(stream)
    return calls ? [made, calls] : [made]
  }

  #connected(stream: SecureStream<Name>): void {
    const place = this.#clients.add(stream)
    this.#connections++
    stream.life.whenOver(() => this.#clients.remove(place))
    if (!this.#connection) return
    const isEnd = (error: unknown) => stream.life.isEnd(error)
    callBack(this.#connection, stream, isEnd, (error) => stream.destroy(error as Error))
  }

  #endIfOver(): void {
    if (!this.#isListenerOver || this.#accepted.size > 0) return
    this.#unwatchSignal?.()
    this.#settleOver()
  }
}

function newStream({ native: context }: ServingSource, kind: Kind): NativeStream {
  const { Stream } = native()
  return new Stream(context, kind.lwsName, kind, [])
}
