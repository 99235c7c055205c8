// Reads the sections of a policy, except the streamtypes.
import { quote } from '../form/text.js'
import type { Auth, Retry, TrustStore } from '../form/types.js'
import type { Place, ValueType } from '../table/key-spec.js'
import { AUTH_TYPES, KEYS_BY_PLACE } from '../table/keys.js'
import { MAX_BACKOFFS, MAX_STACK_CERTS } from '../table/limits.js'
import { checkCertificate, compactBase64 } from './certificate.js'
import { nameOf, type PolicyNode } from './node.js'
import {
  expectType,
  isMemberName,
  isName,
  readInteger,
  readName,
  readScalar,
} from './read-value.js'
import type { Report } from './report.js'
import { didYouMean } from './suggest.js'

const MAX_DELAY_MS = 2_147_483_647

/** Keys of streamtypes that later versions of lws have. */
const LATER_KEYS: ReadonlyMap<string, string> = new Map([
  [
    'options',
    '"options" is a key of libwebsockets 4.4 and later, which hands its pairs to the protocol of a ' +
      'server; this build is of 4.3.5 and ignores it',
  ],
])

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

/**
 * Reads the keys of one object by the table; `custom` reads those that hold more than one value.
 * Keys without effect are left out of the result and put into `inert`.
 */
export function readKeys(
  place: Place,
  node: PolicyNode,
  report: Report,
  custom: (kind: ValueType['kind'], node: PolicyNode) => unknown,
  inert: Record<string, unknown> = {},
): Record<string, unknown> {
  const specs = KEYS_BY_PLACE[place]
  const values: Record<string, unknown> = {}
  for (const child of node.children) {
    const spec = specs.get(child.key as string)
    if (spec === undefined) {
      const later = place === 'streamtype' ? LATER_KEYS.get(child.key as string) : undefined
      report.warning(
        'unknown-key',
        nameOf(child),
        later ??
          `${quote(child.key)} is no policy key and is ignored${didYouMean(child.key as string, specs.keys())}`,
      )
      continue
    }
    if (child.key !== spec.name) {
      report.info(
        'alternative-name',
        nameOf(child),
        `${quote(child.key)} is another name of ${spec.name}, which lws alone knows: write that`,
      )
    }
    const { kind } = spec.type
    const value = COMPOUND.has(kind) ? custom(kind, child) : readScalar(spec, child, report)
    if (spec.inert !== undefined) {
      if (value !== false && (child.type !== 'array' || child.children.length > 0)) {
        report.warning('no-effect', nameOf(child), `${spec.name} has no effect: ${spec.inert}`)
      }
      if (value !== undefined) {
        inert[spec.name] = value
      }
      continue
    }
    if (spec.normal === false) {
      continue
    }
    if (values[spec.name] !== undefined) {
      report.warning(
        'duplicate-key',
        nameOf(child),
        `${spec.name} is given twice; the last one counts`,
      )
    }
    if (value !== undefined) {
      values[spec.name] = value
    }
  }
  return values
}

/** The member of an object that gives a key its value, whichever spelling it uses. */
export function memberFor(place: Place, object: PolicyNode, name: string): PolicyNode | undefined {
  return object.children.findLast(
    ({ key }) => KEYS_BY_PLACE[place].get(key as string)?.name === name,
  )
}

/** The members of every object in a section such as `[{ "a": … }, { "b": … }]`. */
export function membersOfSection(
  what: string,
  section: PolicyNode | undefined,
  report: Report,
): PolicyNode[] {
  const members: PolicyNode[] = []
  for (const { children } of entriesOf(what, section, report)) {
    for (const member of children) {
      members.push(member)
    }
  }
  return members
}

/** Reads `retry`. */
export function readRetries(section: PolicyNode | undefined, report: Report): Named<Retry> {
  const retries: Named<Retry> = new Map()
  for (const node of membersOfSection('retry', section, report)) {
    const name = node.key as string
    if (
      isMemberName('a retry scheme', node, report) &&
      expectType(node, 'object', `retry scheme ${quote(name)}`, 'an object', report)
    ) {
      const values: Retry = readKeys('retry', node, report, (_, value) => readDelays(value, report))
      if (values.jitterpc === 0) {
        report.warning(
          'jitter-zero',
          memberFor('retry', node, 'jitterpc') ?? node,
          'lws takes jitterpc 0 for its default of 30 %; 1 % is used, the least that there is',
        )
      }
      const { svalidping = 0, svalidhup = 0 } = values
      if (svalidhup !== 0 && svalidhup <= svalidping) {
        report.warning(
          'hangup-before-ping',
          memberFor('retry', node, 'svalidhup') ?? node,
          `svalidhup ${svalidhup} closes the connection before svalidping ${svalidping} can prove ` +
            'that it lives; make it the larger',
        )
      }
      define(retries, 'retry scheme', name, values, node, report)
    }
  }
  return retries
}

