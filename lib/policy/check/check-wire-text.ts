// Checks texts of a policy that become part of a URL, a header or an MQTT topic.
import { protocolOf } from '../form/streamtype.js'
import { substituted } from '../form/substitution.js'
import { quote } from '../form/text.js'
import { hasMisplacedWildcard, hasWildcard } from '../form/topics.js'
import type { StreamtypeEntry } from '../read/read-streamtype.js'
import type { Report } from '../read/report.js'
import { placeOf } from './place.js'

const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:?$/
const HEADER_KEYS = [
  'http_auth_header',
  'http_dsn_header',
  'http_fwv_header',
  'http_devtype_header',
] as const
const WITHOUT_TLS = ['http', 'ws', 'mqtt']
const WITH_TLS = ['https', 'wss', 'mqtts']
/** The port of a URL that has none, as libwebsockets reads it. */
const SCHEME_PORTS: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 }

/** Checks texts that would break the request or packet that they become a part of. */
export function checkWireText(entry: StreamtypeEntry, report: Report): void {
  const protocol = protocolOf(entry.value)
  if (protocol === 'mqtt') {
    checkTopics(entry, report)
  } else if (protocol !== 'raw') {
    checkRequest(entry, report)
  }
}

/** Checks what an endpoint says besides the name of a host: its scheme, its port. */
export function checkEndpointText(entry: StreamtypeEntry, report: Report): void {
  const { endpoint = '', tls = false } = entry.value
  if (endpoint.startsWith('+')) {
    return
  }
  const place = placeOf(entry, 'endpoint')
  if (substituted(endpoint).includes(' ')) {
    report.error('bad-endpoint', place, 'an endpoint has no spaces; remove them')
    return
  }
  const scheme = /^([a-z]+):\/\//i.exec(endpoint)?.[1]?.toLowerCase()
  if (scheme !== undefined && (tls ? WITHOUT_TLS : WITH_TLS).includes(scheme)) {
    report.error(
      'scheme-against-tls',
      place,
      tls
        ? `${scheme}:// is without TLS, and the policy has "tls": true; give the name of the host only`
        : `${scheme}:// is with TLS, and the policy is without; add "tls": true`,
    )
    return
  }
  checkUrlParts(entry, report)
}

/** Checks what a URL as the endpoint takes the place of: the port, and the path. */
function checkUrlParts(entry: StreamtypeEntry, report: Report): void {
  const { endpoint = '', port, http_url = '' } = entry.value
  const [, scheme, ownPort, path] =
    /^(?:([a-z]+):\/\/)?(?:\[[^\]]*\]|[^:/]+)(?::(\d+))?(\/.*)?$/i.exec(endpoint) ?? []
  if (ownPort !== undefined && port !== undefined && Number(ownPort) !== port) {
    report.warning(
      'no-effect',
      placeOf(entry, 'port'),
      `port ${port} has no effect, since the endpoint has a port of its own, ${ownPort}; keep one`,
    )
  }
  // Schemes are told apart by case here.
  const schemePort = ownPort === undefined ? SCHEME_PORTS[scheme ?? ''] : undefined
  if (schemePort !== undefined && port !== undefined && port !== schemePort) {
    report.warning(
      'no-effect',
      placeOf(entry, 'port'),
      `port ${port} has no effect, since ${scheme}:// in the endpoint means port ${schemePort}; give the name of the host only`,
    )
  }
  if (/^[\w.-]+\//.test(endpoint)) {
    report.error(
      'bad-endpoint',
      placeOf(entry, 'endpoint'),
      'an endpoint is the name of a host, without a path; the path of HTTP is http_url',
    )
  } else if (path !== undefined && http_url !== '') {
    report.warning(
      'no-effect',
      placeOf(entry, 'http_url'),
      `http_url has no effect, since the endpoint has a path of its own, ${quote(path)}; keep one`,
    )
  }
}

function checkRequest(entry: StreamtypeEntry, report: Report): void {
  const { http_method = '', http_expect = 0 } = entry.value
  if (
    /^(get|head|post|put|patch|delete|options)$/i.test(http_method) &&
    /[a-z]/.test(http_method)
  ) {
    const written = http_method.toUpperCase()
    report.warning(
      'method-case',
      placeOf(entry, 'http_method'),
      `methods of HTTP are told apart by case, and servers know ${written}; write that`,
    )
  }
  if (http_expect !== 0 && (http_expect < 100 || http_expect > 999)) {
    const message = `no answer has the status ${http_expect}, and any other is refused; use 100 to 999`
    report.warning('bad-status', placeOf(entry, 'http_expect'), message)
  }
  const items = (entry.value.metadata ?? []).flatMap((item) => Object.values(item))
  for (const [key, header] of [
    ...items.map((item) => ['metadata', item] as const),
    ...HEADER_KEYS.map((key) => [key, entry.value[key] ?? ''] as const),
  ]) {
    if (header !== '' && !HEADER.test(header)) {
      report.error(
        'bad-header',
        placeOf(entry, key),
        `${quote(header)} is no header's name; write one such as "accept:"`,
      )
    }
  }
}

function checkTopics(entry: StreamtypeEntry, report: Report): void {
  for (const key of ['mqtt_topic', 'mqtt_will_topic', 'mqtt_birth_topic'] as const) {
    if (hasWildcard(substituted(entry.value[key] ?? ''))) {
      report.error(
        'bad-topic',
        placeOf(entry, key),
        `${key} has a wildcard, + or #, and a message goes to one topic; name that`,
      )
    }
  }
  if (hasMisplacedWildcard(substituted(entry.value.mqtt_subscribe ?? ''))) {
    report.error(
      'bad-topic',
      placeOf(entry, 'mqtt_subscribe'),
      'the wildcards + and # stand for whole levels of a topic, and # for the last ones, as in a/+/b/#',
    )
  }
}
