/** The keys around the streamtypes. */
import type { KeySpec, ValueType } from './key-spec.js'
import {
  at,
  type Extra,
  label,
  saturating,
  section,
  size,
  text,
  to,
  UNSPECIFIED,
  upTo,
} from './rows.js'

const VALIDITY = 'Connections of `h2`, `ws` and `mqtt` only'
const METRICS = 'nothing here reads the metrics of lws'

function retry(name: string, type: ValueType, summary: string, extra: Extra = {}): KeySpec {
  return at('retry', name, type, summary, { lws: name, ...extra })
}
function auth(name: string, type: ValueType, summary: string, extra: Extra = {}): KeySpec {
  return at('auth', name, type, summary, { heading: `\`auth[].${name}\``, ...extra })
}
function metric(name: string, type: ValueType, summary: string): KeySpec {
  return at('metric', name, type, summary, { needs: 'LWS_WITH_SYS_METRICS', ...UNSPECIFIED })
}

/** Every key outside of streamtypes, in the order in which lws is told. */
export const POLICY_KEYS: readonly KeySpec[] = [
  at('root', '$schema', text, 'Where the JSON Schema of policies is, for editors.', {
    ...UNSPECIFIED,
    normal: false,
  }),
  at('root', 'release', label, 'Which version of the policy this is; for information.', {
    heading: '`Release`',
  }),
  at('root', 'product', label, 'Which product the policy is for; for information.', {
    heading: '`Product`',
  }),
  at('root', 'schema-version', label, 'Which parser the policy needs; for information.', {
    heading: '`Schema-version`',
  }),
  at(
    'root',
    'via-socks5',
    { kind: 'text', format: 'socks' },
    '`address:port` or `user:password@address:port` of a socks5 proxy for client connections.',
    {
      lws: 'via-socks5',
      absent: 'what the environment variable `socks_proxy` says, or no proxy',
      needs: 'LWS_WITH_SOCKS5',
      limit: 'An address of IPv6 is in brackets',
    },
  ),
  at('root', 'retry', section, 'The retry and backoff schemes that streamtypes name in `retry`.'),
  at('root', 'certs', section, 'Certificates and keys by name, each the base64 of DER.', {
    needs: 'LWS_WITH_SSL',
    limit: 'Each is less than 3072 bytes of DER',
  }),
  at('root', 'trust_stores', section, 'The chains that streamtypes name in `tls_trust_store`.', {
    needs: 'LWS_WITH_SSL',
  }),
  at('root', 'auth', section, 'The authentication schemes that streamtypes name in `use_auth`.', {
    needs: 'LWS_WITH_SECURE_STREAMS_AUTH_SIGV4',
  }),
  at('root', 's', section, 'The streamtypes by name.'),
  at('root', 'metrics', section, 'How metrics are to be reported.', {
    ...UNSPECIFIED,
    inert: METRICS,
    needs: 'LWS_WITH_SYS_METRICS',
  }),

  retry('backoff', { kind: 'delays' }, 'Delays before each retry in turn.', {
    unit: 'ms',
    absent: '3000 ms',
  }),
  retry(
    'conceal',
    saturating(65_535),
    'How many retries happen before `ALL_RETRIES_FAILED`; 65535 never stops.',
    {
      default: 0,
    },
  ),
  retry('jitterpc', saturating(255), 'How much of the delay may be added to it at random.', {
    unit: '%',
    default: 30,
    limit: '0 is taken for 1, because lws takes it for the default',
  }),
  retry(
    'svalidping',
    saturating(65_535),
    'How long without proof that the connection lives before a ping.',
    {
      ...UNSPECIFIED,
      unit: 's',
      absent: 'no pings',
      limit: VALIDITY,
    },
  ),
  retry(
    'svalidhup',
    saturating(65_535),
    'How long without proof that the connection lives before it is closed.',
    {
      ...UNSPECIFIED,
      unit: 's',
      absent: 'never',
      limit: VALIDITY,
    },
  ),

  at('trust_store', 'name', text, 'What `tls_trust_store` refers to.', {
    lws: 'name',
    heading: '`trust_stores`',
    required: true,
  }),
  at('trust_store', 'stack', { kind: 'stack' }, 'Names of entries in `certs`, as a chain.', {
    lws: 'stack',
    heading: '`trust_stores`',
    required: true,
  }),

  auth('name', text, 'What `use_auth` refers to.', { lws: 'name', required: true }),
  auth(
    'type',
    text,
    'The kind of authentication: `sigv4` signs requests, others leave it at `http_auth_header`.',
    { lws: 'type' },
  ),
  auth('streamtype', text, 'A streamtype that would refresh the token; lws does not act on it.'),
  auth('blob', upTo(3), 'The auth blob that holds the token, or the credentials.', {
    lws: 'blob',
    default: 0,
  }),

  metric('name', text, 'Which metrics: a name, or the beginning of names with `*`.'),
  metric('us_schedule', size, 'How often to report, in microseconds.'),
  metric('us_halflife', size, 'How fast older figures count for less, in microseconds.'),
  metric('min_outlier', upTo(255), 'From how many figures on outliers are left out.'),
  metric('report', to('s'), 'The streamtype that carries the reports.'),
]