/** Reads `certs`. */
export function readCerts(section: PolicyNode | undefined, report: Report): Named<string> {
  const certs: Named<string> = new Map()
  for (const node of membersOfSection('certs', section, report)) {
    const name = node.key as string
    if (!isMemberName('a certificate', node, report)) {
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
    define(certs, 'certificate', name, base64, node, report)
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
  const add = (name: string, node: PolicyNode, stack: string[] | undefined) => {
    if (stack !== undefined) {
      define(stores, 'trust store', name, { name, stack }, node, report)
    }
  }
  const readStackOf = (node: PolicyNode) => readStack(node, fragment ? undefined : certs, report)

  for (const entry of entriesOf('trust_stores', section, report)) {
    const { children } = entry
    if (children.length > 0 && children.every(isStoreOfMap)) {
      report.info(
        'alternative-form',
        entry,
        'trust_stores as a map from name to certificates is not known to lws: write ' +
          '{ "name": …, "stack": [ … ] }',
      )
      for (const node of children) {
        if (isMemberName('a trust store', node, report)) {
          add(node.key as string, node, readStackOf(node))
        }
      }
      continue
    }
    const values = readKeys('trust_store', entry, report, (_, node) => readStackOf(node))
    const nameNode = memberFor('trust_store', entry, 'name')
    if (nameNode === undefined || memberFor('trust_store', entry, 'stack') === undefined) {
      const missing = nameNode === undefined ? 'name' : 'stack'
      report.error('missing-key', entry, `a trust store needs "name" and "stack"; add "${missing}"`)
      continue
    }
    if (entry.children.indexOf(nameNode) > entry.children.findIndex(({ key }) => key === 'stack')) {
      report.info(
        'forward-reference',
        nameOf(nameNode),
        '"name" stands after "stack"; other users of lws need it before',
      )
    }
    const name = values.name as string | undefined
    if (name !== undefined && isName('a trust store', name, nameNode, report)) {
      add(name, nameNode, values.stack as string[] | undefined)
    }
  }
  return stores
}

/** Reads `auth`. */
export function readAuths(section: PolicyNode | undefined, report: Report): Named<Auth> {
  const auths: Named<Auth> = new Map()
  for (const entry of entriesOf('auth', section, report)) {
    const values = readKeys('auth', entry, report, () => undefined) as Partial<Auth>
    const { name, type } = values
    const nameNode = memberFor('auth', entry, 'name')
    if (nameNode === undefined) {
      report.error('missing-key', entry, 'an auth entry needs a "name"; add one')
      continue
    }
    if (type !== undefined && !AUTH_TYPES.includes(type)) {
      report.warning(
        'unknown-auth-type',
        memberFor('auth', entry, 'type') ?? entry,
        `lws signs nothing for auth type ${quote(type)}, and sends the blob in http_auth_header as it is; it knows ${AUTH_TYPES.join(', ')}${didYouMean(type, AUTH_TYPES)}`,
      )
    }
    if (name !== undefined && isName('an auth entry', name, nameNode, report)) {
      define(auths, 'auth entry', name, { ...values, name }, nameNode, report)
    }
  }
  return auths
}

/** Checks `metrics`, of which nothing is kept. */
export function checkMetrics(section: PolicyNode | undefined, report: Report): void {
  for (const entry of entriesOf('metrics', section, report)) {
    readKeys('metric', entry, report, () => undefined)
  }
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

function entriesOf(
  what: string,
  section: PolicyNode | undefined,
  report: Report,
): readonly PolicyNode[] {
  if (section === undefined || !expectType(section, 'array', what, 'an array', report)) {
    return []
  }
  return section.children.filter((entry) =>
    expectType(entry, 'object', `an entry of ${what}`, 'an object', report),
  )
}

function isStoreOfMap({ type, key }: PolicyNode): boolean {
  return type === 'array' && key !== 'stack'
}

function readDelays(node: PolicyNode, report: Report): number[] | undefined {
  if (!expectType(node, 'array', 'backoff', 'an array of delays in ms', report)) {
    return undefined
  }
  const items = node.children
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
  const items = node.children
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
        `there is no certificate ${quote(name)} in "certs"${didYouMean(name, certs.keys()) || '; define it or correct the name'}`,
      )
    }
    if (name !== undefined) {
      names.push(name)
    }
  }
  return names
}
