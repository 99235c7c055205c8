import type { Diagnostic } from './diagnostic.js'
import { itemsOf, type PolicyNode } from './node.js'
import { nodeFromValue } from './node-from-value.js'
import { decodeText, parseText } from './parse-text.js'
import {
  define,
  membersOfSection,
  type Named,
  readAuths,
  readCerts,
  readKeys,
  readRetries,
  readTrustStores,
} from './read-sections.js'
import { readStreamtype, type StreamtypeEntry } from './read-streamtype.js'
import { expectType } from './read-value.js'
import { Report } from './report.js'
import { checkStreamtype, type Names } from './rules.js'
import { quote } from './text.js'
import type { Policy, PolicySource } from './types.js'

/** A policy and what was found in it. With an error among the findings there is no policy. */
export interface ReadPolicy {
  readonly policy: Policy | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads a policy once: its normal form and every finding. A `fragment` is one that is to be laid
 * over another policy, so names that it does not define itself are not looked for in it.
 */
export function readPolicy(source: PolicySource, fragment = false): ReadPolicy {
  const { root, report } = parse(source)
  const policy = root === undefined ? undefined : readRoot(root, fragment, report)
  return { policy: report.failed ? undefined : policy, diagnostics: report.diagnostics }
}

function parse(source: unknown): { root: PolicyNode | undefined; report: Report } {
  if (typeof source === 'string') {
    return parseText(source)
  }
  if (isBytes(source)) {
    const text = decodeText(source)
    if (text !== undefined) {
      return parseText(text)
    }
    const report = new Report()
    report.error('invalid-utf8', -1, 'the text of a policy has to be UTF-8; convert it')
    return { root: undefined, report }
  }
  const report = new Report()
  return { root: nodeFromValue(source, report), report }
}

function isBytes(source: unknown): source is Uint8Array {
  return (
    source instanceof Uint8Array ||
    (ArrayBuffer.isView(source) && Object.prototype.toString.call(source) === '[object Uint8Array]')
  )
}

function readRoot(root: PolicyNode, fragment: boolean, report: Report): Policy | undefined {
  if (!expectType(root, 'object', 'a policy', 'a JSON object', report)) {
    return undefined
  }
  const { values, nodes } = readKeys('root', root, report, () => undefined)
  const retries = readRetries(nodes.get('retry'), report)
  const certs = readCerts(nodes.get('certs'), report)
  const stores = readTrustStores(nodes.get('trust_stores'), certs, fragment, report)
  const auths = readAuths(nodes.get('auth'), report)
  const streamtypes = readStreamtypes(nodes.get('s'), report)

  if (!fragment) {
    const sections = { retry: retries, certs, trust_stores: stores, auth: auths, s: streamtypes }
    const names: Names = {
      has: (section, name) => sections[section].has(name),
      auth: (name) => auths.get(name)?.value,
    }
    for (const { value } of streamtypes.values()) {
      checkStreamtype(value, names, report)
    }
    checkRideshares(streamtypes, report)
    checkOrder(nodes, report)
    if (streamtypes.size === 0) {
      report.warning('no-streamtypes', nodes.get('s') ?? root, 'the policy has no streamtypes')
    }
  }
  return {
    ...Object.fromEntries(values),
    retry: Array.from(retries, ([name, { value }]) => ({ [name]: value })),
    certs: Array.from(certs, ([name, { value }]) => ({ [name]: value })),
    trust_stores: Array.from(stores.values(), ({ value }) => value),
    auth: Array.from(auths.values(), ({ value }) => value),
    s: Array.from(streamtypes.values(), ({ value }) => ({ [value.name]: value.value })),
  }
}

function readStreamtypes(section: PolicyNode | undefined, report: Report): Named<StreamtypeEntry> {
  const streamtypes: Named<StreamtypeEntry> = new Map()
  for (const { name, nameNode, node } of membersOfSection('s', section, report)) {
    if (expectType(node, 'object', `streamtype ${quote(name)}`, 'an object', report)) {
      const entry = readStreamtype(name, nameNode, node, report)
      if (entry !== undefined) {
        define(streamtypes, 'streamtype', name, entry, nameNode, report)
      }
    }
  }
  return streamtypes
}

/** A proxy walks along `rideshare` until it ends, so a ring would never let it go. */
function checkRideshares(streamtypes: Named<StreamtypeEntry>, report: Report): void {
  const ends = new Set<string>()
  for (const name of streamtypes.keys()) {
    const chain = new Set<string>()
    let at: string | undefined = name
    while (at !== undefined && !ends.has(at) && !chain.has(at)) {
      chain.add(at)
      at = streamtypes.get(at)?.value.value.rideshare
    }
    if (at !== undefined && chain.has(at)) {
      const entry = streamtypes.get(at)?.value
      const node = entry?.nodes.get('rideshare') ?? entry?.node
      if (node !== undefined) {
        report.error('rideshare-loop', node, `${quote(at)} rideshares with itself in the end`)
      }
    }
    for (const link of chain) {
      ends.add(link)
    }
  }
}

const SECTIONS = ['retry', 'certs', 'trust_stores', 'auth', 's'] as const

/** Section order does not matter here, but the same file given to lws directly would fail. */
function checkOrder(nodes: ReadonlyMap<string, PolicyNode>, report: Report): void {
  const order = Array.from(nodes.keys())
  const users = { certs: 'trust_stores', retry: 's', trust_stores: 's', auth: 's' } as const
  for (const section of SECTIONS.filter((name) => name !== 's')) {
    const node = nodes.get(section)
    const user = nodes.get(users[section])
    if (
      node !== undefined &&
      user !== undefined &&
      order.indexOf(users[section]) < order.indexOf(section) &&
      itemsOf(user).length > 0
    ) {
      report.info(
        'forward-reference',
        node,
        `"${section}" stands after "${users[section]}"; other users of lws need it before`,
      )
    }
  }
}
