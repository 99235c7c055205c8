/** The addon: its shape, and how one comes by it. */
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { loadAddon } from './load.js'
import type { NativeNumbers } from './numbers.js'
import type { StreamEventTarget } from './targets.js'

export interface NativeContextOptions {
  policy: string
  trust: Uint8Array[]
  chooseProxy: NativeChooseProxy | undefined
  /** Of h1 and h2 to one endpoint; 0 for as many as one likes. */
  maxSockets: number
  cookies: NativeCookieJar
  sign: NativeSign
  redirect: NativeResolve
}

/** A request as it is about to be sent; text has a character for each byte. */
export interface NativeRequest {
  method: string
  /** The path and the query. */
  target: string
  host: string
  /** The header fields of the stream, `name:value` and a line end each. */
  fields: string
  /** The values of the metadata that `aws_region` and `aws_service` name. */
  region: string
  service: string
  /** The index of the credentials. */
  blob: number
  hasBody: boolean
}

/** Signs a request: what goes into `authorization`, or why it cannot be signed. Does not throw. */
export type NativeSign = (request: NativeRequest) => [isSigned: boolean, text: string]

/** Where a redirect leads: `host` is `''` for the server that redirects. */
export type NativeRedirect = [host: string, port: number, tls: boolean, target: string]

/** Resolves a `Location`: where it leads, or why it is none to follow. Does not throw. */
export type NativeResolve = (base: string, location: string) => NativeRedirect | string

/** A proxy. `request`: what an HTTP proxy is sent to connect to the endpoint; `''` for socks5. */
export type NativeProxy = [
  address: string,
  port: number,
  user: string,
  password: string,
  request: string,
]

/** By which proxy to connect to `host`, without brackets, or why there is no way. Does not throw. */
export type NativeChooseProxy = (
  host: string,
  port: number,
  tls: boolean,
) => NativeProxy | string | undefined

/** Where the cookies of a context's streams are kept. Neither throws. */
export interface NativeCookieJar {
  /** What goes into the `Cookie` header of a request, nothing when it is empty. */
  get(url: string): string
  /** What a `Set-Cookie` header of a response says. */
  set(url: string, setCookie: string): void
}

/** What a context goes by from now on; see the native class. */
export interface NativePolicy {
  policy: string
  /** Certificates to trust besides those that are trusted already. */
  trust: Uint8Array[]
  /** Connections of another function are not shared any more. */
  chooseProxy: NativeChooseProxy | undefined
}

/** Text has a character for each byte; without TLS, that of TLS is empty. */
export type NativeConnectionOpen = (
  connection: number,
  address: string,
  port: number,
  version: string,
  cipher: string,
  alpn: string,
  /** As DER. */
  certificate: string,
) => void

/** A piece of what passes; `bytes` has a character for each. */
export type NativeTraffic = (connection: number, sent: boolean, bytes: string) => void

export interface NativeContext {
  /** False when libwebsockets cannot; nothing has changed then. */
  setPolicy(options: NativePolicy): boolean
  setBlob(type: number, index: number, bytes: Uint8Array): boolean
  /** Of lws's vhost JSON; the system's number of why one cannot listen, or 0, when it fails. */
  makeVhosts(json: string): number | undefined
  setLogLevel(mask: number): void
  /** Has the secrets of TLS told. */
  setKeyLog(on: boolean): void
  /** Has what connections say told, without TLS, from now on, and first of each with whom it is. */
  listenToTraffic(open: NativeConnectionOpen, hear: NativeTraffic): void
  setRef(on: boolean): void
  /** {@link NativeStream.send} of one message on several streams, with an id for each. */
  broadcast(
    streams: readonly NativeStream[],
    ids: Uint32Array,
    bytes: Uint8Array,
    binary?: boolean,
  ): void
  close(): void
}

/** What the addon knows of a streamtype; see the native struct. */
export interface NativeKind {
  readonly exchange: 'bytes' | 'messages' | 'publishes' | 'requests' | 'responses'
  readonly canSend: boolean
  readonly nailedUp: boolean
  /** Of MQTT; 0 elsewhere. */
  readonly qos: number
}

