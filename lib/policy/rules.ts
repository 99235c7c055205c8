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
import type { NameIndex } from './name-index.js'
import { nameOf, type PolicyNode } from './node.js'
import { memberFor } from './read-sections.js'
import type { StreamtypeEntry } from './read-streamtype.js'
import type { Report } from './report.js'
import { didYouMean } from './suggest.js'
import { byteLength, quote } from './text.js'
import type { Auth, Streamtype } from './types.js'

/** The names that streamtypes can refer to. */
export interface Names {
  readonly sections: Readonly<Record<Exclude<Section, 'metadata'>, NameIndex>>
  auth(name: string): Auth | undefined
}

const STREAMTYPE_KEYS = KEYS_BY_PLACE.streamtype

const MQTT_REASONS = [
  'mqtt_topic',
  'mqtt_subscribe',
  'mqtt_will_topic',
  'mqtt_birth_topic',
] as const

/** Checks one streamtype against the rest of the policy. */
export function checkStreamtype(entry: StreamtypeEntry, names: Names, report: Report): void {
  const { value } = entry
  for (const member of entry.node.children) {
    const spec = STREAMTYPE_KEYS.get(member.key as string)
    const given = spec && value[spec.name as keyof Streamtype]
    if (given !== undefined && given !== false && given !== '') {
      checkKey(spec as KeySpec, given, value, member, names, report)
    }
  }
  if (value.server === true) {
    checkServer(entry, report)
  } else {
    checkClient(entry, names, report)
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

/** The metadata that a server needs and does not declare. */
export function missingServerMetadata(value: Streamtype): string[] {
  const protocol = protocolOf(value)
  return protocol === 'h1' || protocol === 'h2'
    ? SERVER_METADATA.filter((name) => !hasMetadata(value, name))
    : []
}

function roleOf(value: Streamtype): 'client' | 'server' {
  return value.server === true ? 'server' : 'client'
}

function checkKey(
  spec: KeySpec,
  given: unknown,
  value: Streamtype,
  member: PolicyNode,
  names: Names,
  report: Report,
): void {
  const { type } = spec
  checkApplies(spec, value, member, report)
  if (type.kind === 'reference') {
    checkReference(spec.name, type.section, given as string, value, member, names, report)
  } else if (type.kind === 'text' && type.expands === true && value.server !== true) {
    checkSubstitutions(spec.name, given as string, value, member, report)
  }
}

function checkApplies(spec: KeySpec, value: Streamtype, node: PolicyNode, report: Report): void {
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
  key: string,
  section: Section,
  target: string,
  value: Streamtype,
  node: PolicyNode,
  { sections }: Names,
  report: Report,
): void {
  if (section === 'metadata') {
    if (!hasMetadata(value, target)) {
      report.error(
        'unknown-reference',
        node,
        `${key} refers to ${quote(target)}, which is not declared; add { ${quote(target)}: "" } ` +
          `to "metadata"${didYouMean(target, metadataNames(value))}`,
      )
    }
    return
  }
  const names = sections[section]
  const longer = PREFIX_MATCHED.has(section) ? names.longerMatch(target) : undefined
  if (!names.has(target)) {
    const where = section === 's' ? 'streamtypes' : `"${section}"`
    const meant =
      longer === undefined
        ? didYouMean(target, names.names())
        : `; lws takes ${quote(longer)} for it, which begins so: write that`
    report.error(
      'unknown-reference',
      node,
      `${key} refers to ${quote(target)}, which is not in the ${where}${meant || '; define it or correct the name'}`,
    )
  } else if (longer !== undefined) {
    report.info(
      'prefix-match',
      node,
      `in C lws takes ${quote(longer)} for ${quote(target)}, with which it begins, as it was ` +
        'defined later: rename one of them',
    )
  }
}

/** The sections in which lws takes the beginning of a name for the name. */
const PREFIX_MATCHED: ReadonlySet<Section> = new Set(['retry', 'trust_stores'])

function metadataNames({ metadata = [] }: Streamtype): string[] {
  return metadata.flatMap((item) => Object.keys(item))
}

function hasMetadata({ metadata }: Streamtype, name: string): boolean {
  return metadata?.some((item) => Object.hasOwn(item, name)) === true
}

/** The node of a key, or of the streamtype's name where the key is not given. */
function placeOf({ node }: StreamtypeEntry, key: string): PolicyNode {
  return memberFor('streamtype', node, key) ?? nameOf(node)
}

function checkServer(entry: StreamtypeEntry, report: Report): void {
  const { value, node } = entry
  const declared = value.metadata?.length ?? 0
  const count = declared + missingServerMetadata(value).length
  if (declared <= MAX_METADATA_ITEMS && count > MAX_METADATA_ITEMS) {
    report.error(
      'too-many-items',
      placeOf(entry, 'metadata'),
      `a server also has the metadata ${SERVER_METADATA.join(' and ')}, which makes ${count} ` +
        `items; lws can hold ${MAX_METADATA_ITEMS}`,
    )
  }
  if (value.protocol === 'mqtt') {
    report.error(
      'server-protocol',
      placeOf(entry, 'protocol'),
      'lws is no MQTT broker; a server uses h1, h2, ws or raw',
    )
  }
  if (value.tls === true && value.endpoint?.startsWith('!') !== true) {
    for (const key of ['server_cert', 'server_key'] as const) {
      if (value[key] === undefined) {
        report.error(
          'missing-server-cert',
          nameOf(node),
          `a tls server needs ${key}; name an entry of "certs" or remove tls`,
        )
      }
    }
  }
}

function checkClient(entry: StreamtypeEntry, names: Names, report: Report): void {
  const { value } = entry
  checkEndpoint(entry, report)
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
  if (value.retry === undefined) {
    report.info(
      'missing-retry',
      nameOf(entry.node),
      'without "retry" the first failure to connect is final; name a retry scheme to try again',
    )
  }
  if (value.tls_trust_store !== undefined && value.tls !== true) {
    report.warning(
      'trust-store-without-tls',
      placeOf(entry, 'tls_trust_store'),
      'tls_trust_store has no effect without "tls": true, and the connection is not encrypted',
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

function checkEndpoint(entry: StreamtypeEntry, report: Report): void {
  const { endpoint = '', port } = entry.value
  if (endpoint === '') {
    report.error('missing-endpoint', placeOf(entry, 'endpoint'), 'a client needs an endpoint')
    return
  }
  if (!endpoint.includes('${') && byteLength(endpoint) > MAX_ENDPOINT_BYTES) {
    report.warning(
      'endpoint-too-long',
      placeOf(entry, 'endpoint'),
      `lws cannot connect to an endpoint of more than ${MAX_ENDPOINT_BYTES} bytes`,
    )
  }
  if (/^\+|:|\$\{/.test(endpoint)) {
    return
  }
  if (port === 0) {
    report.error('out-of-range', placeOf(entry, 'port'), 'the port of a client is 1 to 65535')
  } else if (port === undefined) {
    report.warning(
      'missing-port',
      nameOf(entry.node),
      'without a port no connection can be made; give "port"',
    )
  }
}

function checkSubstitutions(
  key: string,
  text: string,
  value: Streamtype,
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
    if (!hasMetadata(value, name)) {
      report.error(
        'unknown-reference',
        node,
        `${key} uses \${${name}}, which is not declared; add { ${quote(name)}: "" } to "metadata"` +
          didYouMean(name, metadataNames(value)),
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
