// Reads one streamtype.
import { byteLength, hasControlCharacter, quote } from '../form/text.js'
import type { Streamtype } from '../form/types.js'
import type { ValueType } from '../table/key-spec.js'
import { PROTOCOL_ALIASES } from '../table/keys.js'
import {
  FIRST_USER_STATE,
  MAX_JSON_PATH_BYTES,
  MAX_METADATA_ITEMS,
  MAX_PROXIED_METADATA_BYTES,
  MAX_PROXIED_STREAMTYPE_BYTES,
  MAX_RESPMAP_ITEMS,
  MAX_STREAMTYPE_BYTES,
} from '../table/limits.js'
import { nameOf, type PolicyNode } from './node.js'
import { memberFor, membersOfSection, readKeys } from './read-sections.js'
import { isMemberName, readInteger, readText } from './read-value.js'
import type { Report } from './report.js'

/** A streamtype that was read, with its node for findings about it. */
export interface StreamtypeEntry {
  readonly name: string
  readonly value: Streamtype
  /** The keys that have no effect. */
  readonly inert: Readonly<Record<string, unknown>>
  readonly node: PolicyNode
}

/** Reads one streamtype, key by key; undefined when its name cannot be used. */
export function readStreamtype(node: PolicyNode, report: Report): StreamtypeEntry | undefined {
  const name = node.key as string
  if (!isStreamtypeName(name, node, report)) {
    return undefined
  }
  const inert: Record<string, unknown> = {}
  const custom = (kind: ValueType['kind'], child: PolicyNode) => {
    switch (kind) {
      case 'metadata':
        return readMetadata(name, child, report)
      case 'respmap':
        return readRespmap(child, report)
      default:
        return undefined
    }
  }
  const value: Streamtype = readKeys('streamtype', node, report, custom, inert)
  const alias = value.protocol && PROTOCOL_ALIASES.get(value.protocol)
  if (alias) {
    report.info(
      'alternative-name',
      memberFor('streamtype', node, 'protocol') ?? node,
      `${quote(value.protocol)} is an older way to say ${quote(alias.protocol)} with the ` +
        `http_method ${alias.http_method}, which lws alone knows: write that`,
    )
    value.protocol = alias.protocol
    value.http_method ??= alias.http_method
  }
  return { name, value, inert, node }
}

function isStreamtypeName(name: string, member: PolicyNode, report: Report): boolean {
  if (!isMemberName('a streamtype', member, report)) {
    return false
  }
  if (name.includes('.') || hasControlCharacter(name)) {
    report.error(
      'bad-name',
      nameOf(member),
      `streamtype ${quote(name)} cannot be found by lws: remove dots and control characters`,
    )
    return false
  }
  if (name === '_lws_smd') {
    report.error(
      'reserved-name',
      nameOf(member),
      `lws keeps the streamtype ${name} for itself; rename this`,
    )
    return false
  }
  const length = byteLength(name)
  if (length > MAX_STREAMTYPE_BYTES) {
    report.error(
      'name-too-long',
      nameOf(member),
      `streamtype ${quote(name)} is ${length} bytes long; lws can hold ${MAX_STREAMTYPE_BYTES}`,
    )
    return false
  }
  if (length > MAX_PROXIED_STREAMTYPE_BYTES) {
    report.warning(
      'name-not-proxiable',
      nameOf(member),
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
  const declared = membersOfSection('metadata', node, report)
  const fixed = byteLength(streamtype) + 's[]..metadata[].'.length
  const items = new Map<string, string>()
  for (const member of declared) {
    const name = member.key as string
    const header = readText('a metadata item', member, report)
    if (!isMemberName('a metadata item', member, report) || header === undefined) {
      continue
    }
    checkMetadataName(name, MAX_JSON_PATH_BYTES - fixed, member, report)
    if (items.has(name)) {
      report.warning(
        'duplicate-name',
        nameOf(member),
        `metadata ${quote(name)} is declared twice; the last one counts`,
      )
    }
    items.set(name, header)
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

function checkMetadataName(name: string, max: number, member: PolicyNode, report: Report): void {
  const length = byteLength(name)
  if (length > max) {
    report.error(
      'name-too-long',
      nameOf(member),
      `metadata ${quote(name)} is ${length} bytes long; in this streamtype lws can hold ${max}`,
    )
  } else if (length > MAX_PROXIED_METADATA_BYTES) {
    report.warning(
      'name-not-proxiable',
      nameOf(member),
      `metadata ${quote(name)} is too long for a Secure Streams proxy: it carries at most ` +
        `${MAX_PROXIED_METADATA_BYTES} bytes`,
    )
  }
}

function readRespmap(node: PolicyNode, report: Report): Record<string, number>[] {
  const items = new Map<string, number>()
  for (const state of membersOfSection('http_resp_map', node, report)) {
    const name = state.key as string
    if (!/^[1-9]\d{2}$/.test(name)) {
      report.error(
        'bad-status',
        nameOf(state),
        `http_resp_map maps an HTTP status from 100 to 999, not ${quote(name)}`,
      )
      continue
    }
    const number = readInteger(`the state for ${name}`, state, report, FIRST_USER_STATE, 65_535)
    if (number === undefined) {
      continue
    }
    if (items.has(name)) {
      report.warning(
        'duplicate-name',
        nameOf(state),
        `status ${name} is mapped twice; the last counts`,
      )
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
