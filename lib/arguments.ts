/** The checks of arguments, with Node's own errors. */
import { isUtf8 } from 'node:buffer'
import { isIPv6 } from 'node:net'
import { inspect, types } from 'node:util'

function describe(value: unknown): string {
  if (value === null || value === undefined) return `Received ${value}`
  if (typeof value === 'function') return `Received function ${value.name}`
  if (typeof value === 'object') {
    const name = value.constructor?.name
    return name ? `Received an instance of ${name}` : `Received ${inspect(value, { depth: -1 })}`
  }
  return `Received type ${typeof value} (${inspect(value).slice(0, 28)})`
}

/** Node's own error for an argument of the wrong type. */
export function invalidArgType(name: string, expected: string, value: unknown): TypeError {
  return Object.assign(
    new TypeError(`The "${name}" argument must be ${expected}. ${describe(value)}`),
    { code: 'ERR_INVALID_ARG_TYPE' },
  )
}

/** Node's own error for an argument that has the right type and a value that means nothing. */
export function invalidArgValue(name: string, value: unknown, reason: string): TypeError {
  return Object.assign(
    new TypeError(`The "${name}" argument ${reason}. Received ${inspect(value).slice(0, 128)}`),
    { code: 'ERR_INVALID_ARG_VALUE' },
  )
}

/** Node's own error for a number that is out of bounds. */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  return Object.assign(
    new RangeError(
      `The value of "${name}" is out of range. It must be ${range}. Received ${inspect(value)}`,
    ),
    { code: 'ERR_OUT_OF_RANGE' },
  )
}

export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value)
}

export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidArgType(name, 'an object', value)
}

export function checkSignal(
  name: string,
  value: unknown,
): asserts value is AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal))
    throw invalidArgType(name, 'an instance of AbortSignal', value)
}

export function checkInteger(name: string, value: unknown, least: number, most: number): void {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value)
  if (!Number.isInteger(value) || value < least || value > most)
    throw outOfRange(name, `an integer >= ${least} && <= ${most}`, value)
}

/** @throws TypeError */
export function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw invalidArgType(name, 'of type boolean', value)
}

/** The bytes of a payload: text is UTF-8. */
export function toBytes(name: string, value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8')
  // Of another realm too, such as a test runner's; and nothing that only looks like one.
  if (types.isUint8Array(value)) return value
  throw invalidArgType(name, 'of type string or an instance of Buffer or Uint8Array', value)
}

/** Which of the 256 bytes `refused` finds. */
function bytesOf(refused: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    refused.test(String.fromCharCode(byte)) ? 1 : 0,
  )
}

const notInHeader = bytesOf(/[^\t\x20-\x7e\x80-\xff]/)
const notInEndpoint = bytesOf(/[^\x20-\x7e\x80-\xff]/)
const notInHostName = bytesOf(/[^\x21-\x7e\x80-\xff]|[/:@?#+\\]/)
const notInTopic = bytesOf(/[\0+#]/)
const notInTopicFilter = bytesOf(/\0/)

// Shows what is wrong, not the value, which may be a secret.
function refuseCharacter(
  name: string,
  bytes: Uint8Array,
  refused: Uint8Array,
  where: string,
): void {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number
    if (refused[byte])
      throw invalidArgValue(name, String.fromCharCode(byte), `has a character that no ${where} has`)
  }
}

/** Only what HTTP allows in the value of a header, which an end of line would end. */
export function checkHeaderBytes(name: string, bytes: Uint8Array): void {
  refuseCharacter(name, bytes, notInHeader, 'header')
}

/** Only what may be an endpoint: a host's name, a URL, or a socket's path. */
export function checkEndpointBytes(name: string, bytes: Uint8Array): void {
  refuseCharacter(name, bytes, notInEndpoint, 'endpoint')
}

/** Only what may be a part of a host's name, and leads nowhere else than the rest of it. */
export function checkHostBytes(name: string, bytes: Uint8Array): void {
  if (!isIPv6(Buffer.from(bytes).toString('latin1')))
    refuseCharacter(name, bytes, notInHostName, "host's name")
}

/** Only what MQTT allows in a topic, which brokers answer with the end of the connection otherwise. */
export function checkTopicBytes(name: string, bytes: Uint8Array): void {
  checkText(name, bytes)
  refuseCharacter(name, bytes, notInTopic, 'topic')
}

/** Only what MQTT allows in what is subscribed to: wildcards too. */
export function checkTopicFilterBytes(name: string, bytes: Uint8Array): void {
  checkText(name, bytes)
  refuseCharacter(name, bytes, notInTopicFilter, 'topic')
}

function checkText(name: string, bytes: Uint8Array): void {
  if (!isUtf8(bytes)) throw invalidArgValue(name, bytes, 'is not text in UTF-8, as topics are')
}
