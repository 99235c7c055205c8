// Writes a policy as C.
import { type ReadPolicy, readPolicy } from '../check/read-policy.js'
import type { PolicySource } from '../form/policy-source.js'
import { defaultPort, protocolOf } from '../form/streamtype.js'
import type { Auth, Policy, Retry, StreamtypeInput } from '../form/types.js'
import { PolicyError } from '../read/policy-error.js'
import { cString, initializer, Symbols } from './c-text.js'
import { tokenOfHeader } from './http-tokens.js'

/** Options of {@link policyToC}. */
export interface PolicyToCOptions {
  /** The name of the policy's file, for the message of a {@link PolicyError}. */
  file?: string
}

/** A streamtype in normal form, with what is only told to C. */
type CStreamtype = Omit<StreamtypeInput, 'protocol' | 'http_resp_map'> & {
  protocol?: 'h1' | 'h2' | 'ws' | 'mqtt' | 'raw'
  http_resp_map?: readonly Readonly<Record<string, number>>[]
}

/** The bit that each key sets in `lws_ss_policy_t.flags`. */
const FLAGS: readonly (readonly [key: keyof CStreamtype, flag: string])[] = [
  ['opportunistic', 'OPPORTUNISTIC'],
  ['nailed_up', 'NAILED_UP'],
  ['urgent_tx', 'URGENT_TX'],
  ['urgent_rx', 'URGENT_RX'],
  ['tls', 'TLS'],
  ['long_poll', 'LONG_POLL'],
  ['http_no_content_length', 'HTTP_NO_CONTENT_LENGTH'],
  ['nghttp2_quirk_end_stream', 'QUIRK_NGHTTP2_END_STREAM'],
  ['h2q_oflow_txcr', 'H2_QUIRK_OVERFLOWS_TXCR'],
  ['http_multipart_name', 'HTTP_MULTIPART'],
  ['http_multipart_filename', 'HTTP_MULTIPART'],
  ['http_mime_content_type', 'HTTP_MULTIPART'],
  ['http_www_form_urlencoded', 'HTTP_X_WWW_FORM_URLENCODED'],
  ['local_sink', 'LOCAL_SINK'],
  ['swake_validity', 'WAKE_SUSPEND__VALIDITY'],
  ['server', 'SERVER'],
  ['allow_redirects', 'ALLOW_REDIRECTS'],
  ['http_multipart_ss_in', 'HTTP_MULTIPART_IN'],
  ['attr_low_latency', 'ATTR_LOW_LATENCY'],
  ['attr_high_throughput', 'ATTR_HIGH_THROUGHPUT'],
  ['attr_high_reliability', 'ATTR_HIGH_RELIABILITY'],
  ['attr_low_cost', 'ATTR_LOW_COST'],
  ['perf', 'PERF'],
  ['direct_proto_str', 'DIRECT_PROTO_STR'],
  ['http_cookies', 'HTTP_CACHE_COOKIES'],
  ['ws_prioritize_reads', 'PRIORITIZE_READS'],
]

/** The headers that are made from blobs, in the order of `lws_ss_policy_t.u.http.blob_header`. */
const BLOB_HEADERS = [
  ['LWSSS_HBI_AUTH', 'http_auth_header'],
  ['LWSSS_HBI_DSN', 'http_dsn_header'],
  ['LWSSS_HBI_FWV', 'http_fwv_header'],
  ['LWSSS_HBI_TYPE', 'http_devtype_header'],
] as const

/**
 * Writes a policy as the C structs that libwebsockets takes instead of JSON when it is built with
 * `LWS_WITH_SECURE_STREAMS_STATIC_POLICY_ONLY` (spec: "Stream policy as static C"). The list of
 * streamtypes begins at `_ss_static_policy_entry`, as in what upstream's `policy2c` writes.
 *
 * @throws PolicyError when the policy has errors
 */
export function policyToC(source: PolicySource, options: PolicyToCOptions = {}): string {
  const read = readPolicy(source)
  if (read.policy === undefined) {
    throw new PolicyError(read.diagnostics, options)
  }
  return new CWriter(read.policy, read.inert).write()
}