/**
 * Three numbers an event, `count` times: kind, a, b; the next call has others in the same array. The
 * bytes that `Rx`, `Failure`, `Head`, `Trailers` and `Published` events speak of (`a` of them) follow each other in
 * `bytes`, from `from` on.
 */
export type NativeStreamEvents = (
  stream: NativeStream,
  numbers: Uint32Array,
  count: number,
  bytes: Buffer | undefined,
  from: number,
) => void

/** Of each stream: how many messages were sent, and their ids. */
export type NativeSentEvents = (streams: readonly NativeStream[], numbers: Uint32Array) => void

export interface NativeStreamHandlers {
  state(code: number, ordinal: number): void
  rx(data: Buffer, flags: number): void
  tx(room: number, ordinal: number): [Uint8Array, number] | undefined
  retry?(attempt: number, delay: number): void
}

/**
 * Gives the stream of a connection, which is not to be opened, and its handlers, if it is to have any;
 * nothing refuses the connection.
 */
export type NativeAccept = () => [NativeStream, NativeStreamHandlers?] | undefined

/** What a client offers of permessage-deflate; 0 bits leave it to the server. */
export type NativeDeflate = [
  maxPayload: number,
  serverBits: number,
  clientBits: number,
  serverForgets: number,
  clientForgets: number,
]

/** How a server listens. */
export interface NativeListening {
  /** It may listen on a port together with others. */
  readonly sharesPort: boolean
  /** It takes offers of permessage-deflate. */
  readonly deflates: boolean
  readonly limits: NativeLimits
}

/** What a server bears of its clients, in bytes and milliseconds; 0 for whatever they like. */
export interface NativeLimits {
  readonly headerBytes: number
  readonly bodyBytes: number
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly keepAliveTimeout: number
  readonly messageBytes: number
  readonly streamsPerConnection: number
  readonly connections: number
}

export type NativeAddress = [address: string, port: number]

