import {
  checkHeaderBytes,
  checkObject,
  checkString,
  invalidArgType,
  invalidArgValue,
  outOfRange,
  toBytes,
} from '../arguments.js'
import type { AwsCredentials } from '../signing/aws-credentials.js'
import { checkClientCertificate } from '../trust/client-certificate.js'
import type { Context } from './context.js'

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
  /** Client certificates with their keys, as DER; `client_cert` names them by index. At most 16. */
  clientCert?: readonly {
    /** The certificate, as DER. */
    cert: Uint8Array
    /** Its key, PKCS#8, SEC1 or PKCS#1, as DER. */
    key: Uint8Array
  }[]
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

// As the native class numbers them.
const types = {
  auth: 0,
  clientCert: 1,
  clientKey: 2,
  deviceSerial: 3,
  deviceFirmwareVersion: 4,
  deviceType: 5,
  mqttClientId: 6,
  mqttUsername: 7,
  mqttPassword: 8,
  // Of the two that lws has for each scheme, the first is a token.
  authScheme: 9,
} as const

// They become part of a request, of which they must not end the line.
const inHeaders = new Set(['auth', 'deviceSerial', 'deviceFirmwareVersion', 'deviceType'])

// MQTT has them as strings, which lws has with a NUL at the end; the lengths are in bytes.
const mqttStrings: Record<string, number> = {
  mqttClientId: 128,
  mqttUsername: 65_535,
  mqttPassword: 65_535,
}

const mostOf = { auth: 4, clientCert: 16 } as const

// The others are parts of what these are.
function isBlobName(name: string): name is BlobName {
  return Object.hasOwn(types, name) && name !== 'clientKey' && name !== 'authScheme'
}

function isList(name: string): name is keyof typeof mostOf {
  return Object.hasOwn(mostOf, name)
}

/** @throws TypeError when there is no blob of that name. */
export function checkBlobName(name: unknown): asserts name is BlobName {
  checkString('name', name)
  if (isBlobName(name)) return
  const names = Object.keys(types).filter(isBlobName).join(', ')
  throw invalidArgValue('name', name, `must be one of ${names}`)
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

/** Hands the blobs to lws. */
export function applyBlobs(context: Context, blobs: Blobs): void {
  for (const [name, value] of Object.entries(blobs)) {
    const entries = Array.isArray(value) ? value : [value]
    entries.forEach((entry, index) => {
      if (name === 'auth') {
        applyAuth(context, index, entry)
      } else if (name === 'clientCert') {
        context.setNativeBlob(types.clientCert, index, entry.cert)
        context.setNativeBlob(types.clientKey, index, entry.key)
      } else {
        context.setNativeBlob(types[name as keyof typeof types], index, toBytes(name, entry))
      }
    })
  }
}

function applyAuth(context: Context, index: number, entry: string | Uint8Array | AwsCredentials) {
  context.credentials.set(index, isCredentials(entry) ? entry : undefined)
  const token = toBytes('auth', isCredentials(entry) ? '' : entry)
  context.setNativeBlob(types.authScheme, 2 * index, token)
  if (index === 0) context.setNativeBlob(types.auth, 0, token)
}
