// Made by `npm run generate` from the table in table/keys.ts; changes belong there.
import type { Protocol } from '../table/key-spec.js'

/** A retry and backoff scheme (spec: `retry`). */
export interface Retry {
  /** Delays before each retry in turn, in ms. At most 8. Default: 3000 ms. */
  backoff?: readonly number[]
  /** How many retries happen before `ALL_RETRIES_FAILED`; 65535 never stops. Default: `0`. */
  conceal?: number
  /**
   * How much of the delay may be added to it at random, in %. From 0 to 255. Default: `30`. 0 is
   * taken for 1, because lws takes it for the default.
   */
  jitterpc?: number
  /**
   * How long without proof that the connection lives before a ping, in s. Default: no pings.
   * Connections of `h2`, `ws` and `mqtt` only.
   */
  svalidping?: number
  /**
   * How long without proof that the connection lives before it is closed, in s. Default: never.
   * Connections of `h2`, `ws` and `mqtt` only.
   */
  svalidhup?: number
}

/** A named chain of certificates (spec: `trust_stores`). */
export interface TrustStore {
  /** What `tls_trust_store` refers to. */
  name: string
  /** Names of entries in `certs`, as a chain. At most 6. */
  stack: readonly string[]
}

/** A named authentication scheme (spec: `auth`). */
export interface Auth {
  /** What `use_auth` refers to. */
  name: string
  /** The kind of authentication: `sigv4` signs requests, others leave it at `http_auth_header`. */
  type?: string
  /** A streamtype that would refresh the token; lws does not act on it. */
  streamtype?: string
  /** The auth blob that holds the token, or the credentials. From 0 to 3. Default: `0`. */
  blob?: number
}

/** How metrics are to be reported; without effect. */
export interface Metric {
  /** Which metrics: a name, or the beginning of names with `*`. */
  name?: string
  /** How often to report, in microseconds. */
  us_schedule?: number
  /** How fast older figures count for less, in microseconds. */
  us_halflife?: number
  /** From how many figures on outliers are left out. From 0 to 255. */
  min_outlier?: number
  /** The streamtype that carries the reports. */
  report?: string
}

