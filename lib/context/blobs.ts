/** The lws_system blobs of a context: what they may be, and how libwebsockets gets them. */
import { type NativeContext, native } from '../addon/native.js'
import {
  checkHeaderBytes,
  checkObject,
  checkString,
  invalidArgType,
  invalidArgValue,
  outOfRange,
  toBytes,
} from '../arguments.js'
import { didYouMean } from '../policy/read/suggest.js'
import type { AwsCredentials } from '../signing/aws-credentials.js'
import type { Credentials } from '../signing/credentials.js'
import {
  type ClientCertificateBlob,
  checkClientCertificate,
  readClientCertificate,
} from '../trust/client-certificate.js'
import { readServerCertificate, type ServerCertificateBlob } from '../trust/server-certificate.js'
import type { ServerCertificates } from '../trust/server-certificates.js'

/**
 * lws_system blobs: what a policy refers to and does not hold.
 *
 * Specification: `auth`, `client cert`, `http_auth_header` and the keys after it.
 */
export interface Blobs {
  /**
   * Auth tokens and credentials, which `auth[].blob` names by index; a streamtype with
   * `http_auth_header` and without `use_auth` takes the first. At most 4. Bytes that no header may have
   * need `auth_hexify`: text is refused for them at once, a `Uint8Array` when it is to be sent.
   */
  auth?: readonly (string | Uint8Array | AwsCredentials)[]
  /** Client certificates with their keys; `client_cert` names them by index. At most 16. */
  clientCert?: readonly ClientCertificateBlob[]
  /**
   * What servers show in TLS: those that `server_cert` names and the policy's `certs` do not have. When
   * it is set anew, clients that come from then on are shown the new ones.
   */
  serverCert?: readonly ServerCertificateBlob[]
  /** Sent in `http_dsn_header`. */
  deviceSerial?: string
  /** Sent in `http_fwv_header`. */
  deviceFirmwareVersion?: string
  /** Sent in `http_devtype_header`. */
  deviceType?: string
  /** MQTT client identifier, at most 128 bytes. Default: one that libwebsockets makes up. */
  mqttClientId?: string
  /** User name for MQTT brokers. Default: none. */
  mqttUsername?: string
  /** Password for MQTT brokers. Default: none. */
  mqttPassword?: string | Uint8Array
}

/** The name of a blob. */
export type BlobName = keyof Blobs

const blobNames = [
  'auth',
  'clientCert',
  'serverCert',
  'deviceSerial',
  'deviceFirmwareVersion',
  'deviceType',
  'mqttClientId',
  'mqttUsername',
  'mqttPassword',
] as const satisfies readonly BlobName[]

// They become part of a request, of which they must not end the line.
const inHeaders = new Set(['auth', 'deviceSerial', 'deviceFirmwareVersion', 'deviceType'])

// MQTT has them as strings, which lws has with a NUL at the end; the lengths are in bytes.
const mqttStrings: Record<string, number> = {
  mqttClientId: 128,
  mqttUsername: 65_535,
  mqttPassword: 65_535,
}

const mostOf = { auth: 4, clientCert: 16, serverCert: Infinity } as const

function isBlobName(name: string): name is BlobName {
  return (blobNames as readonly string[]).includes(name)
}

function isList(name: string): name is keyof typeof mostOf {
  return Object.hasOwn(mostOf, name)
}

/** @throws TypeError when there is no blob of that name. */
export function checkBlobName(name: unknown): asserts name is BlobName {
  checkString('name', name)
  if (isBlobName(name)) return
  throw invalidArgValue(
    'name',
    name,
    `must be one of ${blobNames.join(', ')}${didYouMean(name, blobNames)}`,
  )
}

function checkBytes(where: string, name: string, value: unknown): void {
  const bytes = toBytes(where, value)
  if (inHeaders.has(name)) checkHeaderBytes(where, bytes)
  const longest = mqttStrings[name]
  if (longest === undefined) return
  if (bytes.byteLength > longest)
    throw outOfRange(`${where}.length`, `<= ${longest}`, bytes.byteLength)
  if (bytes.includes(0)) throw invalidArgValue(where, '\0', 'has a NUL')
}

function checkAuth(where: string, entry: unknown): void {
  if (isCredentials(entry)) {
    for (const key of ['accessKeyId', 'secretAccessKey'] as const) {
      checkString(`${where}.${key}`, entry[key])
      checkHeaderBytes(`${where}.${key}`, toBytes(where, entry[key]))
    }
  } else if (entry instanceof Uint8Array) {
    // Whether it is sent as it is depends on the policy.
    toBytes(where, entry)
  } else {
    checkBytes(where, 'auth', entry)
  }
}

function isCredentials(entry: unknown): entry is AwsCredentials {
  return typeof entry === 'object' && entry !== null && 'accessKeyId' in entry
}

/** @throws TypeError, RangeError when `value` is not what {@link Blobs} says of the blob. */
export function checkBlob(where: string, name: BlobName, value: unknown): void {
  if (!isList(name)) {
    checkBytes(where, name, value)
    return
  }
  if (!Array.isArray(value)) throw invalidArgType(where, 'an array', value)
  if (value.length > mostOf[name])
    throw outOfRange(`${where}.length`, `<= ${mostOf[name]}`, value.length)
  for (const [at, entry] of value.entries()) {
    if (name === 'auth') checkAuth(`${where}[${at}]`, entry)
    else if (name === 'serverCert') readServerCertificate(`${where}[${at}]`, entry)
    else checkClientCertificate(`${where}[${at}]`, entry)
  }
}

/** @throws TypeError, RangeError when `blobs` is not what {@link Blobs} says. */
export function checkBlobs(blobs: unknown): asserts blobs is Blobs | undefined {
  if (blobs === undefined) return
  checkObject('options.blobs', blobs)
  for (const [name, value] of Object.entries(blobs)) {
    if (!isBlobName(name))
      throw invalidArgType('options.blobs', `an object without '${name}'`, blobs)
    checkBlob(`options.blobs.${name}`, name, value)
  }
}

/** Whom the blobs are for that lws has no use for. */
export interface BlobKeepers {
  readonly credentials: Credentials
  readonly certificates: ServerCertificates
}

/** Hands the blobs to lws, the credentials among them to those who sign, and so on. */
export function applyBlobs(
  context: NativeContext,
  { credentials, certificates }: BlobKeepers,
  { serverCert, ...blobs }: Blobs,
): void {
  if (serverCert) certificates.set(serverCert)
  const { blobs: items } = native().numbers
  const set = (item: string, index: number, bytes: Uint8Array) =>
    context.setBlob(items[item] as number, index, bytes)
  const setAuth = (index: number, entry: string | Uint8Array | AwsCredentials) => {
    credentials.set(index, isCredentials(entry) ? entry : undefined)
    const token = toBytes('auth', isCredentials(entry) ? '' : entry)
    // lws has two for each scheme, of which the first is the token.
    set('authScheme', 2 * index, token)
    if (index === 0) set('auth', 0, token)
  }
  for (const [name, value] of Object.entries(blobs)) {
    const entries = Array.isArray(value) ? value : [value]
    entries.forEach((entry, index) => {
      if (name === 'auth') {
        setAuth(index, entry)
      } else if (name === 'clientCert') {
        const { chain, key } = readClientCertificate(entry, native().readPkcs12)
        set('clientCert', index, Buffer.concat(chain))
        set('clientKey', index, key)
      } else {
        set(name, index, toBytes(name, entry))
      }
    })
  }
}
