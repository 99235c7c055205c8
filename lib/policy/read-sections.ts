import { checkCertificate, compactBase64 } from './certificate.js'
import {
  AUTH_TYPES,
  KEYS_BY_PLACE,
  MAX_BACKOFFS,
  MAX_STACK_CERTS,
  type Place,
  type ValueType,
} from './keys.js'
import { itemsOf, type Member, membersOf, type PolicyNode } from './node.js'
import { expectType, isName, readInteger, readName, readScalar } from './read-value.js'
import type { Report } from './report.js'
import { quote } from './text.js'
import type { Auth, Retry, TrustStore } from './types.js'

const MAX_DELAY_MS = 2_147_483_647

const COMPOUND: ReadonlySet<ValueType['kind']> = new Set([
  'delays',
  'stack',
  'metadata',
  'respmap',
  'list',
  'section',
])

/** The named things of a section, with the node of each for findings about it. */
export type Named<T> = Map<string, { readonly value: T; readonly node: PolicyNode }>

/** Reads the keys of one object by the table; `custom` reads those that hold more than one value. */
export function readKeys(
  place: Place,
  node: PolicyNode,
  report: Report,
  custom: (kind: ValueType['kind'], node: PolicyNode) => unknown,
): { values: Map<string, unknown>; nodes: Map<string, PolicyNode> } {
  const values = new Map<string, unknown>()
  const nodes = new Map<string, PolicyNode>()
  for (const { name: spelling, nameNode, node: value } of membersOf(node)) {
    const spec = KEYS_BY_PLACE[place].get(spelling)
    if (spec === undefined) {
      report.warning('unknown-key', nameNode, `${quote(spelling)} is no policy key and is ignored`)
      continue
    }
    if (nodes.has(spec.name)) {
      report.warning('duplicate-key', nameNode, `${spec.name} is given twice; the last one counts`)
    }
    nodes.set(spec.name, value)
    const { kind } = spec.type
    const read = COMPOUND.has(kind) ? custom(kind, value) : readScalar(spec, value, report)
    if (spec.inert !== undefined) {
      if (read !== false && !isEmptyArray(value)) {
        report.warning('no-effect', nameNode, `${spec.name} has no effect: ${spec.inert}`)
      }
    } else if (read !== undefined) {
      values.set(spec.name, read)
    }
  }
  return { values, nodes }
}

/** The members of every object in a section such as `[{ "a": … }, { "b": … }]`. */
export function* membersOfSection(
  what: string,
  section: PolicyNode | undefined,
  report: Report,
): Generator<Member> {
  if (section === undefined || !expectType(section, 'array', what, 'an array', report)) {
    return
  }
  for (const item of itemsOf(section)) {
    if (expectType(item, 'object', `an entry of ${what}`, 'an object', report)) {
      yield* membersOf(item)
    }
  }
}

/** Reads `retry`. */
export function readRetries(section: PolicyNode | undefined, report: Report): Named<Retry> {
  const retries: Named<Retry> = new Map()
  for (const { name, nameNode, node } of membersOfSection('retry', section, report)) {
    if (
      isName('a retry scheme', name, nameNode, report) &&
      expectType(node, 'object', `retry scheme ${quote(name)}`, 'an object', report)
    ) {
      const { values, nodes } = readKeys('retry', node, report, (_, value) =>
        readDelays(value, report),
      )
      const jitter = nodes.get('jitterpc')
      if (values.get('jitterpc') === 0 && jitter !== undefined) {
        report.warning(
          'jitter-zero',
          jitter,
          'lws takes jitterpc 0 for its default of 30 %; 1 % is used, the least that there is',
        )
      }
      define(retries, 'retry scheme', name, Object.fromEntries(values), nameNode, report)
    }
  }
  return retries
}

/** Reads `certs`. */
export function readCerts(section: PolicyNode | undefined, report: Report): Named<string> {
  const certs: Named<string> = new Map()
  for (const { name, nameNode, node } of membersOfSection('certs', section, report)) {
    if (!isName('a certificate', name, nameNode, report)) {
      continue
    }
    const what = `certificate ${quote(name)}`
    const text = expectType(node, 'string', what, 'a string of base64', report)
    if (text === undefined) {
      continue
    }
    const base64 = compactBase64(text)
    const problem = checkCertificate(base64)
    if (problem !== undefined) {
      report.error(problem.code, node, `${what} ${problem.message}`)
    }
    define(certs, 'certificate', name, base64, nameNode, report)
  }
  return certs
}

