/**
 * The one table of what a policy may say. The checker, the normaliser, the writer, the JSON Schema,
 * the types and the reference in docs/ all come from it, so a key that lws gains is one row.
 */
import { HTTP_KEYS } from './keys/http-keys.js'
import { MQTT_KEYS } from './keys/mqtt-keys.js'
import { POLICY_KEYS } from './keys/policy-keys.js'
import { STREAMTYPE_KEYS } from './keys/streamtype-keys.js'

/** A wire protocol of a streamtype. */
export type Protocol = 'h1' | 'h2' | 'ws' | 'mqtt' | 'raw'

/** Where a key may stand. */
export type Place = 'root' | 'retry' | 'trust_store' | 'auth' | 'metric' | 'streamtype'

/** What a name refers to. */
export type Section = 'retry' | 'certs' | 'trust_stores' | 'auth' | 's' | 'metadata'

/** The value that a key takes. */
export type ValueType =
  | { readonly kind: 'text'; readonly format?: TextFormat; readonly expands?: true }
  | {
      readonly kind: 'integer'
      readonly min: number
      readonly max: number
      /** Set when more than `max` is taken for `max`, with a warning. */
      readonly saturates?: true
    }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'reference'; readonly section: Section }
  | { readonly kind: 'protocol' }
  | { readonly kind: 'label' }
  | { readonly kind: 'delays' | 'stack' | 'metadata' | 'respmap' | 'list' | 'section' }

/** A narrower form of text. `message` may hold line breaks, everything else may not. */
export type TextFormat = 'message' | 'token' | 'socks'

/** An option of the build of lws. */
export type BuildOption = `LWS_${string}`

/** One row of the table. */
export interface KeySpec {
  readonly place: Place
  /** The spelling in a normal policy. */
  readonly name: string
  readonly type: ValueType
  /** What it does, in one sentence of Markdown. */
  readonly summary: string
  /** The heading of its section in the specification; null when that has none. */
  readonly heading: string | null
  /** The value that counts without the key. */
  readonly default?: string | number | boolean
  /** What counts without the key, where no value says so. */
  readonly absent?: string
  readonly unit?: 'ms' | 's' | 'bytes' | '%'
  /** A limit that the type does not tell, as a sentence without its full stop. */
  readonly limit?: string
  /** The option that lws has to be built with, or those for some beginnings of the value. */
  readonly needs?: BuildOption | Readonly<Record<string, BuildOption>>
  readonly required?: true
  /** The spelling that lws parses; absent when lws is not told. */
  readonly lws?: string
  /** Other spellings that are accepted. */
  readonly aliases?: readonly string[]
  /** The protocols that the key is for; absent: all. */
  readonly protocols?: readonly Protocol[]
  readonly role?: 'client' | 'server'
  /**
   * Set when lws keeps the value in a C union, so that a key of the wrong protocol or role would
   * overwrite another key's value.
   */
  readonly union?: 'http' | 'mqtt' | 'trust'
  /** Why the key does nothing in lws 4.3.5. */
  readonly inert?: string
  /** False when a policy in normal form lacks the key. */
  readonly normal?: false
}

/** lws 4.3.5 collects strings in pieces of this many bytes and keeps only the last piece. */
export const MAX_STRING_BYTES = 253
/** The longest path is `s[].NAME.client_buflen_rxflow_off_below`, in a 128-byte buffer. */
export const MAX_STREAMTYPE_BYTES = 90
/**
 * `s[].STREAMTYPE.metadata[].NAME` shares the same 128-byte buffer; the rest is for a reserved
 * streamtype whose name in lws is longer than its own.
 */
export const MAX_JSON_PATH_BYTES = 120
/** The Secure Streams proxy protocol carries no longer streamtype. */
export const MAX_PROXIED_STREAMTYPE_BYTES = 31
/** `lws_strexp_t.name[32]`. */
export const MAX_SUBSTITUTED_NAME_BYTES = 31
/** The Secure Streams proxy protocol carries no longer metadata name. */
export const MAX_PROXIED_METADATA_BYTES = 30
/** `ep[96]` in the `_lws_ss_client_connect()` of lws as it is published. */
export const MAX_PORTABLE_ENDPOINT_BYTES = 95
export const MAX_BACKOFFS = 8
export const MAX_RESPMAP_ITEMS = 16
export const MAX_STACK_CERTS = 6
/** `metadata_count` is 8 bits wide. */
export const MAX_METADATA_ITEMS = 255
/** `LWSSSCS_USER_BASE`: what is below is a state of lws's own. */
export const FIRST_USER_STATE = 1000

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