/** Writes one policy. A definition is written when something first refers to it. */
class CWriter {
  readonly #policy: Policy
  readonly #inert: ReadPolicy['inert']
  readonly #symbols = new Symbols()
  readonly #definitions: string[] = []
  readonly #known = new Map<string, string>()
  readonly #retries: ReadonlyMap<string, Retry>
  readonly #certs: ReadonlyMap<string, string>
  readonly #stacks: ReadonlyMap<string, readonly string[]>

  constructor(policy: Policy, inert: ReadPolicy['inert']) {
    this.#policy = policy
    this.#inert = inert
    this.#retries = new Map(policy.retry.flatMap((item) => Object.entries(item)))
    this.#certs = new Map(policy.certs.flatMap((item) => Object.entries(item)))
    this.#stacks = new Map(policy.trust_stores.map(({ name, stack }) => [name, stack]))
  }

  write(): string {
    const auths = this.#auths()
    let next: string | undefined
    const streamtypes = this.#policy.s.flatMap((item) => Object.entries(item))
    for (const [name, value] of streamtypes.reverse()) {
      next = this.#streamtype(name, { ...value, ...this.#inert.get(name) }, auths, next)
    }
    return [
      '/* A Secure Streams policy, written from JSON by lws-secure-streams. */\n',
      ...(this.#policy['via-socks5'] === undefined
        ? []
        : ['/* "via-socks5" has no place here: set info.socks_proxy_address. */\n']),
      ...(streamtypes.some(([, value]) => value.auth_hexify)
        ? ['/* "auth_hexify" has no place here: set the auth blob to hexadecimal text. */\n']
        : []),
      ...this.#definitions,
      ...(next === undefined ? [] : [`#define _ss_static_policy_entry ${next}\n`]),
    ].join('\n')
  }

