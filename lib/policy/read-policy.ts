import { checkCertificates } from './check-certificates.js'
import { checkPorts } from './check-server.js'
import type { Diagnostic } from './diagnostic.js'
import { KEYS } from './keys.js'
import { NameIndex } from './name-index.js'
import type { PolicyNode } from './node.js'
import { nodeFromValue } from './node-from-value.js'
import { decodeText, parseText } from './parse-text.js'
import type { PolicySource } from './policy-source.js'
import {
  checkMetrics,
  define,
  memberFor,
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
import type { Policy } from './types.js'

/** A policy and what was found in it. With an error among the findings there is no policy. */
export interface ReadPolicy {
  readonly policy: Policy | undefined
  /** The keys without effect, which `policy` does not have, by streamtype. */
  readonly inert: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads a policy once: its normal form and every finding. A `fragment` is one that is to be laid
 * over another policy, so names that it does not define itself are not looked for in it.
 */
export function readPolicy(source: PolicySource, fragment = false): ReadPolicy {
  const { root, report } = parse(source)
  const read = root === undefined ? undefined : readRoot(root, fragment, report)
  return {
    policy: report.failed ? undefined : read?.policy,
    inert: new Map(read?.streamtypes.map(({ name, inert }) => [name, inert])),
    diagnostics: report.diagnostics,
  }
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

function readRoot(
  root: PolicyNode,
  fragment: boolean,
  report: Report,
): { policy: Policy; streamtypes: readonly StreamtypeEntry[] } | undefined {
  if (!expectType(root, 'object', 'a policy', 'a JSON object', report)) {
    return undefined
  }
  const values = readKeys('root', root, report, () => undefined)
  const nodes = sectionsOf(root)
  const retries = readRetries(nodes.get('retry'), report)
  const certs = readCerts(nodes.get('certs'), report)
  const stores = readTrustStores(nodes.get('trust_stores'), certs, fragment, report)
  const auths = readAuths(nodes.get('auth'), report)
  const streamtypes = readStreamtypes(nodes.get('s'), report)
  checkMetrics(nodes.get('metrics'), report)
  const entries = Array.from(streamtypes.values(), ({ value }) => value)

  if (!fragment) {
    const names: Names = {
      sections: {
        retry: new NameIndex(retries.keys()),
        certs: new NameIndex(certs.keys()),
        trust_stores: new NameIndex(stores.keys()),
        auth: new NameIndex(auths.keys()),
        s: new NameIndex(streamtypes.keys()),
      },
      auth: (name) => auths.get(name)?.value,
    }
    for (const entry of entries) {
      checkStreamtype(entry, names, report)
    }
    checkRideshares(streamtypes, report)
    checkPorts(entries, report)
    checkCertificates(certs, stores, entries, report)
    checkOrder(nodes, report)
    const section = nodes.get('s')
    if (streamtypes.size === 0 && (section === undefined || section.type === 'array')) {
      report.warning('no-streamtypes', section ?? root, 'the policy has no streamtypes')
    }
  }
  const policy = {
    ...values,
    retry: Array.from(retries, ([name, { value }]) => ({ [name]: value })),
    certs: Array.from(certs, ([name, { value }]) => ({ [name]: value })),
    trust_stores: Array.from(stores.values(), ({ value }) => value),
    auth: Array.from(auths.values(), ({ value }) => value),
    s: entries.map(({ name, value }) => ({ [name]: value })),
  }
  return { policy, streamtypes: entries }
}

function readStreamtypes(section: PolicyNode | undefined, report: Report): Named<StreamtypeEntry> {
  const streamtypes: Named<StreamtypeEntry> = new Map()
  for (const node of membersOfSection('s', section, report)) {
    if (expectType(node, 'object', 'a streamtype', 'an object', report)) {
      const entry = readStreamtype(node, report)
      if (entry !== undefined) {
        define(streamtypes, 'streamtype', entry.name, entry, node, report)
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
      const { node } = streamtypes.get(at) as { node: PolicyNode }
      const place = memberFor('streamtype', node, 'rideshare') ?? node
      report.error('rideshare-loop', place, `${quote(at)} rideshares with itself in the end`)
    }
    for (const link of chain) {
      ends.add(link)
    }
  }
}

type SectionName = 'retry' | 'certs' | 'trust_stores' | 'auth' | 's' | 'metrics'

const SECTIONS: ReadonlySet<string> = new Set(
  KEYS.filter(({ type }) => type.kind === 'section').map(({ name }) => name),
)

/** The sections of a policy; of two with one name the last counts. */
function sectionsOf(root: PolicyNode): ReadonlyMap<SectionName, PolicyNode> {
  const sections = new Map<SectionName, PolicyNode>()
  for (const member of root.children) {
    if (SECTIONS.has(member.key as string)) {
      sections.set(member.key as SectionName, member)
    }
  }
  return sections
}

const USERS = { certs: 'trust_stores', retry: 's', trust_stores: 's', auth: 's' } as const

/** Section order does not matter here, but the same file given to lws directly would fail. */
function checkOrder(sections: ReadonlyMap<SectionName, PolicyNode>, report: Report): void {
  const order = Array.from(sections.keys())
  for (const [section, user] of Object.entries(USERS) as [SectionName, SectionName][]) {
    const node = sections.get(section)
    if (
      node !== undefined &&
      order.indexOf(user) !== -1 &&
      order.indexOf(user) < order.indexOf(section)
    ) {
      report.info(
        'forward-reference',
        node,
        `"${section}" stands after "${user}"; other users of lws need it before`,
      )
    }
  }
}
