import {
  FIRST_USER_STATE,
  MAX_JSON_PATH_BYTES,
  MAX_METADATA_ITEMS,
  MAX_PROXIED_METADATA_BYTES,
  MAX_PROXIED_STREAMTYPE_BYTES,
  MAX_RESPMAP_ITEMS,
  MAX_STREAMTYPE_BYTES,
  PROTOCOL_ALIASES,
} from './keys.js'
import type { PolicyNode } from './node.js'
import { membersOfSection, readKeys } from './read-sections.js'
import { isName, readInteger, readText } from './read-value.js'
import type { Report } from './report.js'
import { byteLength, hasControlCharacter, quote } from './text.js'
import type { Streamtype } from './types.js'

/** A streamtype that was read, with the node of each of its keys for findings about them. */
export interface StreamtypeEntry {
  readonly name: string
  readonly value: Streamtype
  readonly node: PolicyNode
  readonly nodes: ReadonlyMap<string, PolicyNode>
}

/** Reads one streamtype, key by key; undefined when its name cannot be used. */
export function readStreamtype(
  name: string,
  nameNode: PolicyNode,
  node: PolicyNode,
  report: Report,
): StreamtypeEntry | undefined {
  if (!isStreamtypeName(name, nameNode, report)) {
    return undefined
  }
  const { values, nodes } = readKeys('streamtype', node, report, (kind, value) => {
    switch (kind) {
      case 'metadata':
        return readMetadata(name, value, report)
      case 'respmap':
        return readRespmap(value, report)
      default:
        return undefined
    }
  })
  const alias = PROTOCOL_ALIASES.get(values.get('protocol') as string)
  if (alias !== undefined) {
    values.set('protocol', alias.protocol)
    if (!values.has('http_method')) {
      values.set('http_method', alias.http_method)
    }
  }
  return { name, value: Object.fromEntries(values) as Streamtype, node: nameNode, nodes }
}

/** The metadata of a streamtype, name to header. */
export function metadataOf(value: Streamtype): Map<string, string> {
  return new Map(value.metadata?.flatMap((item) => Object.entries(item)))
}

function isStreamtypeName(name: string, node: PolicyNode, report: Report): boolean {
  if (!isName('a streamtype', name, node, report)) {
    return false
  }
  if (name.includes('.') || hasControlCharacter(name)) {
    report.error(
      'bad-name',
      node,
      `streamtype ${quote(name)} cannot be found by lws: remove dots and control characters`,
    )
    return false
  }
  if (name === '_lws_smd') {
    report.error('reserved-name', node, `lws keeps the streamtype ${name} for itself; rename this`)
    return false
  }
  const length = byteLength(name)
  if (length > MAX_STREAMTYPE_BYTES) {
    report.error(
      'name-too-long',
      node,
      `streamtype ${quote(name)} is ${length} bytes long; lws can hold ${MAX_STREAMTYPE_BYTES}`,
    )
    return false
  }
  if (length > MAX_PROXIED_STREAMTYPE_BYTES) {
    report.warning(
      'name-not-proxiable',
      node,
      `streamtype ${quote(name)} is too long for a Secure Streams proxy: it carries at most ` +
        `${MAX_PROXIED_STREAMTYPE_BYTES} bytes`,
    )
  }
  return true
}

function readMetadata(
  streamtype: string,
  node: PolicyNode,
  report: Report,
): Record<string, string>[] {
  const prefix = byteLength(`s[].${streamtype}.metadata[].`)
  const items = new Map<string, string>()
  for (const { name, nameNode, node: header } of membersOfSection('metadata', node, report)) {
    const what = `metadata ${quote(name)}`
    if (!isName('a metadata item', name, nameNode, report)) {
      continue
    }
    const length = byteLength(name)
    if (prefix + length > MAX_JSON_PATH_BYTES) {
      report.error(
        'name-too-long',
        nameNode,
        `${what} is ${length} bytes long; in this streamtype lws can hold ` +
          `${MAX_JSON_PATH_BYTES - prefix}`,
      )
    } else if (length > MAX_PROXIED_METADATA_BYTES) {
      report.warning(
        'name-not-proxiable',
        nameNode,
        `${what} is too long for a Secure Streams proxy: it carries at most ` +
          `${MAX_PROXIED_METADATA_BYTES} bytes`,
      )
    }
    if (items.has(name)) {
      report.warning('duplicate-name', nameNode, `${what} is declared twice; the last one counts`)
    }
    const text = readText(what, header, report)
    if (text !== undefined) {
      items.set(name, text)
    }
  }
  if (items.size > MAX_METADATA_ITEMS) {
    report.error(
      'too-many-items',
      node,
      `there are ${items.size} metadata items; lws can hold ${MAX_METADATA_ITEMS}`,
    )
  }
  return Array.from(items, ([name, header]) => ({ [name]: header }))
}

function readRespmap(node: PolicyNode, report: Report): Record<string, number>[] {
  const items = new Map<string, number>()
  for (const { name, nameNode, node: state } of membersOfSection('http_resp_map', node, report)) {
    if (!/^[1-9]\d{2}$/.test(name)) {
      report.error(
        'bad-status',
        nameNode,
        `http_resp_map maps an HTTP status from 100 to 999, not ${quote(name)}`,
      )
      continue
    }
    const number = readInteger(`the state for ${name}`, state, report, FIRST_USER_STATE, 65_535)
    if (number === undefined) {
      continue
    }
    if (items.has(name)) {
      report.warning('duplicate-name', nameNode, `status ${name} is mapped twice; the last counts`)
    }
    items.set(name, number)
  }
  if (items.size > MAX_RESPMAP_ITEMS) {
    report.error(
      'too-many-items',
      node,
      `http_resp_map has ${items.size} entries; lws can hold ${MAX_RESPMAP_ITEMS}`,
    )
  }
  return Array.from(items, ([name, number]) => ({ [name]: number }))
}