/** Reads `trust_stores`, in the form with `name` and `stack` or as a map from name to stack. */
export function readTrustStores(
  section: PolicyNode | undefined,
  certs: Named<string>,
  fragment: boolean,
  report: Report,
): Named<TrustStore> {
  const stores: Named<TrustStore> = new Map()
  const add = (name: string | undefined, nameNode: PolicyNode, stack: string[] | undefined) => {
    if (name !== undefined && stack !== undefined) {
      define(stores, 'trust store', name, { name, stack }, nameNode, report)
    }
  }
  const readStackOf = (node: PolicyNode) => readStack(node, fragment ? undefined : certs, report)

  for (const item of entriesOf('trust_stores', section, report)) {
    const members = membersOf(item)
    const isMap = members.every(({ name, node }) => node.type === 'array' && name !== 'stack')
    if (isMap && members.length > 0) {
      for (const { name, nameNode, node } of members) {
        const named = isName('a trust store', name, nameNode, report)
        add(named ? name : undefined, nameNode, readStackOf(node))
      }
      continue
    }
    const { values, nodes } = readKeys('trust_store', item, report, (_, node) => readStackOf(node))
    const nameNode = nodes.get('name')
    if (nameNode === undefined || !nodes.has('stack')) {
      const missing = nameNode === undefined ? 'name' : 'stack'
      report.error('missing-key', item, `a trust store needs "name" and "stack"; add "${missing}"`)
      continue
    }
    const name = values.get('name') as string | undefined
    const named = name !== undefined && isName('a trust store', name, nameNode, report)
    add(named ? name : undefined, nameNode, values.get('stack') as string[] | undefined)
  }
  return stores
}

/** Reads `auth`. */
export function readAuths(section: PolicyNode | undefined, report: Report): Named<Auth> {
  const auths: Named<Auth> = new Map()
  for (const item of entriesOf('auth', section, report)) {
    const { values, nodes } = readKeys('auth', item, report, () => undefined)
    const nameNode = nodes.get('name')
    if (nameNode === undefined) {
      report.error('missing-key', item, 'an auth entry needs a "name"; add one')
      continue
    }
    const type = values.get('type') as string | undefined
    if (type !== undefined && !AUTH_TYPES.includes(type)) {
      report.warning(
        'unknown-auth-type',
        nodes.get('type') ?? item,
        `lws does nothing for auth type ${quote(type)}; it knows ${AUTH_TYPES.join(', ')}`,
      )
    }
    const name = values.get('name') as string | undefined
    if (name !== undefined && isName('an auth entry', name, nameNode, report)) {
      define(auths, 'auth entry', name, Object.fromEntries(values) as never, nameNode, report)
    }
  }
  return auths
}

/** Adds to a section; of two things with one name the last counts, as in lws. */
export function define<T>(
  section: Named<T>,
  what: string,
  name: string,
  value: T,
  node: PolicyNode,
  report: Report,
): void {
  if (section.delete(name)) {
    report.warning(
      'duplicate-name',
      node,
      `${what} ${quote(name)} is defined twice; the last counts`,
    )
  }
  section.set(name, { value, node })
}

function* entriesOf(
  what: string,
  section: PolicyNode | undefined,
  report: Report,
): Generator<PolicyNode> {
  if (section === undefined || !expectType(section, 'array', what, 'an array', report)) {
    return
  }
  for (const item of itemsOf(section)) {
    if (expectType(item, 'object', `an entry of ${what}`, 'an object', report)) {
      yield item
    }
  }
}

function readDelays(node: PolicyNode, report: Report): number[] | undefined {
  if (!expectType(node, 'array', 'backoff', 'an array of delays in ms', report)) {
    return undefined
  }
  const items = itemsOf(node)
  if (items.length > MAX_BACKOFFS) {
    report.error(
      'too-many-items',
      node,
      `backoff has ${items.length} delays; lws can hold ${MAX_BACKOFFS}`,
    )
    return undefined
  }
  return items
    .map((item) => readInteger('a backoff delay', item, report, 0, MAX_DELAY_MS))
    .filter((delay) => delay !== undefined)
}

function readStack(
  node: PolicyNode,
  certs: Named<string> | undefined,
  report: Report,
): string[] | undefined {
  if (!expectType(node, 'array', 'stack', 'an array of certificate names', report)) {
    return undefined
  }
  const items = itemsOf(node)
  if (items.length === 0) {
    report.error('empty-stack', node, 'a trust store needs at least one certificate; add one')
    return undefined
  }
  if (items.length > MAX_STACK_CERTS) {
    report.error(
      'too-many-items',
      node,
      `a trust store has ${items.length} certificates; lws can hold ${MAX_STACK_CERTS}`,
    )
    return undefined
  }
  const names: string[] = []
  for (const item of items) {
    const name = readName('a certificate', item, report)
    if (name !== undefined && certs !== undefined && !certs.has(name)) {
      report.error(
        'unknown-reference',
        item,
        `there is no certificate ${quote(name)} in "certs"; define it or correct the name`,
      )
    }
    if (name !== undefined) {
      names.push(name)
    }
  }
  return names
}

function isEmptyArray(node: PolicyNode): boolean {
  return node.type === 'array' && itemsOf(node).length === 0
}