/** A streamtype in normal form. Specification: `s`, and below it each key under its own name. */
export interface Streamtype {
  /**
   * Where to connect: a host, `host:port`, a URL, or `+` and the path of a Unix socket; for a
   * server, where to listen. May hold `${metadata}`. Default: a server listens everywhere. A port
   * or a path in it counts instead of the policy's, a URL without a port having that of its scheme;
   * only `tls` says whether with TLS; at most 255 bytes with all metadata in it.
   */
  endpoint?: string
  /** What the payload is; for information. */
  payload_fmt?: string
  /** The name of the metadata that holds the AWS region. */
  aws_region?: string
  /** The name of the metadata that holds the AWS service. */
  aws_service?: string
  /** The streamtype of the next message in the same transaction. */
  rideshare?: string
  /** The wire protocol. Default: `"h1"`. */
  protocol?: Protocol
  /** The retry scheme: a name in `retry`. Default: one attempt. */
  retry?: string
  /**
   * The entry of `trust_stores` that the peer's certificate is checked by. Default: what the
   * context's `ca` says.
   */
  tls_trust_store?: string
  /** The server's certificate: a name in `certs`. */
  server_cert?: string
  /** The entry of `certs` that is the key of `server_cert`. */
  server_key?: string
  /** How requests are authenticated: a name in `auth`. */
  use_auth?: string
  /**
   * The port to connect to, or to listen on; for a server 0 lets the system choose. Default: for a
   * client that of the protocol, by `tls`: 80 or 443, on `mqtt` 1883 or 8883; `raw` needs it.
   */
  port?: number
  /**
   * Which client certificate blob to use, counting from 0. From 0 to 15. Default: no client
   * certificate.
   */
  client_cert?: number
  /**
   * How long a transaction may take, and what `startTimeout()` takes without a time of its own, in
   * ms. 0 is for no limit.
   */
  timeout_ms?: number
  /** The priority of packets; 7 needs CAP_NET_ADMIN. From 0 to 7. Default: `0`. */
  attr_priority?: number
  /** How much payload a proxy keeps for the stream, in bytes. Default: `32768`. */
  proxy_buflen?: number
  /** The amount of kept payload above which the proxy stops reading, in bytes. */
  proxy_buflen_rxflow_on_above?: number
  /** The amount of kept payload below which the proxy reads again, in bytes. */
  proxy_buflen_rxflow_off_below?: number
  /** How much payload a client of a proxy keeps for the stream, in bytes. Default: `32768`. */
  client_buflen?: number
  /** Whether it listens instead of connecting. Default: `false`. */
  server?: boolean
  /** Whether the connection has to be in TLS. Default: `false`. */
  tls?: boolean
  /**
   * Whether a lost connection is made again only when there is something to send. Default: `false`.
   */
  opportunistic?: boolean
  /** Whether to connect at creation and whenever the connection is lost. Default: `false`. */
  nailed_up?: boolean
  /** Whether HTTP redirects are followed. Default: `false`. */
  allow_redirects?: boolean
  /** Whether packets ask for low delay. Default: `false`. */
  attr_low_latency?: boolean
  /** Whether packets ask for high throughput. Default: `false`. */
  attr_high_throughput?: boolean
  /** Whether packets ask for high reliability. Default: `false`. */
  attr_high_reliability?: boolean
  /**
   * Whether packets ask for low cost. Default: `false`. Linux does not set it on TCP, which has its
   * bit for another purpose.
   */
  attr_low_cost?: boolean
  /**
   * On h2, whether a request stays open for what the peer sends over a long time. Default: `false`.
   */
  long_poll?: boolean
  /** Whether the timing of connections is told by the event `'perf'`. Default: `false`. */
  perf?: boolean
  /** Whether checks of the connection may wake the system from suspend. Default: `false`. */
  swake_validity?: boolean
  /** Whether metadata may be named by HTTP header, such as `content-type:`. Default: `false`. */
  direct_proto_str?: boolean
  /** Names with the header that each stands for, or `""`. At most 255. */
  metadata?: readonly Readonly<Record<string, string>>[]
  /**
   * Whether a sink in the same process takes the payload. Default: `false`. There are no sinks in
   * this build: a stream without an `endpoint` fails at once and says so.
   */
  local_sink?: boolean
  /** The HTTP method. Default: `"GET"`. */
  http_method?: string
  /**
   * The path and query, with or without the leading `/`. May hold `${metadata}`. Default: `"/"`.
   */
  http_url?: string
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
  /** Sends as multipart, with this `name`. */
  http_multipart_name?: string
  /** The `filename` of the multipart section. */
  http_multipart_filename?: string
  /** The `content-type` of the multipart section. */
  http_mime_content_type?: string
  /** The subprotocol to ask for; for a server, to accept. */
  ws_subprotocol?: string
  /** The only status that counts as success. Default: 200 to 299. */
  http_expect?: number
  /** Whether reading has priority over writing. Default: `false`. */
  ws_prioritize_reads?: boolean
  /** Whether messages are binary; otherwise they are text. Default: `false`. */
  ws_binary?: boolean
  /** Whether to leave out `content-length`. Default: `false`. */
  http_no_content_length?: boolean
  /**
   * Whether a request without a body is ended at once. Default: `true`. With `long_poll` the
   * default is `false`.
   */
  nghttp2_quirk_end_stream?: boolean
  /** Whether to accept a peer that exceeds its initial tx credit. Default: `false`. */
  h2q_oflow_txcr?: boolean
  /** Whether each part of a multipart answer, with its headers, is a message. Default: `false`. */
  http_multipart_ss_in?: boolean
  /** Whether to send as `application/x-www-form-urlencoded`. Default: `false`. */
  http_www_form_urlencoded?: boolean
  /** Whether cookies are kept in the context's `cookieJar` and sent. Default: `false`. */
  http_cookies?: boolean
  /** Whether a redirect fails the connection. Default: `false`. */
  http_fail_redirect?: boolean
  /** Which state (1000 and above) each response status stands for. At most 16. */
  http_resp_map?: readonly Readonly<Record<string, number>>[]
  /** Whether the auth token is sent as hexadecimal text. Default: `false`. */
  auth_hexify?: boolean
  /** The topic that messages are published to. May hold `${metadata}`. */
  mqtt_topic?: string
  /** The topic that is subscribed to. May hold `${metadata}`. */
  mqtt_subscribe?: string
  /** The topic of the will. May hold `${metadata}`. Default: no will. */
  mqtt_will_topic?: string
  /** What the broker publishes when the connection is lost. May hold `${metadata}`. */
  mqtt_will_message?: string
  /** The topic of the birth message. May hold `${metadata}`. Default: no birth message. */
  mqtt_birth_topic?: string
  /** What is published first on a new connection. May hold `${metadata}`. */
  mqtt_birth_message?: string
  /** The QoS of what is published and subscribed to. From 0 to 2. Default: `0`. */
  mqtt_qos?: number
  /** The longest time without a packet to the broker, in s. Default: no pings. */
  mqtt_keep_alive?: number
  /** The QoS of the will. From 0 to 2. Default: `0`. */
  mqtt_will_qos?: number
  /** The QoS of the birth message. From 0 to 1. Default: `0`. */
  mqtt_birth_qos?: number
  /** Whether the broker is to retain what is published. Default: `false`. */
  mqtt_retain?: boolean
  /** Whether to begin a new session, without what the broker has kept. Default: `false`. */
  mqtt_clean_start?: boolean
  /** Whether the broker is to retain the will. Default: `false`. */
  mqtt_will_retain?: boolean
  /** Whether the broker is to retain the birth message. Default: `false`. */
  mqtt_birth_retain?: boolean
  /**
   * Whether the broker is AWS IoT, whose device shadows answer requests on topics of their own.
   * Default: `false`.
   */
  aws_iot?: boolean
}

