/**
 * The one table of what a policy may say. The checker, the normaliser, the writer, the JSON Schema,
 * the types and the reference in docs/ all come from it, so a key that lws gains is one row.
 */
import { HTTP_KEYS } from './http-keys.js'
import type { KeySpec, Place, Protocol } from './key-spec.js'
import { MQTT_KEYS } from './mqtt-keys.js'
import { POLICY_KEYS } from './policy-keys.js'
import { STREAMTYPE_KEYS } from './streamtype-keys.js'

/**
 * Metadata that a server of transactions cannot do without: lws drops the connection. It is added
 * when a policy does not declare it.
 */
export const SERVER_METADATA = ['method', 'path'] as const

export const PROTOCOLS: readonly Protocol[] = ['h1', 'h2', 'ws', 'mqtt', 'raw']

/** Every key; those of streamtypes in the order in which lws is told. */
export const KEYS: readonly KeySpec[] = [
  ...POLICY_KEYS,
  ...STREAMTYPE_KEYS,
  ...HTTP_KEYS,
  ...MQTT_KEYS,
]

function indexOf(place: Place): ReadonlyMap<string, KeySpec> {
  const index = new Map<string, KeySpec>()
  for (const spec of KEYS) {
    if (spec.place === place) {
      index.set(spec.name, spec)
      for (const alias of spec.aliases ?? []) {
        index.set(alias, spec)
      }
    }
  }
  return index
}

/** The rows of each place by every accepted spelling. */
export const KEYS_BY_PLACE: Readonly<Record<Place, ReadonlyMap<string, KeySpec>>> = {
  root: indexOf('root'),
  retry: indexOf('retry'),
  trust_store: indexOf('trust_store'),
  auth: indexOf('auth'),
  metric: indexOf('metric'),
  streamtype: indexOf('streamtype'),
}

/**
 * Protocol names that older documents use, each with the keys that say the same.
 */
export const PROTOCOL_ALIASES: ReadonlyMap<string, { protocol: Protocol; http_method: string }> =
  new Map([
    ['h1get', { protocol: 'h1', http_method: 'GET' }],
    ['h1post', { protocol: 'h1', http_method: 'POST' }],
  ])

/** The `auth[].type` values that lws acts on. */
export const AUTH_TYPES: readonly string[] = ['sigv4']
