import { existsSync } from 'node:fs'
import path from 'node:path'
import { AddonLoadError } from '../errors/addon-load-error.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import type { SocksProxy } from '../policy/socks-proxy.js'
import type { StreamEventTarget } from './native-events.js'

/** What one entry of the numbers that {@link NativeStreamEvents} gets is about. */
export const NativeEvent = {
  State: 0,
  Rx: 1,
  Sent: 2,
  Failure: 3,
  Dropped: 4,
  Acknowledged: 5,
  Refused: 6,
  Wanted: 7,
  Head: 8,
  Trailers: 9,
} as const

/** What kind of failure a `Failure` event is about; from 1000 on it is the code of a WebSocket's CLOSE. */
export const NativeFailure = { SettingsDiffer: 1 } as const

/** What a context's notice is about. */
export const NativeNotice = { State: 0, Log: 1, Closed: 2 } as const

/**
 * The flags of a received or sent piece of payload, as lws numbers them; and, of our own, that it is of a
 * message that may be lost, by its quality of service (MQTT's QoS 0).
 */
export const NativeFlag = { Som: 1, Eom: 2, PerfJson: 64, Binary: 256, MayBeLost: 0x10000 } as const

export interface NativeContextOptions {
  policy: string
  trust: Uint8Array[]
  /** With an empty address there is none. */
  socksProxy: SocksProxy
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
  socksProxy: SocksProxy
}

export interface NativeContext {
  /** False when libwebsockets cannot; nothing has changed then. */
  setPolicy(options: NativePolicy): boolean
  setBlob(type: number, index: number, bytes: Uint8Array): boolean
  setLogLevel(mask: number): void
  setRef(on: boolean): void
  close(): void
}

/** How a stream's protocol behaves; see the native class. */
export interface NativeStreamTraits {
  transactional: boolean
  acknowledged: boolean
  canSend: boolean
  /** Only on MQTT, when the program wants it. */
  resend: boolean
}

/**
 * Three numbers an event, `count` times: kind, a, b; the next call has others in the same array. The
 * bytes that `Rx`, `Failure`, `Head` and `Trailers` events speak of (`a` of them) follow each other in
 * `bytes`, from `from` on.
 */
export type NativeStreamEvents = (
  stream: NativeStream,
  numbers: Uint32Array,
  count: number,
  bytes: Buffer | undefined,
  from: number,
) => void

export interface NativeStreamHandlers {
  state(code: number, ordinal: number): void
  rx(data: Buffer, flags: number): void
  tx(room: number, ordinal: number): [Uint8Array, number] | undefined
}

export interface NativeStream {
  /** What is told of a stream without handlers. */
  events: StreamEventTarget
  /** Makes the stream exist; its `state` handler may be called before this returns. */
  open(handlers?: NativeStreamHandlers): void
  /**
   * A message, or only its length: its bytes are then provided when they are wanted. `metadata`: what
   * it has of its own; `binary`: of which kind it is on ws, if that is not for the policy to say.
   */
  send(
    bytes: Uint8Array | number,
    id: number,
    metadata?: (string | Uint8Array)[],
    binary?: boolean,
  ): void
  provide(id: number, piece: number, bytes: Uint8Array): void
  cancelSend(id: number): void
  connect(): void
  /** Connects if nothing else has, or will. */
  listen(): void
  requestTx(length?: number): void
  disconnect(): void
  destroy(): void
  setReading(on: boolean): void
  setMetadata(name: string, value: Uint8Array): void
  getMetadata(name: string): Buffer | undefined
  /** What the last answer has set: names of metadata and, with `direct_proto_str`, all its headers. */
  answerNames(): string[]
  startTimeout(ms: number): void
  cancelTimeout(): void
  serverAck(nack: number): void
  addPeerTxCredit(bytes: number): void
  peerTxCredit(): number
  rideshare(): string | undefined
  tag(): string
  /** Has the heads of answers told, and the last 429 or 503 received as any other answer. */
  keepAnswer(): void
  goodResponse(): boolean
  /** Why the last connection or attempt ended, and the code that a WebSocket was closed with, if any. */
  failure(): [reason: string, code: number]
  setRef(on: boolean): void
  /**
   * Makes the stream go by the context's policy from its next connection on, as `streamtype`; without
   * one, the stream is destroyed at that point.
   */
  followPolicy(streamtype: string | undefined, canSend: boolean): void
}

export interface NativeModule {
  lwsVersion: string
  tlsLibrary: string
  features: Record<string, boolean>
  reportUncaught(error: unknown): void
  Context: new (
    options: NativeContextOptions,
    notice: (kind: number, code: number, text: string) => void,
    allocateSlab: () => Buffer,
    tellEvents: NativeStreamEvents,
  ) => NativeContext
  Stream: new (
    context: NativeContext,
    streamtype: string,
    traits: NativeStreamTraits,
    metadata: (string | Uint8Array)[],
    initialTxCredit?: number,
  ) => NativeStream
}

const packageFolder = path.join(__dirname, '..', '..')
let loaded: { module: NativeModule; file: string } | undefined

function addonFile(): string {
  const chosen = process.env.LWS_SECURE_STREAMS_ADDON
  if (chosen) return path.resolve(chosen)
  const find = require('node-gyp-build') as { path(folder: string): string }
  return find.path(packageFolder)
}

function load(): { module: NativeModule; file: string } {
  let file = ''
  try {
    file = addonFile()
    return { module: require(file) as NativeModule, file }
  } catch (error) {
    const sought =
      file || path.join(packageFolder, 'prebuilds', `${process.platform}-${process.arch}`)
    throw new AddonLoadError(sought, existsSync(path.join(packageFolder, 'native')), error)
  }
}

/**
 * The addon, loaded when it is first needed.
 *
 * @throws {@link AddonLoadError} when there is none for this platform, or it does not load.
 */
export function native(): NativeModule {
  loaded ??= load()
  return loaded.module
}

/** The file that the addon was loaded from. */
export function nativeFile(): string {
  loaded ??= load()
  return loaded.file
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
