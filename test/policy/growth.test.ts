/**
 * That the work on a policy grows with its size and no faster. What is counted is how often each
 * block of code runs, which V8 tells exactly, so the speed of the machine does not matter.
 */
import assert from 'node:assert/strict'
import { Session } from 'node:inspector/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'

type Api = typeof import('lws-secure-streams/policy')
type Writer = typeof import('../../dist/policy/write/write-lws-policy.js')
type Helpers = typeof import('./helpers.js')

const FEW = 150
/** Twice as much, and a little for what is done once and for searches that halve. */
const GROWTH = 2.2

const session = new Session()
// Only code that is compiled after counting began is counted, so nothing is imported.
let api: Api
let writer: Writer
let certificate: string

before(async () => {
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const load = createRequire(__filename)
  api = load('lws-secure-streams/policy')
  writer = load(
    join(dirname(load.resolve('lws-secure-streams/policy')), 'write', 'write-lws-policy.js'),
  )
  certificate = (load('./helpers.js') as Helpers).fakeCert()
})

after(() => session.disconnect())

async function countedWork(work: () => void): Promise<number> {
  await session.post('Profiler.takePreciseCoverage')
  work()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  return result
    .filter(({ url }) => /\/dist\/policy\/|\/jsonc-parser\//.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0)
}

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

const client = { protocol: 'h1', http_method: 'GET', endpoint: 'example.com', port: 80 }
const streamtypes = (count: number, definition: (index: number) => object = () => ({})) => ({
  s: many(count, (index) => ({ [`s${index}`]: { ...client, ...definition(index) } })),
})

const policies: Record<string, (size: number) => object | string> = {
  'streamtypes, as text': (size) => JSON.stringify(streamtypes(size)),
  'streamtypes, as an object': (size) => streamtypes(size),
  'streamtypes in one entry': (size) => ({ s: [Object.assign({}, ...streamtypes(size).s)] }),
  'streamtypes with a scheme, a store and a certificate each': (size) => ({
    retry: many(size, (index) => ({ [`r${index}`]: { backoff: [1] } })),
    certs: many(size, (index) => ({ [`c${index}`]: certificate })),
    trust_stores: many(size, (index) => ({ name: `t${index}`, stack: [`c${index}`] })),
    auth: many(size, (index) => ({ name: `a${index}` })),
    ...streamtypes(size, (index) => ({
      tls: true,
      retry: `r${index}`,
      tls_trust_store: `t${index}`,
      use_auth: `a${index}`,
    })),
  }),
  'a chain of rideshares': (size) =>
    streamtypes(size, (index) => (index === 0 ? {} : { rideshare: `s${index - 1}` })),
  'a ring of rideshares': (size) =>
    streamtypes(size, (index) => ({ rideshare: `s${(index + 1) % size}` })),
  metadata: (size) =>
    streamtypes(1, () => ({ metadata: many(size, (index) => ({ [`m${index}`]: '' })) })),
  statuses: (size) =>
    streamtypes(1, () => ({ http_resp_map: many(size, (index) => ({ [100 + index]: 1000 })) })),
  'unknown keys': (size) =>
    streamtypes(1, () => Object.fromEntries(many(size, (index) => [`unknown${index}`, 1]))),
  'one key again and again': (size) =>
    `{"s": [{"a": {"endpoint": "e", ${many(size, () => '"port": 1').join()}}}]}`,
  'one name again and again': (size) =>
    JSON.stringify({ s: many(size, () => ({ same: { ...client } })) }),
  'mistakes, each on a line': (size) =>
    JSON.stringify(
      streamtypes(size, () => ({ tls: 1, retry: 'none' })),
      null,
      1,
    ),
  comments: (size) => `${'# comment\n// another\n'.repeat(size)}{"s": []}`,
  metrics: (size) => ({ metrics: many(size, () => ({ name: 'n' })), ...streamtypes(1) }),
}

async function assertLinear(work: (size: number) => () => void): Promise<void> {
  // What V8 optimizes for the first time meanwhile, later versions do not count.
  work(FEW)()
  const few = await countedWork(work(FEW))
  const twice = await countedWork(work(2 * FEW))
  assert.ok(few > FEW, `only ${few} blocks were counted`)
  assert.ok(twice <= GROWTH * few, `${few} grows to ${twice}`)
}

describe('the work of checking grows no faster than', () => {
  for (const [what, make] of Object.entries(policies))
    test(what, () =>
      assertLinear((size) => {
        const policy = make(size)
        return () => void api.checkPolicy(policy)
      }),
    )
})

describe('the work of', () => {
  const good = 'streamtypes with a scheme, a store and a certificate each'
  const makeGood = policies[good] as (size: number) => object

  test('writing a policy for lws grows no faster than the policy', () =>
    assertLinear((size) => {
      const policy = makeGood(size)
      return () => void writer.writeLwsPolicy(api.normalizePolicy(policy))
    }))

  test('an overlay grows no faster than the policies', () =>
    assertLinear((size) => {
      const policy = makeGood(size)
      return () => void api.overlayPolicy(policy, policy)
    }))

  test('making types grows no faster than the policy', () =>
    assertLinear((size) => {
      const policy = makeGood(size)
      return () => void api.policyToTypes(policy)
    }))
})
