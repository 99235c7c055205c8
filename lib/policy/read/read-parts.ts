/** Reads a policy from its nodes, part by part, and does not ask yet whether the parts fit together. */
import type { Auth, Policy, Retry, TrustStore } from '../form/types.js'
import { KEYS } from '../table/keys.js'
import type { PolicyNode } from './node.js'
import {
  checkMetrics,
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
import type { Report } from './report.js'

export type SectionName = 'retry' | 'certs' | 'trust_stores' | 'auth' | 's' | 'metrics'

/** The parts of a policy, each with the nodes that it was read from. */
export interface PolicyParts {
  readonly root: PolicyNode
  readonly sections: ReadonlyMap<SectionName, PolicyNode>
  /** The keys of the policy itself. */
  readonly values: Readonly<Record<string, unknown>>
  readonly retries: Named<Retry>
  readonly certs: Named<string>
  readonly stores: Named<TrustStore>
  readonly auths: Named<Auth>
  readonly streamtypes: Named<StreamtypeEntry>
}

/** Reads the parts of a policy or, with `fragment`, of what is to be laid over one. */
export function readParts(
  root: PolicyNode,
  fragment: boolean,
  report: Report,
): PolicyParts | undefined {
  if (!expectType(root, 'object', 'a policy', 'a JSON object', report)) {
    return undefined
  }
  const values = readKeys('root', root, report, () => undefined)
  const sections = sectionsOf(root)
  const retries = readRetries(sections.get('retry'), report)
  const certs = readCerts(sections.get('certs'), report)
  const stores = readTrustStores(sections.get('trust_stores'), certs, fragment, report)
  const auths = readAuths(sections.get('auth'), report)
  const streamtypes = readStreamtypes(sections.get('s'), report)
  checkMetrics(sections.get('metrics'), report)
  return { root, sections, values, retries, certs, stores, auths, streamtypes }
}

/** The normal form of a policy. */
export function policyOf({
  values,
  retries,
  certs,
  stores,
  auths,
  streamtypes,
}: PolicyParts): Policy {
  return {
    ...values,
    retry: Array.from(retries, ([name, { value }]) => ({ [name]: value })),
    certs: Array.from(certs, ([name, { value }]) => ({ [name]: value })),
    trust_stores: Array.from(stores.values(), ({ value }) => value),
    auth: Array.from(auths.values(), ({ value }) => value),
    s: Array.from(streamtypes, ([name, { value }]) => ({ [name]: value.value })),
  }
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