export interface NativeStream {
  /** Whom to tell of a stream without handlers. */
  events: StreamEventTarget
  /**
   * Makes the stream exist; its `state` handler may be called before this returns. `accept`: of a
   * server streamtype, which listens from then on as `listening` says; called for each connection.
   *
   * @throws Error, with the system's number as `errno` when it is the reason
   */
  open(handlers?: NativeStreamHandlers, accept?: NativeAccept, listening?: NativeListening): void
  /**
   * A message, or only its length, or not even that, where `provide()` says where it ends: its bytes
   * are then provided when they are wanted. `metadata`: what it has of its own; `binary`: of which kind
   * it is on ws, if that is not for the policy to say.
   */
  send(
    bytes: Uint8Array | number | undefined,
    id: number,
    metadata?: (string | Uint8Array)[],
    binary?: boolean,
  ): void
  /** Without bytes, the message has ended before that piece, if its length was not known. */
  provide(id: number, piece: number, bytes?: Uint8Array): void
  cancelSend(id: number): void
  connect(): void
  /** Takes {@link connect} back, and ends the attempt that it made; messages wait for the next. */
  endConnecting(): void
  /** Connects if nothing else has, or will. */
  listen(): void
  requestTx(length?: number): void
  disconnect(): void
  /**
   * Ends the connection that is there in the words of its protocol, on ws with this code and reason, and
   * makes no other of itself.
   */
  close(code: number, reason: Uint8Array): void
  /** On raw: says on the connection that is there, or is made, that nothing more is sent. */
  endSending(): void
  destroy(): void
  setReading(on: boolean): void
  setMetadata(name: string, value: Uint8Array): void
  getMetadata(name: string): Buffer | undefined
  /** What the last answer has set: names of metadata and, with `direct_proto_str`, all its headers. */
  answerNames(): string[]
  startTimeout(ms: number): void
  cancelTimeout(): void
  serverAck(nack: number): void
  /**
   * What is answered to the request that is there; a 1xx is followed by another. `fields`: a line for
   * each, `name:value`. Without a length, `endResponse()` says that the body, which `send()` gives in
   * parts, is complete.
   */
  respond(status: number, fields: string, length?: number, metadata?: (string | Uint8Array)[]): void
  endResponse(): void
  addPeerTxCredit(bytes: number): void
  peerTxCredit(): number
  rideshare(): string | undefined
  /** Of a listener: its port. */
  listenPort(): number
  /** Of a listener: address and port of each of its sockets, which unix sockets have none of. */
  listenAddresses(): (NativeAddress | undefined)[]
  /**
   * Of a listener: accepts those who have connected by the next turn, and nobody any more, and tells
   * `ended` then; what it has accepted goes on. Of that, the request that is there is the last one on
   * h1, and the connection ends behind its response; a connection of h2 takes no more streams.
   */
  stopListening(): void
  /** Of what a listener has accepted: whether it is the connection that streams of h2 share. */
  carriesStreams(): boolean
  /**
   * Of a listener: what it shows in TLS from the next connection on, as DER, its own certificate first,
   * and who vouches for clients; without any, those are not asked for a certificate.
   * `refusesStrangers`: whether one is needed that is vouched for. Returns why that cannot be, if so.
   */
  useIdentity(
    chain: readonly Uint8Array[],
    key: Uint8Array,
    authorities: readonly Uint8Array[],
    refusesStrangers: boolean,
  ): string | undefined
  /** The other end of the connection, if there is one and it has an address. */
  peer(): NativeAddress | undefined
  /** What the other end has shown in TLS, as DER, if it was verified. */
  peerCertificate(): Buffer | undefined
  /** What the ends have agreed on, if they have: the version, and the protocol by ALPN, or `''`. */
  tls(): [version: string, alpn: string] | undefined
  tag(): string
  /** Has the heads of answers told, and the last 429 or 503 received as any other answer. */
  keepAnswer(): void
  goodResponse(): boolean
  /** Why the last connection or attempt ended, and the code that a WebSocket was closed with, if any. */
  failure(): [text: string, code: number]
  /** Whom it connects to, or did last, '' for nobody yet, and the how manieth attempt that is. */
  whom(): [endpoint: string, attempts: number]
  setRef(on: boolean): void
  /**
   * Makes the stream go by the context's policy from its next connection on, as `streamtype`; without
   * one, the stream is destroyed at that point.
   */
  followPolicy(streamtype?: string, kind?: NativeKind): void
}

export interface NativeModule {
  lwsVersion: string
  tlsLibrary: string
  features: Record<string, boolean>
  numbers: NativeNumbers
  reportUncaught(error: unknown): void
  /** As DER: the key, its certificate, and the others that are there; nothing when it is no PKCS #12. */
  readPkcs12(pfx: Uint8Array, passphrase: string): Buffer[]
  Context: new (
    options: NativeContextOptions,
    notice: (kind: number, code: number, text: string) => void,
    allocateSlab: () => Buffer,
    tellEvents: NativeStreamEvents,
    tellSent: NativeSentEvents,
  ) => NativeContext
  Stream: new (
    context: NativeContext,
    streamtype: string,
    kind: NativeKind,
    metadata: (string | Uint8Array)[],
    initialTxCredit?: number,
    /** On MQTT: what a lost connection may have carried goes out again on the next. */
    resend?: boolean,
    /** Of a client on ws. */
    deflate?: NativeDeflate,
  ) => NativeStream
}

let loaded: ReturnType<typeof loadAddon> | undefined

/**
 * The addon, loaded when it is first needed.
 *
 * @throws AddonLoadError when there is none for this platform, or it does not load
 */
export function native(): NativeModule {
  loaded ??= loadAddon()
  return loaded.module as NativeModule
}

/** The file that the addon was loaded from, and how it came there. */
export function nativeFile(): Pick<ReturnType<typeof loadAddon>, 'file' | 'origin'> {
  loaded ??= loadAddon()
  return loaded
}

/**
 * Makes a native object.
 *
 * @throws {@link SecureStreamError} `ERR_SS_CREATE` with what libwebsockets says, when it cannot.
 */
export function create<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new SecureStreamError('ERR_SS_CREATE', (error as Error).message, { cause: error })
  }
}
