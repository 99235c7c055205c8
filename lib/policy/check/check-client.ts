// Checks what the keys of a client streamtype say together.
import { defaultPort, protocolOf, usedWithoutEndpoint } from '../form/streamtype.js'
import { byteLength } from '../form/text.js'
import { nameOf } from '../read/node.js'
import type { StreamtypeEntry } from '../read/read-streamtype.js'
import type { Report } from '../read/report.js'
import { MAX_PORTABLE_ENDPOINT_BYTES } from '../table/limits.js'
import { checkEndpointText, checkWireText } from './check-wire-text.js'
import type { Names } from './names.js'
import { isRefused, placeOf } from './place.js'

const MQTT_REASONS = [
  'mqtt_topic',
  'mqtt_subscribe',
  'mqtt_will_topic',
  'mqtt_birth_topic',
] as const

/** What the keys of a client mean together. */
export function checkClient(entry: StreamtypeEntry, names: Names, report: Report): void {
  const { value } = entry
  const use = usedWithoutEndpoint(value)
  if (use !== undefined && !isRefused(entry, 'endpoint')) {
    report.warning(
      'no-effect',
      placeOf(entry, value.local_sink === true ? 'local_sink' : 'protocol'),
      `without an endpoint this is for ${use}, of which this build has none: a stream of this ` +
        'type fails as soon as it is opened',
    )
    return
  }
  if (value.local_sink === true) {
    report.warning(
      'no-effect',
      placeOf(entry, 'local_sink'),
      'local_sink has no effect: this build has no sinks, and connects to the endpoint',
    )
  }
  checkEndpoint(entry, report)
  checkWireText(entry, report)
  checkTls(entry, report)
  checkDefaults(entry, report)
  if (value.protocol === 'mqtt') {
    checkMqtt(entry, report)
  }
  if (value.nailed_up === true && value.opportunistic === true) {
    report.warning(
      'nailed-up-opportunistic',
      placeOf(entry, 'nailed_up'),
      'nailed_up with opportunistic connects once and does not reconnect; keep one of them',
    )
  }
  if (value.retry === undefined && !isRefused(entry, 'retry')) {
    report.info(
      'missing-retry',
      nameOf(entry.node),
      'without "retry" the first failure to connect is final; name a retry scheme to try again',
    )
  }
  if (value.use_auth !== undefined && names.auth(value.use_auth)?.type === 'sigv4') {
    for (const key of ['aws_region', 'aws_service'] as const) {
      if (value[key] === undefined) {
        report.error(
          'missing-key',
          placeOf(entry, 'use_auth'),
          `sigv4 authentication needs ${key}; name the metadata that holds it`,
        )
      }
    }
  }
}

function checkTls(entry: StreamtypeEntry, report: Report): void {
  const { value } = entry
  if (value.tls === true) {
    if (value.tls_trust_store === undefined && !isRefused(entry, 'tls_trust_store')) {
      report.info(
        'default-trust',
        placeOf(entry, 'tls'),
        'without tls_trust_store the peer is checked by what the context trusts (its option ca), ' +
          'in C by what the first vhost trusts: name a trust store to say whom',
      )
    }
    return
  }
  if (value.tls_trust_store !== undefined) {
    report.warning(
      'trust-store-without-tls',
      placeOf(entry, 'tls_trust_store'),
      'tls_trust_store has no effect without "tls": true, and the connection is not encrypted',
    )
  }
  if (value.client_cert !== undefined) {
    report.warning(
      'client-cert-without-tls',
      placeOf(entry, 'client_cert'),
      'client_cert has no effect without "tls": true; add it',
    )
  }
}

/** Checks keys whose absence or value means something unexpected in C. */
function checkDefaults(entry: StreamtypeEntry, report: Report): void {
  const { value, node } = entry
  const protocol = protocolOf(value)
  if (value.protocol === undefined && !isRefused(entry, 'protocol')) {
    report.info('missing-protocol', nameOf(node), 'without "protocol" it is h1; say so')
  }
  const isHttp = (protocol === 'h1' || protocol === 'h2') && !isRefused(entry, 'protocol')
  if (isHttp && !value.http_method && !isRefused(entry, 'http_method')) {
    report.info(
      'missing-method',
      nameOf(node),
      'without http_method GET is sent, but C asks for a WebSocket: write "http_method": "GET"',
    )
  }
  if (protocol === 'ws' && !value.http_url && !isRefused(entry, 'http_url')) {
    report.info(
      'missing-url',
      nameOf(node),
      'without http_url the path is /, but C then also sends a subprotocol of its own, ' +
        'lws-secstream-ws: write "http_url": "/"',
    )
  }
  if ((protocol === 'ws' || protocol === 'h2') && /^\/./.test(value.http_url ?? '')) {
    report.info(
      'leading-slash',
      placeOf(entry, 'http_url'),
      `C puts a / before the http_url of ${protocol} and would ask for /${value.http_url}: ` +
        'leave the first one out',
    )
  }
}

function checkEndpoint(entry: StreamtypeEntry, report: Report): void {
  const { endpoint = '', port } = entry.value
  if (endpoint === '') {
    if (isRefused(entry, 'endpoint')) return
    report.error('missing-endpoint', placeOf(entry, 'endpoint'), 'a client needs an endpoint')
    return
  }
  if (!endpoint.includes('${') && byteLength(endpoint) > MAX_PORTABLE_ENDPOINT_BYTES) {
    report.info(
      'endpoint-too-long',
      placeOf(entry, 'endpoint'),
      `other users of lws cannot connect to an endpoint of more than ${MAX_PORTABLE_ENDPOINT_BYTES} bytes`,
    )
  }
  checkEndpointText(entry, report)
  if (/^\+|:|\$\{/.test(endpoint)) {
    return
  }
  if (port === 0) {
    report.error('out-of-range', placeOf(entry, 'port'), 'the port of a client is 1 to 65535')
  } else if (port === undefined && !isRefused(entry, 'port')) {
    const known = defaultPort(entry.value)
    if (known === undefined) {
      report.error('missing-port', nameOf(entry.node), 'a client of raw needs a port; give "port"')
    } else {
      report.info(
        'default-port',
        nameOf(entry.node),
        `without a port it is that of the protocol, ${known}; in C no connection can be made: ` +
          `write "port": ${known}`,
      )
    }
  }
}

function checkMqtt(entry: StreamtypeEntry, report: Report): void {
  const { value, node } = entry
  if (!MQTT_REASONS.some((key) => value[key] !== undefined && value[key] !== '')) {
    report.error(
      'missing-topic',
      nameOf(node),
      'an mqtt streamtype needs mqtt_topic to publish to, mqtt_subscribe, or a will or birth topic',
    )
  }
  for (const kind of ['will', 'birth'] as const) {
    const key = `mqtt_${kind}_message` as const
    if (value[key] !== undefined && (value[`mqtt_${kind}_topic`] ?? '') === '') {
      report.warning(
        'no-effect',
        placeOf(entry, key),
        `${key} has no effect without mqtt_${kind}_topic; add it`,
      )
    }
  }
}
