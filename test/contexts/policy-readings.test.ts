/**
 * How often a policy is read and its certificates are checked. What is counted is how often a
 * function ran, which V8 tells exactly.
 */
import assert from 'node:assert/strict'
import { Session } from 'node:inspector/promises'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'

type Package = typeof import('lws-secure-streams')
type Helpers = typeof import('../policy/helpers.js')

const session = new Session()
// Only code that is compiled after counting began is counted, so nothing is imported.
let openContext: Package['openContext']
let helpers: Helpers

before(async () => {
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const load = createRequire(__filename)
  openContext = (load('lws-secure-streams') as Package).openContext
  helpers = load('../policy/helpers.js') as Helpers
})

after(() => session.disconnect())

/** How often the reader of policies and that of certificates run during `work`. */
async function readings<T>(work: () => T) {
  await session.post('Profiler.takePreciseCoverage')
  const done = await work()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const callsOf = (file: string, name: string) =>
    result
      .filter(({ url }) => url.endsWith(file))
      .flatMap(({ functions }) => functions.filter(({ functionName }) => functionName === name))
      .reduce((sum, { ranges }) => sum + (ranges[0]?.count ?? 0), 0)
  return {
    done,
    policies: callsOf('/dist/policy/read/read-source.js', 'readSource'),
    checks: callsOf('/dist/policy/check/check-parts.js', 'checkParts'),
    certificates: callsOf('/dist/policy/check/x509.js', 'readX509'),
  }
}

const fragment = (name: string) => ({
  s: [{ [name]: { endpoint: 'example.com', port: 80, protocol: 'h1', http_method: 'GET' } }],
})

function policy() {
  const names = ['first', 'second', 'third']
  return {
    certs: names.map((name) => ({ [name]: helpers.fakeCert() })),
    trust_stores: names.map((name) => ({ name, stack: [name] })),
    ...fragment('only'),
  }
}

test('a context reads its policy once, and each certificate of it once', async () => {
  const { done, ...counts } = await readings(() => openContext({ policy: policy() }))
  await done.close()
  assert.deepEqual(counts, { policies: 1, checks: 1, certificates: 3 })
})

test('with overlays it reads each of them once, and once what all of them make', async () => {
  const overlays = ['a', 'b', 'c'].map(fragment)
  const { done, ...counts } = await readings(() => openContext({ policy: policy(), overlays }))
  await done.close()
  assert.deepEqual(counts, { policies: 1 + 3 + 1, checks: 2, certificates: 6 })
})

test('an overlay of an open context is read once, and once what it makes', async () => {
  const context = await openContext({ policy: policy() })
  const { done, ...counts } = await readings(() => context.overlay(fragment('later')))
  await done
  await context.close()
  assert.deepEqual(counts, { policies: 2, checks: 1, certificates: 3 })
})
