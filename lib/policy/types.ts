import type { Protocol } from './keys.js'

/** A retry and backoff scheme (spec: `retry`). */
export interface Retry {
  /** Delays before each retry, in ms; at most 8. Default: 3000 ms. */
  backoff?: readonly number[]
  /** How many retries happen before `ALL_RETRIES_FAILED`; 65535 never stops. Default: 0. */
  conceal?: number
  /** Percentage of random extra delay, 0 to 255. Default: 30. */
  jitterpc?: number
  /** Seconds without proof that the connection lives before a ping is sent. Default: no pings. */
  svalidping?: number
  /** Seconds without proof that the connection lives before it is closed. Default: never. */
  svalidhup?: number
}

/** A named chain of certificates (spec: `trust_stores`); at most 6. */
export interface TrustStore {
  name: string
  stack: readonly string[]
}

/** A named authentication scheme (spec: `auth`). */
export interface Auth {
  name: string
  /** `'sigv4'`, or absent. */
  type?: string
  streamtype?: string
  /** The auth blob, 0 to 3. Default: 0. */
  blob?: number
}

/** A streamtype in normal form: what the spec's "s" section describes. */
export interface Streamtype {
  /** Where to connect; for a server, the interface or address to listen on. May hold `${metadata}`. */
  endpoint?: string
  /** 1 to 65535; for a server 0 lets the system choose. */
  port?: number
  /** Default: `'h1'`. */
  protocol?: Protocol
  server?: boolean
  tls?: boolean
  /** Which client certificate blob to use, counting from 0. */
  client_cert?: number
  tls_trust_store?: string
  server_cert?: string
  server_key?: string
  opportunistic?: boolean
  nailed_up?: boolean
  allow_redirects?: boolean
  retry?: string
  /** For `startTimeout()` without a time, in ms. */
  timeout_ms?: number
  perf?: boolean
  use_auth?: string
  /** The name of the metadata that holds the AWS region. */
  aws_region?: string
  /** The name of the metadata that holds the AWS service. */
  aws_service?: string
  direct_proto_str?: boolean
  swake_validity?: boolean
  long_poll?: boolean
  payload_fmt?: string
  /** Bytes. */
  proxy_buflen?: number
  /** Bytes. */
  proxy_buflen_rxflow_on_above?: number
  /** Bytes. */
  proxy_buflen_rxflow_off_below?: number
  /** Bytes. */
  client_buflen?: number
  /** 0 (normal) to 7. */
  attr_priority?: number
  attr_low_latency?: boolean
  attr_high_throughput?: boolean
  attr_high_reliability?: boolean
  attr_low_cost?: boolean
  /** Names with the header each stands for, or `''`. */
  metadata?: readonly Readonly<Record<string, string>>[]
  rideshare?: string

  /** Default on h1 and h2: `'GET'`. */
  http_method?: string
  /** The success status, instead of 200 to 299. */
  http_expect?: number
  http_fail_redirect?: boolean
  /** With or without the leading `/`. May hold `${metadata}`. Default: `'/'`. */
  http_url?: string
  /** Response status to state number (1000 and above); at most 16. */
  http_resp_map?: readonly Readonly<Record<string, number>>[]
  http_auth_header?: string
  http_dsn_header?: string
  http_fwv_header?: string
  http_devtype_header?: string
  http_auth_preamble?: string
  http_no_content_length?: boolean
  http_multipart_ss_in?: boolean
  http_multipart_name?: string
  http_multipart_filename?: string
  http_mime_content_type?: string
  http_www_form_urlencoded?: boolean
  http_cookies?: boolean
  nghttp2_quirk_end_stream?: boolean
  h2q_oflow_txcr?: boolean

  ws_subprotocol?: string
  ws_binary?: boolean
  ws_prioritize_reads?: boolean

  /** May hold `${metadata}`. */
  mqtt_topic?: string
  /** May hold `${metadata}`. */
  mqtt_subscribe?: string
  /** 0 or 1. */
  mqtt_qos?: number
  mqtt_retain?: boolean
  /** Seconds. */
  mqtt_keep_alive?: number
  mqtt_clean_start?: boolean
  mqtt_will_topic?: string
  mqtt_will_message?: string
  mqtt_will_qos?: number
  mqtt_will_retain?: boolean
  mqtt_birth_topic?: string
  mqtt_birth_message?: string
  mqtt_birth_qos?: number
  mqtt_birth_retain?: boolean
  aws_iot?: boolean
}

/** A policy in normal form, as {@link normalizePolicy} returns it: one shape, every section there. */
export interface Policy {
  release?: string | number
  product?: string | number
  'schema-version'?: string | number
  /** `address:port` of a socks5 proxy for client connections. */
  'via-socks5'?: string
  retry: readonly Readonly<Record<string, Retry>>[]
  /** Base64 of DER. */
  certs: readonly Readonly<Record<string, string>>[]
  trust_stores: readonly TrustStore[]
  auth: readonly Auth[]
  s: readonly Readonly<Record<string, Streamtype>>[]
}

/** A streamtype as people write it: the normal form, and the other spellings in the spec. */
export interface StreamtypeInput
  extends Omit<Streamtype, 'protocol' | 'metadata' | 'http_resp_map'> {
  protocol?: Protocol | 'h1get' | 'h1post'
  metadata?: readonly Readonly<Record<string, string>>[]
  http_resp_map?: readonly Readonly<Record<string, number | string>>[]
  aux?: string
  http_multipart_content_type?: string
  'client cert'?: number
  'mqtt qos'?: number
  'via-socks5'?: string
  plugins?: readonly unknown[]
  urgent_tx?: boolean
  urgent_rx?: boolean
  local_sink?: boolean
  client_buflen_rxflow_on_above?: number
  client_buflen_rxflow_off_below?: number
  auth_hexify?: boolean
}

/** A policy as people write it. */
export interface PolicyInput {
  release?: string | number
  product?: string | number
  'schema-version'?: string | number
  'via-socks5'?: string
  retry?: readonly Readonly<Record<string, Retry>>[]
  certs?: readonly Readonly<Record<string, string>>[]
  trust_stores?: readonly (TrustStore | Readonly<Record<string, readonly string[]>>)[]
  auth?: readonly Auth[]
  metrics?: readonly unknown[]
  s?: readonly Readonly<Record<string, StreamtypeInput>>[]
}

/** A policy as JSON text (`#`, `//` and block comments allowed), UTF-8 bytes of it, or an object. */
export type PolicySource = string | Uint8Array | object
