/**
 * The one table of what a policy may say. The checker, the normaliser and the writer all work from
 * it, so a key that lws gains is one row here.
 */

/** A wire protocol of a streamtype. */
export type Protocol = 'h1' | 'h2' | 'ws' | 'mqtt' | 'raw'

/** Where a key may stand. */
export type Place = 'root' | 'retry' | 'trust_store' | 'auth' | 'streamtype'

/** What a name refers to. */
export type Section = 'retry' | 'certs' | 'trust_stores' | 'auth' | 's' | 'metadata'

/** The value that a key takes. */
export type ValueType =
  | { readonly kind: 'text'; readonly format?: TextFormat; readonly expands?: true }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'reference'; readonly section: Section }
  | { readonly kind: 'protocol' }
  | { readonly kind: 'label' }
  | { readonly kind: 'delays' | 'stack' | 'metadata' | 'respmap' | 'list' | 'section' }

/** A narrower form of text. `message` may hold line breaks, everything else may not. */
export type TextFormat = 'message' | 'token' | 'socks'

/** One row of the table. */
export interface KeySpec {
  readonly place: Place
  /** The spelling in a normal policy. */
  readonly name: string
  readonly type: ValueType
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
/** `ep[96]` in `_lws_ss_client_connect()`. */
export const MAX_ENDPOINT_BYTES = 95
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

const INT_MAX = 2_147_483_647

const text: ValueType = { kind: 'text' }
const expanded: ValueType = { kind: 'text', expands: true }
const message: ValueType = { kind: 'text', format: 'message', expands: true }
const token: ValueType = { kind: 'text', format: 'token' }
const flag: ValueType = { kind: 'boolean' }
const label: ValueType = { kind: 'label' }
const u16: ValueType = { kind: 'integer', min: 0, max: 65_535 }
/** lws reads these with `atoi()`, whatever it stores them in. */
const size: ValueType = { kind: 'integer', min: 0, max: INT_MAX }
const upTo = (max: number): ValueType => ({ kind: 'integer', min: 0, max })
const to = (section: Section): ValueType => ({ kind: 'reference', section })

const HTTP: readonly Protocol[] = ['h1', 'h2', 'ws']
const TRANSACTIONAL: readonly Protocol[] = ['h1', 'h2']
const MQTT: readonly Protocol[] = ['mqtt']

type Extra = Omit<KeySpec, 'place' | 'name' | 'type'>

function at(place: Place, name: string, type: ValueType, extra: Extra = {}): KeySpec {
  return { place, name, type, ...extra }
}
/** A streamtype key that lws knows by the same name. */
function s(name: string, type: ValueType, extra: Extra = {}): KeySpec {
  return at('streamtype', name, type, { lws: name, ...extra })
}
function http(name: string, type: ValueType, extra: Extra = {}): KeySpec {
  return s(name, type, { protocols: TRANSACTIONAL, ...extra })
}
function mqtt(name: string, type: ValueType, extra: Extra = {}): KeySpec {
  return s(name, type, { protocols: MQTT, role: 'client', union: 'mqtt', ...extra })
}
function inert(place: Place, name: string, type: ValueType, why: string): KeySpec {
  return at(place, name, type, { inert: why })
}

const UNUSED = 'lws parses it and never uses it'

/** Every key, in the order in which lws is told. */
export const KEYS: readonly KeySpec[] = [
  at('root', 'release', label),
  at('root', 'product', label),
  at('root', 'schema-version', label),
  at('root', 'via-socks5', { kind: 'text', format: 'socks' }, { lws: 'via-socks5' }),
  at('root', 'retry', { kind: 'section' }),
  at('root', 'certs', { kind: 'section' }),
  at('root', 'trust_stores', { kind: 'section' }),
  at('root', 'auth', { kind: 'section' }),
  at('root', 's', { kind: 'section' }),
  inert('root', 'metrics', { kind: 'list' }, 'this build of lws keeps no such metrics'),

  at('retry', 'backoff', { kind: 'delays' }, { lws: 'backoff' }),
  at('retry', 'conceal', u16, { lws: 'conceal' }),
  at('retry', 'jitterpc', upTo(255), { lws: 'jitterpc' }),
  at('retry', 'svalidping', u16, { lws: 'svalidping' }),
  at('retry', 'svalidhup', u16, { lws: 'svalidhup' }),

  at('trust_store', 'name', text, { lws: 'name' }),
  at('trust_store', 'stack', { kind: 'stack' }, { lws: 'stack' }),

  at('auth', 'name', text, { lws: 'name' }),
  at('auth', 'type', text, { lws: 'type' }),
  at('auth', 'streamtype', text),
  at('auth', 'blob', upTo(3), { lws: 'blob' }),

  s('endpoint', expanded),
  s('payload_fmt', text),
  http('http_method', token, { role: 'client', union: 'http' }),
  http('http_url', expanded, {
    role: 'client',
    union: 'http',
    protocols: HTTP,
    aliases: ['aux'],
  }),
  http('http_auth_header', text, { role: 'client', union: 'http' }),
  http('http_dsn_header', text, { role: 'client', union: 'http' }),
  http('http_fwv_header', text, { role: 'client', union: 'http' }),
  http('http_devtype_header', text, { role: 'client', union: 'http' }),
  http('http_auth_preamble', text, { role: 'client', union: 'http' }),
  http('http_multipart_name', text, { role: 'client', union: 'http' }),
  http('http_multipart_filename', text, { role: 'client', union: 'http' }),
  http('http_mime_content_type', text, {
    role: 'client',
    union: 'http',
    aliases: ['http_multipart_content_type'],
  }),
  s('ws_subprotocol', text, { protocols: HTTP, union: 'http' }),
  mqtt('mqtt_topic', expanded),
  mqtt('mqtt_subscribe', expanded),
  mqtt('mqtt_will_topic', expanded),
  mqtt('mqtt_will_message', message),
  mqtt('mqtt_birth_topic', expanded),
  mqtt('mqtt_birth_message', message),
  s('aws_region', to('metadata'), { protocols: TRANSACTIONAL, role: 'client' }),
  s('aws_service', to('metadata'), { protocols: TRANSACTIONAL, role: 'client' }),
  s('rideshare', to('s'), { role: 'client' }),

  s('protocol', { kind: 'protocol' }),
  s('retry', to('retry')),
  s('tls_trust_store', to('trust_stores'), { role: 'client', union: 'trust' }),
  s('server_cert', to('certs'), { role: 'server', union: 'trust' }),
  s('server_key', to('certs'), { role: 'server', union: 'trust' }),
  s('use_auth', to('auth'), { protocols: TRANSACTIONAL, role: 'client' }),

  s('port', u16),
  /** The blob that lws looks up is `LWS_SYSBLOB_TYPE_CLIENT_KEY_DER` + this, of 19 in all. */
  s('client_cert', upTo(15), { role: 'client', aliases: ['client cert'] }),
  s('timeout_ms', size),
  s('attr_priority', upTo(7)),
  s('proxy_buflen', size),
  s('proxy_buflen_rxflow_on_above', size),
  s('proxy_buflen_rxflow_off_below', size),
  s('client_buflen', size),
  http('http_expect', u16, { role: 'client', union: 'http' }),
  mqtt('mqtt_qos', upTo(1), { aliases: ['mqtt qos'] }),
  mqtt('mqtt_keep_alive', u16),
  mqtt('mqtt_will_qos', upTo(2)),
  mqtt('mqtt_birth_qos', upTo(1)),

  s('server', flag),
  s('tls', flag),
  s('opportunistic', flag),
  s('nailed_up', flag, { role: 'client' }),
  s('allow_redirects', flag, { role: 'client' }),
  s('attr_low_latency', flag),
  s('attr_high_throughput', flag),
  s('attr_high_reliability', flag),
  s('attr_low_cost', flag),
  s('long_poll', flag),
  s('perf', flag),
  s('swake_validity', flag),
  s('direct_proto_str', flag),
  s('ws_prioritize_reads', flag, { protocols: ['ws'], role: 'client' }),
  s('ws_binary', flag, { protocols: HTTP, union: 'http' }),
  http('http_no_content_length', flag, { role: 'client' }),
  http('nghttp2_quirk_end_stream', flag, { role: 'client', protocols: ['h2'] }),
  http('h2q_oflow_txcr', flag, { role: 'client', protocols: TRANSACTIONAL }),
  http('http_multipart_ss_in', flag),
  http('http_www_form_urlencoded', flag, { role: 'client' }),
  http('http_cookies', flag, { role: 'client', protocols: HTTP }),
  http('http_fail_redirect', flag, { role: 'client', union: 'http' }),
  mqtt('mqtt_retain', flag),
  mqtt('mqtt_clean_start', flag),
  mqtt('mqtt_will_retain', flag),
  mqtt('mqtt_birth_retain', flag),
  mqtt('aws_iot', flag),

  http('http_resp_map', { kind: 'respmap' }, { role: 'client', union: 'http' }),
  s('metadata', { kind: 'metadata' }),

  inert('streamtype', 'via-socks5', text, 'lws only honours it at the top of the policy'),
  inert('streamtype', 'plugins', { kind: 'list' }, 'no plugins are built in'),
  inert('streamtype', 'urgent_tx', flag, UNUSED),
  inert('streamtype', 'urgent_rx', flag, UNUSED),
  inert('streamtype', 'local_sink', flag, UNUSED),
  inert('streamtype', 'client_buflen_rxflow_on_above', size, UNUSED),
  inert('streamtype', 'client_buflen_rxflow_off_below', size, UNUSED),
  inert('streamtype', 'auth_hexify', flag, 'lws does not know it; hexify the blob instead'),
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