/** A streamtype as people write it: the normal form, and the other spellings in the spec. */
export interface StreamtypeInput extends Omit<Streamtype, 'protocol' | 'http_resp_map'> {
  /** The wire protocol. Default: `"h1"`. */
  protocol?: Protocol | 'h1get' | 'h1post'
  /** Another name of `client_cert`. */
  'client cert'?: number
  /**
   * `address:port` of a socks5 proxy. Without effect: lws only honours it at the top of the policy.
   */
  'via-socks5'?: string
  /** Names of plugins. Without effect: no plugins are built in. */
  plugins?: readonly unknown[]
  /** Whether sending is urgent. Without effect: lws parses it and never uses it. */
  urgent_tx?: boolean
  /** Whether receiving is urgent. Without effect: lws parses it and never uses it. */
  urgent_rx?: boolean
  /** How much stops a proxied client's writing. Without effect: lws parses it and never uses it. */
  client_buflen_rxflow_on_above?: number
  /** Down to how much before it writes again. Without effect: lws parses it and never uses it. */
  client_buflen_rxflow_off_below?: number
  /** Another name of `http_url`. */
  aux?: string
  /** Another name of `http_mime_content_type`. */
  http_multipart_content_type?: string
  /** Which state (1000 and above) each response status stands for. At most 16. */
  http_resp_map?: readonly Readonly<Record<string, number | string>>[]
  /** Another name of `mqtt_qos`. */
  'mqtt qos'?: number
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
  /**
   * `address:port` or `user:password@address:port` of a socks5 proxy for client connections.
   * Default: what the environment variable `socks_proxy` says, or no proxy. An address of IPv6 is
   * in brackets.
   */
  'via-socks5'?: string
  /** The retry and backoff schemes that streamtypes name in `retry`. */
  retry: readonly Readonly<Record<string, Retry>>[]
  /** Certificates and keys by name, each the base64 of DER. Each is less than 3072 bytes of DER. */
  certs: readonly Readonly<Record<string, string>>[]
  /** The chains that streamtypes name in `tls_trust_store`. */
  trust_stores: readonly TrustStore[]
  /** The authentication schemes that streamtypes name in `use_auth`. */
  auth: readonly Auth[]
  /** The streamtypes by name. */
  s: readonly Readonly<Record<string, Streamtype>>[]
}

/** A policy as people write it. Specification: "JSON Policy Database". */
export interface PolicyInput {
  /** Where the JSON Schema of policies is, for editors. */
  $schema?: string
  /** Which version of the policy this is; for information. */
  release?: string | number
  /** Which product the policy is for; for information. */
  product?: string | number
  /** Which parser the policy needs; for information. */
  'schema-version'?: string | number
  /**
   * `address:port` or `user:password@address:port` of a socks5 proxy for client connections.
   * Default: what the environment variable `socks_proxy` says, or no proxy. An address of IPv6 is
   * in brackets.
   */
  'via-socks5'?: string
  /** The retry and backoff schemes that streamtypes name in `retry`. */
  retry?: readonly Readonly<Record<string, Retry>>[]
  /** Certificates and keys by name, each the base64 of DER. Each is less than 3072 bytes of DER. */
  certs?: readonly Readonly<Record<string, string>>[]
  /** The chains that streamtypes name in `tls_trust_store`. */
  trust_stores?: readonly (TrustStore | Readonly<Record<string, readonly string[]>>)[]
  /** The authentication schemes that streamtypes name in `use_auth`. */
  auth?: readonly Auth[]
  /** The streamtypes by name. */
  s?: readonly Readonly<Record<string, StreamtypeInput>>[]
  /** How metrics are to be reported. Without effect: nothing here reads the metrics of lws. */
  metrics?: readonly Metric[]
}
