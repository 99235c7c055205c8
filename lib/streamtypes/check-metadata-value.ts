/** The check of values of metadata, by where the policy puts them. */
import {
  checkEndpointBytes,
  checkHeaderBytes,
  checkHostBytes,
  checkTopicBytes,
  checkTopicFilterBytes,
  invalidArgValue,
} from '../arguments.js'
import { substituted } from '../policy/form/substitution.js'
import { hasMisplacedWildcard } from '../policy/form/topics.js'
import type { Streamtype } from '../policy/form/types.js'

const PLUS = 0x2b

/**
 * Checks a value of metadata for what it would do where the policy puts it: it must not make anything
 * else of that, nor end it.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE`
 */
export function checkMetadataValue(
  where: string,
  definition: Streamtype,
  name: string,
  bytes: Uint8Array,
): void {
  const { protocol, endpoint, http_url } = definition
  if (endpoint !== undefined && isIn(endpoint, name)) {
    if (endpoint.startsWith('+') || isAllOf(endpoint, name)) checkEndpointBytes(where, bytes)
    else checkHostBytes(where, bytes)
    if (bytes[0] === PLUS && !endpoint.startsWith('+'))
      throw invalidArgValue(where, '+', 'leads to a Unix socket, where the policy has none')
  }
  if (protocol === 'mqtt') {
    checkTopicValue(where, definition, name, bytes)
  } else if (protocol !== 'raw') {
    // In a URL alone it is percent-encoded.
    if (!isIn(http_url, name) || hasHeader(definition, name)) checkHeaderBytes(where, bytes)
  }
}

/** What says where a message ends, how its connection goes on, and whom it is for. */
const OF_THE_PROTOCOL = new Set([
  'connection:',
  'host:',
  'keep-alive:',
  'proxy-connection:',
  'transfer-encoding:',
  'upgrade:',
])

/**
 * Checks what a program says in a header that the policy does not declare. `hasBody`: whether requests
 * have one, of which the length may be told.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE`
 */
export function checkDirectHeader(
  where: string,
  header: string,
  hasBody: boolean,
  bytes: Uint8Array,
): void {
  const name = header.toLowerCase()
  if (name === 'content-length:' && hasBody) {
    if (!/^\d+$/.test(Buffer.from(bytes).toString('latin1')))
      throw invalidArgValue(where, Buffer.from(bytes).toString(), 'is no length of a body')
  } else if (name === 'content-length:' || OF_THE_PROTOCOL.has(name)) {
    // The peer would take what follows on the connection for something else than it is.
    throw invalidArgValue(where, header, 'is for a header that is left to the protocol')
  }
}

const hasHeader = ({ metadata = [] }: Streamtype, name: string) =>
  metadata.some((item) => item[name])

const isIn = (text: string | undefined, name: string) => text?.includes(`\${${name}}`) ?? false

const isAllOf = (text: string | undefined, name: string) => text === `\${${name}}`

// Of what a broker cannot take it tells only by the end of the connection, and other streams have that too.
function checkTopicValue(
  where: string,
  definition: Streamtype,
  name: string,
  bytes: Uint8Array,
): void {
  const { mqtt_topic, mqtt_birth_topic, mqtt_will_topic, mqtt_subscribe = '' } = definition
  if ([mqtt_topic, mqtt_birth_topic, mqtt_will_topic].some((topic) => isIn(topic, name)))
    checkTopicBytes(where, bytes)
  if (isIn(mqtt_subscribe, name)) {
    checkTopicFilterBytes(where, bytes)
    const value = Buffer.from(bytes).toString()
    const filter = substituted(mqtt_subscribe, (other) => (other === name ? value : 'x'))
    if (hasMisplacedWildcard(filter))
      throw invalidArgValue(
        where,
        /[+#]/.exec(value)?.[0],
        `puts a wildcard into '${mqtt_subscribe}' that is no whole level of it, or a # before its end`,
      )
  }
  if (bytes.byteLength > 0) return
  if ([mqtt_topic, mqtt_birth_topic, mqtt_subscribe].some((topic) => isAllOf(topic, name)))
    throw invalidArgValue(where, '', 'is all of a topic, and no topic is empty')
}