  #define(type: string, name: string, value: string): string {
    this.#definitions.push(`static const ${type} ${name} = ${value};\n`)
    return name
  }

  #once(section: string, name: string, write: (symbol: string) => void): string {
    const key = `${section} ${name}`
    const known = this.#known.get(key)
    if (known !== undefined) {
      return known
    }
    const symbol = this.#symbols.define(section, name)
    this.#known.set(key, symbol)
    write(symbol)
    return symbol
  }

  #streamtype(
    name: string,
    value: CStreamtype,
    auths: ReadonlyMap<string, string>,
    next: string | undefined,
  ): string {
    const isServer = value.server === true
    const fields = {
      next: next && `(void *)&${next}`,
      streamtype: cString(name),
      endpoint: text(value.endpoint),
      rideshare_streamtype: text(value.rideshare),
      payload_fmt: text(value.payload_fmt),
      socks5_proxy: text(value['via-socks5']),
      metadata: this.#metadata(name, value.metadata ?? []),
      auth: value.use_auth === undefined ? undefined : `&${auths.get(value.use_auth)}`,
      u: this.#union(name, value),
      trust: isServer ? this.#serverTrust(value) : this.#clientTrust(value),
      retry_bo: value.retry === undefined ? undefined : `&${this.#retry(value.retry)}`,
      proxy_buflen: number(value.proxy_buflen),
      proxy_buflen_rxflow_on_above: number(value.proxy_buflen_rxflow_on_above),
      proxy_buflen_rxflow_off_below: number(value.proxy_buflen_rxflow_off_below),
      client_buflen: number(value.client_buflen),
      client_buflen_rxflow_on_above: number(value.client_buflen_rxflow_on_above),
      client_buflen_rxflow_off_below: number(value.client_buflen_rxflow_off_below),
      timeout_ms: number(value.timeout_ms),
      flags: flagsOf(value),
      port: number(value.port ?? (isServer ? undefined : defaultPort(value))),
      metadata_count: number(value.metadata?.length),
      protocol: `LWSSSP_${protocolOf(value).toUpperCase()}`,
      client_cert: value.client_cert === undefined ? undefined : String(value.client_cert + 1),
      priority: number(value.attr_priority),
    }
    const aws = initializer({
      aws_region: text(value.aws_region),
      aws_service: text(value.aws_service),
    })
    const own = initializer(fields)
    const all =
      value.aws_region === undefined && value.aws_service === undefined
        ? own
        : `${own.slice(0, -1)}#if defined(LWS_WITH_SECURE_STREAMS_AUTH_SIGV4)\n${aws.slice(2, -1)}#endif\n}`
    return this.#define('lws_ss_policy_t', this.#symbols.define('ssp', name), all)
  }

  /** The last item is first and has the index 0: the order in which `policy2c` leaves them. */
  #metadata(
    streamtype: string,
    items: readonly Readonly<Record<string, string>>[],
  ): string | undefined {
    let next: string | undefined
    const entries = items.flatMap((item) => Object.entries(item)).reverse()
    for (const [index, [name, header]] of entries.entries()) {
      next = this.#define(
        'lws_ss_metadata_t',
        this.#symbols.define('md', streamtype, name),
        initializer({
          next: next && `(void *)&${next}`,
          name: cString(name),
          value__may_own_heap: `(void *)${cString(header)}`,
          value_length: String(new TextEncoder().encode(header).length),
          length: String(index),
          value_is_http_token: tokenOfHeader(header),
        }),
      )
    }
    return next && `(void *)&${next}`
  }

  #union(streamtype: string, value: CStreamtype): string | undefined {
    switch (protocolOf(value)) {
      case 'raw':
        return undefined
      case 'mqtt':
        return initializer({ mqtt: mqtt(value) })
      default:
        return initializer({ http: this.#http(streamtype, value) })
    }
  }

  #http(streamtype: string, value: CStreamtype): string {
    const headers = BLOB_HEADERS.filter(([, key]) => value[key] !== undefined)
    const statuses = (value.http_resp_map ?? []).flatMap((item) => Object.entries(item))
    const map =
      statuses.length === 0
        ? undefined
        : this.#define(
            'lws_ss_http_respmap_t',
            `${this.#symbols.define('respmap', streamtype)}[]`,
            `{ ${statuses.map(([status, state]) => `{ ${status}, ${state} }`).join(', ')} }`,
          ).slice(0, -2)
    return initializer({
      method: text(value.http_method),
      url: text(value.http_url),
      multipart_name: text(value.http_multipart_name),
      multipart_filename: text(value.http_multipart_filename),
      multipart_content_type: text(value.http_mime_content_type),
      blob_header:
        headers.length === 0
          ? undefined
          : `{ ${headers.map(([index, key]) => `[${index}] = ${text(value[key])}`).join(', ')} }`,
      auth_preamble: text(value.http_auth_preamble),
      respmap: map,
      'u.ws.subprotocol': text(value.ws_subprotocol),
      'u.ws.binary': flag(value.ws_binary),
      resp_expect: number(value.http_expect),
      count_respmap: number(statuses.length),
      fail_redirect: flag(value.http_fail_redirect),
    })
  }

  #retry(name: string): string {
    return this.#once('rbo', name, (symbol) => {
      const retry = this.#retries.get(name) ?? {}
      const delays = retry.backoff ?? []
      const table =
        delays.length === 0
          ? undefined
          : this.#define(
              'uint32_t',
              `${this.#symbols.define('rbo_ms', name)}[]`,
              `{ ${delays.join(', ')} }`,
            ).slice(0, -2)
      this.#define(
        'lws_retry_bo_t',
        symbol,
        initializer({
          retry_ms_table: table,
          retry_ms_table_count: number(delays.length),
          conceal_count: number(retry.conceal),
          secs_since_valid_ping: number(retry.svalidping),
          secs_since_valid_hangup: number(retry.svalidhup),
          jitter_percent: number(retry.jitterpc),
        }),
      )
    })
  }

  /** A server keeps its certificate and key, each in a struct of its own. */
  #cert(name: string, use: 'client' | 'server'): string {
    return this.#once(use === 'client' ? 'ss_x509' : 'ss_x509_keep', name, (symbol) => {
      const bytes = Array.from(atob(this.#certs.get(name) ?? ''), (char) => char.charCodeAt(0))
      const der = this.#symbols.define('ss_der', name)
      this.#define('uint8_t', `${der}[]`, `{\n${rowsOf(bytes)}}`)
      this.#define(
        'lws_ss_x509_t',
        symbol,
        initializer({
          vhost_name: cString(name),
          ca_der: der,
          ca_der_len: `sizeof(${der})`,
          keep: use === 'client' ? undefined : '1',
        }),
      )
    })
  }

  /** The certificates are in reverse order, as `policy2c` leaves them. */
  #clientTrust({ tls_trust_store: name }: CStreamtype): string | undefined {
    if (name === undefined) {
      return undefined
    }
    const store = this.#once('ss_ts', name, (symbol) => {
      const stack = this.#stacks.get(name) ?? []
      const certs = stack.map((cert) => `&${this.#cert(cert, 'client')}`).reverse()
      this.#define(
        'lws_ss_trust_store_t',
        symbol,
        initializer({
          name: cString(name),
          ssx509: `{ ${certs.join(', ')} }`,
          count: String(certs.length),
        }),
      )
    })
    return `{ .store = &${store} }`
  }

  #serverTrust({ server_cert: cert, server_key: key }: CStreamtype): string | undefined {
    if (cert === undefined && key === undefined) {
      return undefined
    }
    const server = initializer({
      cert: cert && `&${this.#cert(cert, 'server')}`,
      key: key && `&${this.#cert(key, 'server')}`,
    })
    return initializer({ server })
  }

  #auths(): ReadonlyMap<string, string> {
    const symbols = new Map<string, string>()
    let next: string | undefined
    for (const auth of [...this.#policy.auth].reverse()) {
      next = this.#define(
        'lws_ss_auth_t',
        this.#symbols.define('ssau', auth.name),
        initializer({ next: next && `(void *)&${next}`, ...authFields(auth) }),
      )
      symbols.set(auth.name, next)
    }
    return symbols
  }
}

