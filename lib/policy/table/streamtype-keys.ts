/** The keys of streamtypes of every protocol. */
import type { KeySpec } from './key-spec.js'
import {
  at,
  expanded,
  flag,
  inert,
  s,
  size,
  TRANSACTIONAL,
  text,
  to,
  UNSPECIFIED,
  u16,
  upTo,
} from './rows.js'

const UNUSED = 'lws parses it and never uses it'
const CLIENT = { role: 'client' } as const
const TLS = { needs: 'LWS_WITH_SSL' } as const
const SIGV4 = {
  ...CLIENT,
  protocols: TRANSACTIONAL,
  needs: 'LWS_WITH_SECURE_STREAMS_AUTH_SIGV4',
} as const
const PROXIED = { needs: 'LWS_WITH_SECURE_STREAMS_PROXY_API', unit: 'bytes' } as const
const RXFLOW = '`proxy_buflen_rxflow_on_above`, `proxy_buflen_rxflow_off_below`'

/** In the order in which lws is told. */
export const STREAMTYPE_KEYS: readonly KeySpec[] = [
  s(
    'endpoint',
    expanded,
    'Where to connect: a host, `host:port`, a URL, or `+` and the path of a Unix socket; for a server, ' +
      'where to listen.',
    {
      limit:
        "A port or a path in it counts instead of the policy's, a URL without a port having that of its " +
        'scheme; only `tls` says whether with TLS; at most 255 bytes with all metadata in it',
      absent: 'a server listens everywhere',
      needs: { '+': 'LWS_UNIX_SOCK' },
    },
  ),
  s('payload_fmt', text, 'What the payload is; for information.', UNSPECIFIED),
  s('aws_region', to('metadata'), 'The name of the metadata that holds the AWS region.', SIGV4),
  s('aws_service', to('metadata'), 'The name of the metadata that holds the AWS service.', SIGV4),
  s('rideshare', to('s'), 'The streamtype of the next message in the same transaction.', CLIENT),

  s('protocol', { kind: 'protocol' }, 'The wire protocol.', {
    default: 'h1',
    needs: {
      h1: 'LWS_ROLE_H1',
      h2: 'LWS_WITH_HTTP2',
      ws: 'LWS_ROLE_WS',
      mqtt: 'LWS_ROLE_MQTT',
    },
  }),
  s('retry', to('retry'), 'The retry scheme: a name in `retry`.', {
    absent: 'one attempt',
  }),
  s(
    'tls_trust_store',
    to('trust_stores'),
    "The entry of `trust_stores` that the peer's certificate is checked by.",
    { ...CLIENT, ...TLS, union: 'trust', absent: "what the context's `ca` says" },
  ),
  s('server_cert', to('certs'), "The server's certificate: a name in `certs`.", {
    ...TLS,
    role: 'server',
    union: 'trust',
  }),
  s('server_key', to('certs'), 'The entry of `certs` that is the key of `server_cert`.', {
    ...TLS,
    role: 'server',
    union: 'trust',
  }),
  s('use_auth', to('auth'), 'How requests are authenticated: a name in `auth`.', SIGV4),

  s(
    'port',
    u16,
    'The port to connect to, or to listen on; for a server 0 lets the system choose.',
    {
      absent:
        'for a client that of the protocol, by `tls`: 80 or 443, on `mqtt` 1883 or 8883; `raw` needs it',
    },
  ),
  // The blob that lws looks up is `LWS_SYSBLOB_TYPE_CLIENT_KEY_DER` + this, of 19 in all.
  s('client_cert', upTo(15), 'Which client certificate blob to use, counting from 0.', {
    ...CLIENT,
    ...TLS,
    heading: '`client cert`',
    aliases: ['client cert'],
    absent: 'no client certificate',
  }),
  s(
    'timeout_ms',
    size,
    'How long a transaction may take, and what `startTimeout()` takes without a time of its own.',
    {
      unit: 'ms',
      limit: '0 is for no limit',
    },
  ),
  s('attr_priority', upTo(7), 'The priority of packets; 7 needs CAP_NET_ADMIN.', { default: 0 }),
  s('proxy_buflen', size, 'How much payload a proxy keeps for the stream.', {
    ...PROXIED,
    default: 32_768,
  }),
  s(
    'proxy_buflen_rxflow_on_above',
    size,
    'The amount of kept payload above which the proxy stops reading.',
    {
      ...PROXIED,
      heading: RXFLOW,
    },
  ),
  s(
    'proxy_buflen_rxflow_off_below',
    size,
    'The amount of kept payload below which the proxy reads again.',
    { ...PROXIED, heading: RXFLOW },
  ),
  s('client_buflen', size, 'How much payload a client of a proxy keeps for the stream.', {
    ...PROXIED,
    default: 32_768,
  }),

  s('server', flag, 'Whether it listens instead of connecting.'),
  s('tls', flag, 'Whether the connection has to be in TLS.', TLS),
  s(
    'opportunistic',
    flag,
    'Whether a lost connection is made again only when there is something to send.',
  ),
  s(
    'nailed_up',
    flag,
    'Whether to connect at creation and whenever the connection is lost.',
    CLIENT,
  ),
  s('allow_redirects', flag, 'Whether HTTP redirects are followed.', CLIENT),
  s('attr_low_latency', flag, 'Whether packets ask for low delay.'),
  s('attr_high_throughput', flag, 'Whether packets ask for high throughput.'),
  s('attr_high_reliability', flag, 'Whether packets ask for high reliability.'),
  s('attr_low_cost', flag, 'Whether packets ask for low cost.', {
    limit: 'Linux does not set it on TCP, which has its bit for another purpose',
  }),
  s(
    'long_poll',
    flag,
    'On h2, whether a request stays open for what the peer sends over a long time.',
    UNSPECIFIED,
  ),
  s('perf', flag, "Whether the timing of connections is told by the event `'perf'`.", {
    needs: 'LWS_WITH_CONMON',
  }),
  s('swake_validity', flag, 'Whether checks of the connection may wake the system from suspend.'),
  s(
    'direct_proto_str',
    flag,
    'Whether metadata may be named by HTTP header, such as `content-type:`.',
    { needs: 'LWS_WITH_SS_DIRECT_PROTOCOL_STR' },
  ),

  s('metadata', { kind: 'metadata' }, 'Names with the header that each stands for, or `""`.', {
    needs: 'LWS_WITH_CUSTOM_HEADERS',
  }),

  inert(
    'via-socks5',
    text,
    '`address:port` of a socks5 proxy.',
    'lws only honours it at the top of the policy',
  ),
  inert('plugins', { kind: 'list' }, 'Names of plugins.', 'no plugins are built in'),
  inert('urgent_tx', flag, 'Whether sending is urgent.', UNUSED),
  inert('urgent_rx', flag, 'Whether receiving is urgent.', UNUSED),
  at('streamtype', 'local_sink', flag, 'Whether a sink in the same process takes the payload.', {
    ...CLIENT,
    ...UNSPECIFIED,
    default: false,
    limit:
      'There are no sinks in this build: a stream without an `endpoint` fails at once and says so',
  }),
  inert(
    'client_buflen_rxflow_on_above',
    size,
    "How much stops a proxied client's writing.",
    UNUSED,
  ),
  inert('client_buflen_rxflow_off_below', size, 'Down to how much before it writes again.', UNUSED),
]
