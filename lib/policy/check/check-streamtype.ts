/** What the keys of one streamtype mean: roles, protocols, references. */

import { hasMetadata, metadataNames, protocolOf, roleOf } from '../form/streamtype.js'
import { byteLength, quote } from '../form/text.js'
import type { Streamtype } from '../form/types.js'
import type { PolicyNode } from '../read/node.js'
import type { StreamtypeEntry } from '../read/read-streamtype.js'
import type { Report } from '../read/report.js'
import { didYouMean } from '../read/suggest.js'
import { isClobbering, type KeySpec, type Section } from '../table/key-spec.js'
import { KEYS_BY_PLACE } from '../table/keys.js'
import { MAX_SUBSTITUTED_NAME_BYTES } from '../table/limits.js'
import { checkClient } from './check-client.js'
import { checkServer } from './check-server.js'
import type { Names } from './names.js'

const STREAMTYPE_KEYS = KEYS_BY_PLACE.streamtype

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
    checkServer(entry, names, report)
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
    if (key === 'server_cert' || key === 'server_key') {
      report.info(
        'certificate-blob',
        node,
        `${key} refers to ${quote(target)}, which is not in "certs": give it as a blob serverCert${meant}`,
      )
      return
    }
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
