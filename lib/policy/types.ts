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
  /** What `tls_trust_store` refers to. */
  name: string
  /** Names of entries in `certs`. */
  stack: readonly string[]
}

/** A named authentication scheme (spec: `auth`). */
export interface Auth {
  /** What `use_auth` refers to. */
  name: string
  /** `'sigv4'`, or absent. */
  type?: string
  /** A streamtype that would refresh the token; libwebsockets 4.3.5 does not act on it. */
  streamtype?: string
  /** The auth blob, 0 to 3. Default: 0. */
  blob?: number
}

/**
 * A streamtype in normal form. Specification: `s`, and below it each key under its own name.
 */
export interface Streamtype {
  /** Where to connect; for a server, the interface or address to listen on. May hold `${metadata}`. */
  endpoint?: string
  /** 1 to 65535; for a server 0 lets the system choose. */
  port?: number
  /** Default: `'h1'`. */
  protocol?: Protocol
  /** Whether it listens instead of connecting. Default: `false`. */
  server?: boolean
  /** Whether the connection has to be in TLS. Default: `false`. */
  tls?: boolean
  /** Which client certificate blob to use, counting from 0. */
  client_cert?: number
  /**
   * The entry of `trust_stores` that the peer's certificate is checked by. Default: what the
   * context's `ca` says.
   */
  tls_trust_store?: string
  /** The entry of `certs` that a server shows. */
  server_cert?: string
  /** The entry of `certs` that is the key of `server_cert`. */
  server_key?: string
  /** Whether a lost connection is left lost until it is needed. Default: `false`. */
  opportunistic?: boolean
  /** Whether to connect at creation and whenever the connection is lost. Default: `false`. */
  nailed_up?: boolean
  /** Whether HTTP redirects are followed. Default: `false`. */
  allow_redirects?: boolean
  /** The entry of `retry` that applies. Default: the first failure is final. */
  retry?: string
  /** For `startTimeout()` without a time, in ms. */
  timeout_ms?: number
  /** Whether the timing of connections is told by the event `'perf'`. Default: `false`. */
  perf?: boolean
  /** The entry of `auth` that applies. */
  use_auth?: string
  /** The name of the metadata that holds the AWS region. */
  aws_region?: string
  /** The name of the metadata that holds the AWS service. */
  aws_service?: string
  /** Whether metadata may be named by HTTP header, such as `content-type:`. Default: `false`. */
  direct_proto_str?: boolean
  /** Whether checks of the connection may wake the system from suspend. Default: `false`. */
  swake_validity?: boolean
  /**
   * h2: whether a request stays open for what the peer sends over a long time. Default: `false`.
   */
  long_poll?: boolean
  /** What the payload is; for information. */
  payload_fmt?: string
  /** How much payload a proxy keeps for the stream, in bytes. Default: 32 KiB. */
  proxy_buflen?: number
  /** How much of that stops the proxy's reading, in bytes. */
  proxy_buflen_rxflow_on_above?: number
  /** Down to how much it has to sink before the proxy reads again, in bytes. */
  proxy_buflen_rxflow_off_below?: number
  /** How much payload a client of a proxy keeps for the stream, in bytes. Default: 32 KiB. */
  client_buflen?: number
  /** 0 (normal) to 7. */
  attr_priority?: number
  /** Whether packets ask for low delay. Default: `false`. */
  attr_low_latency?: boolean
  /** Whether packets ask for high throughput. Default: `false`. */
  attr_high_throughput?: boolean
  /** Whether packets ask for high reliability. Default: `false`. */
  attr_high_reliability?: boolean
  /** Whether packets ask for low cost. Default: `false`. */
  attr_low_cost?: boolean
  /** Names with the header each stands for, or `''`. */
  metadata?: readonly Readonly<Record<string, string>>[]
  /** The streamtype that shares a transaction of this one. */
  rideshare?: string

  /** Default on h1 and h2: `'GET'`. */
  http_method?: string
  /** The success status, instead of 200 to 299. */
  http_expect?: number
  /** Whether a redirect fails the connection. Default: `false`. */
  http_fail_redirect?: boolean
  /** With or without the leading `/`. May hold `${metadata}`. Default: `'/'`. */
  http_url?: string
  /** Response status to state number (1000 and above); at most 16. */
  http_resp_map?: readonly Readonly<Record<string, number>>[]
  /** The header of the auth token, with its `:`. */
  http_auth_header?: string
  /** The header of the blob `deviceSerial`, with its `:`. */
  http_dsn_header?: string
  /** The header of the blob `deviceFirmwareVersion`, with its `:`. */
  http_fwv_header?: string
  /** The header of the blob `deviceType`, with its `:`. */
  http_devtype_header?: string
  /** What precedes the auth token, such as `bearer `. */
  http_auth_preamble?: string
  /** Whether to leave out `content-length`. Default: `false`. */
  http_no_content_length?: boolean
  /** Whether multipart payload is taken apart when it arrives. Default: `false`. */
  http_multipart_ss_in?: boolean
  /** Sends as multipart, with this `name`. */
  http_multipart_name?: string
  /** The `filename` of the multipart section. */
  http_multipart_filename?: string
  /** The `content-type` of the multipart section. */
  http_mime_content_type?: string
  /** Whether to send as `application/x-www-form-urlencoded`. Default: `false`. */
  http_www_form_urlencoded?: boolean
  /** Whether cookies are kept in the context's `cookieJar` and sent. Default: `false`. */
  http_cookies?: boolean
  /** Whether a request without a body is ended at once. Default: `true` unless `long_poll`. */
  nghttp2_quirk_end_stream?: boolean
  /** Whether to put up with a peer that overflows its initial tx credit. Default: `false`. */
  h2q_oflow_txcr?: boolean

