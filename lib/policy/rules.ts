/** What the keys of one streamtype mean together: roles, protocols, references. */
import {
  KEYS_BY_PLACE,
  type KeySpec,
  MAX_ENDPOINT_BYTES,
  MAX_METADATA_ITEMS,
  MAX_SUBSTITUTED_NAME_BYTES,
  type Protocol,
  SERVER_METADATA,
  type Section,
} from './keys.js'
import type { PolicyNode } from './node.js'
import { metadataOf, type StreamtypeEntry } from './read-streamtype.js'
import type { Report } from './report.js'
import { byteLength, quote } from './text.js'
import type { Auth, Streamtype } from './types.js'

/** The names that streamtypes can refer to. */
export interface Names {
  has(section: Exclude<Section, 'metadata'>, name: string): boolean
  auth(name: string): Auth | undefined
}

const STREAMTYPE_KEYS = KEYS_BY_PLACE.streamtype
const ANY_LOCAL_STREAMTYPE = 's'

const MQTT_REASONS = [
  'mqtt_topic',
  'mqtt_subscribe',
  'mqtt_will_topic',
  'mqtt_birth_topic',
] as const

/** Checks one streamtype against the rest of the policy. */
export function checkStreamtype(entry: StreamtypeEntry, names: Names, report: Report): void {
  const metadata = metadataOf(entry.value)
  for (const [key, node] of entry.nodes) {
    const spec = STREAMTYPE_KEYS.get(key)
    const value = entry.value[key as keyof Streamtype]
    if (spec !== undefined && value !== undefined && value !== false && value !== '') {
      checkApplies(spec, entry, node, report)
      checkReference(spec, value, metadata, names, node, report)
    }
  }
  if (entry.value.server === true) {
    checkServer(entry, metadata, report)
  } else {
    checkClient(entry, metadata, names, report)
  }
}

/** True when lws is to be told about a key of this streamtype. */
export function applies(spec: KeySpec, value: Streamtype): boolean {
  return (
    (spec.role === undefined || spec.role === roleOf(value)) &&
    (spec.protocols === undefined || spec.protocols.includes(protocolOf(value)))
  )
}

/** The protocol of a streamtype, which lws takes to be h1 when none is given. */
export function protocolOf(value: Streamtype): Protocol {
  return value.protocol ?? 'h1'
}

function roleOf(value: Streamtype): 'client' | 'server' {
  return value.server === true ? 'server' : 'client'
}

function checkApplies(
  spec: KeySpec,
  { value }: StreamtypeEntry,
  node: PolicyNode,
  report: Report,
): void {
  const role = roleOf(value)
  const protocol = protocolOf(value)
  if (spec.role !== undefined && spec.role !== role) {
    const message = `${spec.name} is for a ${spec.role}, and this streamtype is a ${role}`
    if (spec.union === 'trust') {
      report.error('key-wrong-role', node, `${message}; remove it`)
    } else {
      report.warning('key-wrong-role', node, `${message}; it is ignored`)
    }
  } else if (spec.protocols !== undefined && !spec.protocols.includes(protocol)) {
    const wanted = spec.protocols.join(', ')
    const message = `${spec.name} is for ${wanted}, and this streamtype uses ${protocol}`
    if (isClobbering(spec, protocol)) {
      report.error('key-wrong-protocol', node, `${message}; remove it or change the protocol`)
    } else {
      report.warning('key-wrong-protocol', node, `${message}; it is ignored`)
    }
  }
}

function isClobbering(spec: KeySpec, protocol: Protocol): boolean {
  return protocol === 'mqtt' ? spec.union === 'http' : spec.union === 'mqtt' && protocol !== 'raw'
}

function checkReference(
  { name, type }: KeySpec,
  value: unknown,
  metadata: ReadonlyMap<string, string>,
  names: Names,
  node: PolicyNode,
  report: Report,
): void {
  if (type.kind !== 'reference') {
    return
  }
  const target = value as string
  const known = type.section === 'metadata' ? metadata.has(target) : names.has(type.section, target)
  if (!known) {
    const where = type.section === ANY_LOCAL_STREAMTYPE ? 'streamtypes' : `"${type.section}"`
    report.error(
      'unknown-reference',
      node,
      `${name} refers to ${quote(target)}, which is not in the ${where}; define it or correct the name`,
    )
  }
}

function checkServer(
  { value, node, nodes }: StreamtypeEntry,
  metadata: ReadonlyMap<string, string>,
  report: Report,
): void {
  const count = new Set([...metadata.keys(), ...SERVER_METADATA]).size
  if (count > MAX_METADATA_ITEMS && metadata.size <= MAX_METADATA_ITEMS) {
    report.error(
      'too-many-items',
      nodes.get('metadata') ?? node,
      `a server also has the metadata ${SERVER_METADATA.join(' and ')}, which makes ${count} ` +
        `items; lws can hold ${MAX_METADATA_ITEMS}`,
    )
  }
  if (value.protocol === 'mqtt') {
    report.error(
      'server-protocol',
      nodes.get('protocol') ?? node,
      'lws is no MQTT broker; a server uses h1, h2, ws or raw',
    )
  }
  if (value.tls === true && value.endpoint?.startsWith('!') !== true) {
    for (const key of ['server_cert', 'server_key'] as const) {
      if (value[key] === undefined) {
        report.error(
          'missing-server-cert',
          node,
          `a tls server needs ${key}; name an entry of "certs" or remove tls`,
        )
      }
    }
  }
}