function authFields({ name, type, streamtype, blob }: Auth): Record<string, string | undefined> {
  return {
    name: cString(name),
    type: text(type),
    streamtype: text(streamtype),
    blob_index: number(blob),
  }
}

function mqtt(value: CStreamtype): string {
  return initializer({
    topic: text(value.mqtt_topic),
    subscribe: text(value.mqtt_subscribe),
    will_topic: text(value.mqtt_will_topic),
    will_message: text(value.mqtt_will_message),
    birth_topic: text(value.mqtt_birth_topic),
    birth_message: text(value.mqtt_birth_message),
    keep_alive: number(value.mqtt_keep_alive),
    qos: number(value.mqtt_qos),
    clean_start: flag(value.mqtt_clean_start),
    will_qos: number(value.mqtt_will_qos),
    will_retain: flag(value.mqtt_will_retain),
    birth_qos: number(value.mqtt_birth_qos),
    birth_retain: flag(value.mqtt_birth_retain),
    aws_iot: flag(value.aws_iot),
    retain: flag(value.mqtt_retain),
  })
}

function text(value: string | undefined): string | undefined {
  return value === undefined ? undefined : cString(value)
}

/** 0 is what a field has anyway. */
function number(value: number | undefined): string | undefined {
  return value === undefined || value === 0 ? undefined : String(value)
}

function flag(value: boolean | undefined): string | undefined {
  return value === true ? '1' : undefined
}

function flagsOf(value: CStreamtype): string | undefined {
  const flags = FLAGS.filter(([key]) => value[key] !== undefined && value[key] !== false)
  const names = new Set(flags.map(([, name]) => `LWSSSPOLF_${name}`))
  return names.size === 0 ? undefined : Array.from(names).join(' |\n\t')
}

function rowsOf(bytes: readonly number[]): string {
  const rows: string[] = []
  for (let at = 0; at < bytes.length; at += 12) {
    const row = bytes.slice(at, at + 12).map((byte) => `0x${byte.toString(16).padStart(2, '0')}`)
    rows.push(`\t${row.join(', ')},\n`)
  }
  return rows.join('')
}