  /** The subprotocol to ask for; for a server, to accept. */
  ws_subprotocol?: string
  /** Whether messages are binary. Default: `false`, text. */
  ws_binary?: boolean
  /** Whether reading comes before writing. Default: `false`. */
  ws_prioritize_reads?: boolean

  /** May hold `${metadata}`. */
  mqtt_topic?: string
  /** May hold `${metadata}`. */
  mqtt_subscribe?: string
  /** 0 or 1. */
  mqtt_qos?: number
  /** Whether the broker is to retain what is published. Default: `false`. */
  mqtt_retain?: boolean
  /** Seconds. */
  mqtt_keep_alive?: number
  /** Whether to begin without what the broker remembers. Default: `false`. */
  mqtt_clean_start?: boolean
  /** The topic of the will. May hold `${metadata}`. Default: no will. */
  mqtt_will_topic?: string
  /** What the broker publishes when the connection is lost. May hold `${metadata}`. */
  mqtt_will_message?: string
  /** 0 to 2. Default: 0. */
  mqtt_will_qos?: number
  /** Whether the broker is to retain the will. Default: `false`. */
  mqtt_will_retain?: boolean
  /** The topic of the birth message. May hold `${metadata}`. Default: no birth message. */
  mqtt_birth_topic?: string
  /** What is published first on a new connection. May hold `${metadata}`. */
  mqtt_birth_message?: string
  /** 0 or 1. Default: 0. */
  mqtt_birth_qos?: number
  /** Whether the broker is to retain the birth message. Default: `false`. */
  mqtt_birth_retain?: boolean
  /** Whether the broker is AWS IoT, which has limits of its own. Default: `false`. */
  aws_iot?: boolean
}

/**
 * A policy in normal form, as {@link normalizePolicy} returns it: one shape, every section there.
 *
 * Specification: "JSON Policy Database".
 */
export interface Policy {
  /** Which version of the policy this is; for information. */
  release?: string | number
  /** Which product the policy is for; for information. */
  product?: string | number
  /** Which parser the policy needs; for information. */
  'schema-version'?: string | number
  /** `address:port` of a socks5 proxy for client connections. */
  'via-socks5'?: string
  /** The schemes that streamtypes name in `retry`. */
  retry: readonly Readonly<Record<string, Retry>>[]
  /** Base64 of DER. */
  certs: readonly Readonly<Record<string, string>>[]
  /** The chains that streamtypes name in `tls_trust_store`. */
  trust_stores: readonly TrustStore[]
  /** The schemes that streamtypes name in `use_auth`. */
  auth: readonly Auth[]
  /** The streamtypes. */
  s: readonly Readonly<Record<string, Streamtype>>[]
}

/** A streamtype as people write it: the normal form, and the other spellings in the spec. */
export interface StreamtypeInput
  extends Omit<Streamtype, 'protocol' | 'metadata' | 'http_resp_map'> {
  /** `'h1get'` and `'h1post'` are `'h1'` with an `http_method`. Default: `'h1'`. */
  protocol?: Protocol | 'h1get' | 'h1post'
  /** Names with the header each stands for, or `''`. */
  metadata?: readonly Readonly<Record<string, string>>[]
  /** Response status to state number (1000 and above); at most 16. */
  http_resp_map?: readonly Readonly<Record<string, number | string>>[]
  /** Another name of `http_url`. */
  aux?: string
  /** Another name of `http_mime_content_type`. */
  http_multipart_content_type?: string
  /** Another name of `client_cert`. */
  'client cert'?: number
  /** Another name of `mqtt_qos`. */
  'mqtt qos'?: number
  /** Without effect: libwebsockets honours it only at the top of the policy. */
  'via-socks5'?: string
  /** Without effect: no plugins are built in. */
  plugins?: readonly unknown[]
  /** Without effect in libwebsockets 4.3.5. */
  urgent_tx?: boolean
  /** Without effect in libwebsockets 4.3.5. */
  urgent_rx?: boolean
  /** Without effect in libwebsockets 4.3.5. */
  local_sink?: boolean
  /** Without effect in libwebsockets 4.3.5. */
  client_buflen_rxflow_on_above?: number
  /** Without effect in libwebsockets 4.3.5. */
  client_buflen_rxflow_off_below?: number
  /** Without effect: give the token as hexadecimal text. */
  auth_hexify?: boolean
}

/** A policy as people write it. Specification: "JSON Policy Database". */
export interface PolicyInput {
  /** Which version of the policy this is; for information. */
  release?: string | number
  /** Which product the policy is for; for information. */
  product?: string | number
  /** Which parser the policy needs; for information. */
  'schema-version'?: string | number
  /** `address:port` of a socks5 proxy for client connections. */
  'via-socks5'?: string
  /** The schemes that streamtypes name in `retry`. */
  retry?: readonly Readonly<Record<string, Retry>>[]
  /** Base64 of DER, by name. */
  certs?: readonly Readonly<Record<string, string>>[]
  /** The chains that streamtypes name in `tls_trust_store`, in either spelling. */
  trust_stores?: readonly (TrustStore | Readonly<Record<string, readonly string[]>>)[]
  /** The schemes that streamtypes name in `use_auth`. */
  auth?: readonly Auth[]
  /** Without effect: no such metrics are built in. */
  metrics?: readonly unknown[]
  /** The streamtypes. */
  s?: readonly Readonly<Record<string, StreamtypeInput>>[]
}

/** A policy as JSON text (`#`, `//` and block comments allowed), UTF-8 bytes of it, or an object. */
export type PolicySource = string | Uint8Array | object