function checkClient(
  entry: StreamtypeEntry,
  metadata: ReadonlyMap<string, string>,
  names: Names,
  report: Report,
): void {
  const { value, node, nodes } = entry
  checkEndpoint(entry, report)
  for (const [key, keyNode] of nodes) {
    const type = STREAMTYPE_KEYS.get(key)?.type
    const text = value[key as keyof Streamtype]
    if (type?.kind === 'text' && type.expands === true && typeof text === 'string') {
      checkSubstitutions(key, text, metadata, keyNode, report)
    }
  }
  if (value.protocol === 'mqtt') {
    checkMqtt(value, node, nodes, report)
  }
  if (value.nailed_up === true && value.opportunistic === true) {
    report.warning(
      'nailed-up-opportunistic',
      nodes.get('nailed_up') ?? node,
      'nailed_up with opportunistic connects once and does not reconnect; keep one of them',
    )
  }
  if (value.retry === undefined) {
    report.info(
      'missing-retry',
      node,
      'without "retry" the first failure to connect is final; name a retry scheme to try again',
    )
  }
  if (value.tls_trust_store !== undefined && value.tls !== true) {
    report.warning(
      'trust-store-without-tls',
      nodes.get('tls_trust_store') ?? node,
      'tls_trust_store has no effect without "tls": true, and the connection is not encrypted',
    )
  }
  if (value.use_auth !== undefined && names.auth(value.use_auth)?.type === 'sigv4') {
    for (const key of ['aws_region', 'aws_service'] as const) {
      if (value[key] === undefined) {
        report.error(
          'missing-key',
          node,
          `sigv4 authentication needs ${key}; name the metadata that holds it`,
        )
      }
    }
  }
}

function checkEndpoint({ value, node, nodes }: StreamtypeEntry, report: Report): void {
  const { endpoint = '', port } = value
  if (endpoint === '') {
    report.error('missing-endpoint', nodes.get('endpoint') ?? node, 'a client needs an endpoint')
    return
  }
  if (!endpoint.includes('${') && byteLength(endpoint) > MAX_ENDPOINT_BYTES) {
    report.warning(
      'endpoint-too-long',
      nodes.get('endpoint') ?? node,
      `lws cannot connect to an endpoint of more than ${MAX_ENDPOINT_BYTES} bytes`,
    )
  }
  if (/^\+|:|\$\{/.test(endpoint)) {
    return
  }
  if (port === 0) {
    report.error('out-of-range', nodes.get('port') ?? node, 'the port of a client is 1 to 65535')
  } else if (port === undefined) {
    report.warning('missing-port', node, 'without a port no connection can be made; give "port"')
  }
}

function checkSubstitutions(
  key: string,
  text: string,
  metadata: ReadonlyMap<string, string>,
  node: PolicyNode,
  report: Report,
): void {
  for (let at = text.indexOf('${'); at !== -1; at = text.indexOf('${', at + 2)) {
    const end = text.indexOf('}', at)
    if (end === -1) {
      report.error('bad-substitution', node, `\${ in ${key} is not closed; write \${name}`)
      return
    }
    const name = text.slice(at + 2, end)
    if (!metadata.has(name)) {
      report.error(
        'unknown-reference',
        node,
        `${key} uses \${${name}}, which is not declared; add { ${quote(name)}: "" } to "metadata"`,
      )
    } else if (byteLength(name) > MAX_SUBSTITUTED_NAME_BYTES) {
      report.error(
        'name-too-long',
        node,
        `\${${name}} in ${key} is longer than the ${MAX_SUBSTITUTED_NAME_BYTES} bytes that lws ` +
          'can substitute; shorten the metadata name',
      )
    }
  }
}

function checkMqtt(
  value: Streamtype,
  node: PolicyNode,
  nodes: ReadonlyMap<string, PolicyNode>,
  report: Report,
): void {
  if (!MQTT_REASONS.some((key) => value[key] !== undefined && value[key] !== '')) {
    report.error(
      'missing-topic',
      node,
      'an mqtt streamtype needs mqtt_topic to publish to, mqtt_subscribe, or a will or birth topic',
    )
  }
  for (const kind of ['will', 'birth'] as const) {
    const message = nodes.get(`mqtt_${kind}_message`)
    if (message !== undefined && (value[`mqtt_${kind}_topic`] ?? '') === '') {
      report.warning(
        'no-effect',
        message,
        `mqtt_${kind}_message has no effect without mqtt_${kind}_topic; add it`,
      )
    }
  }
}
