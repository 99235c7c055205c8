import type { NativeStreamTraits } from '../addon/native.js'
import { checkObject, checkString, invalidArgType, toBytes } from '../arguments.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import type { Streamtype } from '../policy/types.js'
import { checkDirectHeader, checkMetadataValue } from './check-metadata-value.js'
import type { Metadata } from './stream-types.js'

// What may be a name by HTTP, with the colon that the specification's `direct_proto_str` wants.
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:$/

const methodsWithBody = new Set(['POST', 'PUT', 'PATCH'])

/** How a streamtype's protocol behaves. */
export function streamTraits(definition: Streamtype): Omit<NativeStreamTraits, 'resend'> {
  const transactional = isTransactional(definition)
  return {
    transactional,
    acknowledged: transactional || definition.protocol === 'mqtt',
    canSend: transactional
      ? hasBody(definition)
      : definition.protocol !== 'mqtt' || definition.mqtt_topic !== undefined,
  }
}

const isTransactional = ({ protocol = 'h1' }: Streamtype) => protocol === 'h1' || protocol === 'h2'

const hasBody = (definition: Streamtype) =>
  isTransactional(definition) && methodsWithBody.has(definition.http_method ?? 'GET')

/** Whether a stream that was opened as one can go on as the other. */
export function canBecome(before: Streamtype, after: Streamtype): boolean {
  if ((before.server ?? false) !== (after.server ?? false)) return false
  return before.protocol === after.protocol || (isTransactional(before) && isTransactional(after))
}

/** The names that a streamtype's `metadata` declares. */
export function metadataNames(definition: Streamtype): readonly string[] {
  return (definition.metadata ?? []).flatMap((entry) => Object.keys(entry))
}

/**
 * @throws SecureStreamError `ERR_SS_UNKNOWN_METADATA` for a name that the policy does not declare, and
 *   which, with `direct_proto_str`, is no header's either.
 */
export function checkMetadataName(
  streamtype: string,
  definition: Streamtype,
  name: string,
): string {
  checkString('name', name)
  const names = metadataNames(definition)
  const headers = definition.direct_proto_str ?? false
  if (names.includes(name) || (headers && headerName.test(name))) return name
  const known = names.join(', ') || 'none'
  throw new SecureStreamError(
    'ERR_SS_UNKNOWN_METADATA',
    `'${streamtype}' has no metadata '${name}'; its policy declares: ${known}` +
      (headers ? "; the name of a header, with ':' behind it, would do as well" : ''),
  )
}

/**
 * The bytes of a value of metadata.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function metadataBytes(
  where: string,
  definition: Streamtype,
  name: string,
  value: unknown,
): Uint8Array {
  const bytes = toBytes(where, value)
  checkMetadataValue(where, definition, name, bytes)
  if (definition.direct_proto_str && !metadataNames(definition).includes(name))
    checkDirectHeader(where, name, hasBody(definition), bytes)
  return bytes
}

/** @throws TypeError unless it is left out or an object of names and values */
export function checkMetadata(metadata: unknown): asserts metadata is Metadata | undefined {
  if (metadata === undefined) return
  checkObject('options.metadata', metadata)
  // A Map and its like have their names elsewhere, and would be taken for an object without any.
  if (Symbol.iterator in metadata)
    throw invalidArgType('options.metadata', 'an object of names and values', metadata)
}

/**
 * Names and values as the addon takes them.
 *
 * @throws what {@link checkMetadataName} and {@link metadataBytes} throw
 */
export function metadataPairs(
  streamtype: string,
  definition: Streamtype,
  metadata: Metadata = {},
): (string | Uint8Array)[] {
  return Object.entries(metadata).flatMap(([name, value]) => [
    checkMetadataName(streamtype, definition, name),
    metadataBytes(`options.metadata.${name}`, definition, name, value),
  ])
}

/** Why a streamtype cannot send messages, when it cannot; `advice`: what to do on h1 and h2. */
export function cannotSend(
  streamtype: string,
  definition: Streamtype,
  advice = 'use request()',
): Error | undefined {
  if (streamTraits(definition).canSend) return undefined
  return new SecureStreamError(
    'ERR_SS_CANNOT_SEND',
    definition.protocol === 'mqtt'
      ? `'${streamtype}' cannot send: its policy has no mqtt_topic`
      : `'${streamtype}' cannot send: its http_method, ${definition.http_method ?? 'GET'}, has no body; ${advice}`,
  )
}

// A packet of MQTT says its length, from the topic on, in four bytes of seven bits.
const LONGEST_PACKET = 2 ** 28 - 1
// The topic's length, the shortest topic, and the packet identifier.
const LEAST_BESIDES = 2 + 1 + 2

/** Why a message cannot be sent that is as long as that, when it cannot. */
export function messageTooLong(
  streamtype: string,
  { protocol }: Streamtype,
  length: number,
): Error | undefined {
  if (protocol !== 'mqtt' || length <= LONGEST_PACKET - LEAST_BESIDES) return undefined
  return new SecureStreamError(
    'ERR_SS_TOO_LONG',
    `'${streamtype}' cannot send a message of ${length} bytes: one of MQTT has less than 256 MiB, its topic included; send it in parts`,
  )
}

/** Why a stream with handlers neither sends nor receives messages. */
export function hasHandlers(streamtype: string): Error {
  return new SecureStreamError(
    'ERR_SS_HAS_HANDLERS',
    `'${streamtype}' was opened with handlers, which have its payload: ` +
      'rx what is received, and tx, after requestTx(), what is sent',
  )
}

/** Why a stream cannot send more, until somebody reads what has come. */
export function answersUnread(streamtype: string): Error {
  return new SecureStreamError(
    'ERR_SS_UNREAD',
    `'${streamtype}' has more answers than may wait, and nobody reads them: take them, with ` +
      "for await or a listener for 'message', or use request()",
  )
}

/** Why a stream ends whose streamtype is not in the policy any more, or not as it was. */
export function streamtypeGone(streamtype: string, isThere: boolean): Error {
  return new SecureStreamError(
    'ERR_SS_STREAMTYPE_GONE',
    isThere
      ? `the policy has changed the protocol of '${streamtype}': open the stream again`
      : `the policy has no streamtype '${streamtype}' any more`,
  )
}
