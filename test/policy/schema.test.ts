import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import Ajv from 'ajv'
import {
  checkPolicy,
  normalizePolicy,
  type PolicySource,
  policySchema,
} from 'lws-secure-streams/policy'
import { perProtocol, policyOf } from '../support/policies.js'
import { goodPolicy, KEYS, withStreamtype } from './helpers.js'

const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
  policySchema,
)

function complaints(policy: unknown): string[] {
  validate(policy)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** What the checker finds wrong without looking at anything else, in ASCII. */
const OF_ONE_VALUE = new Set([
  'bad-status',
  'control-character',
  'empty-stack',
  'out-of-range',
  'string-too-long',
  'too-many-items',
  'unknown-protocol',
  'wrong-type',
])

const VALUES: unknown[] = [
  ...[true, null, -1, 0, 1, 1.5, 8, 256, 65_535, 65_536, 2 ** 31, '', '1', '-1', '1e3'],
  ...['text', 'two\nlines', 'x'.repeat(253), 'x'.repeat(254), 'h1', 'h1get', 'mqtt'],
  ...[[], {}, [1], ['1'], ['x'], [[]], [{}], Array(7).fill('x'), Array(9).fill(1)],
  ...[
    { a: 1 },
    { a: '' },
    { 200: 1000 },
    { 200: '1000' },
    { 200: 1 },
    { 99: 1000 },
    { 200: [] },
  ].map((item) => [item]),
]

/** A policy in which a key has a value, and as little else as there can be. */
function policyWith({ place, name }: (typeof KEYS)[number], value: unknown): object {
  switch (place) {
    case 'root':
      return { [name]: value }
    case 'retry':
      return { retry: [{ x: { [name]: value } }] }
    case 'trust_store':
      return { trust_stores: [{ name: 'x', stack: ['x'], [name]: value }] }
    case 'auth':
      return { auth: [{ name: 'x', [name]: value }] }
    case 'metric':
      return { metrics: [{ [name]: value }] }
    case 'streamtype':
      return { s: [{ x: { [name]: value } }] }
  }
}

/** What the specification gives as its example, with the certificates that it leaves out. */
function specifiedExample(): object {
  const file = 'deps/libwebsockets/source/lib/secure-streams/README.md'
  const [, text = ''] =
    /^# JSON Policy Database.*?^```\n(.*?)^```/ms.exec(readFileSync(file, 'utf8')) ?? []
  return JSON.parse(text.replaceAll('...', ''))
}

describe('the JSON Schema', () => {
  test('is in the package', () => {
    const file = createRequire(__filename).resolve('lws-secure-streams/policy.schema.json')
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), policySchema)
  })

  test('accepts good policies, as written and in normal form', () => {
    const good = [
      goodPolicy(),
      { $schema: 'x', ...goodPolicy() },
      withStreamtype({ port: '80', timeout_ms: '10', http_resp_map: [{ 530: '1530' }] }),
      { ...goodPolicy(), trust_stores: [{ store: ['root'] }] },
    ]
    for (const policy of good) {
      assert.deepEqual(complaints(policy), [])
      assert.deepEqual(complaints(normalizePolicy(policy)), [])
    }
  })

  test("accepts the specification's example", () => {
    assert.deepEqual(complaints(specifiedExample()), [])
  })

  test('accepts a fragment for an overlay', () => {
    assert.deepEqual(complaints({ s: [{ mintest: { endpoint: 'example.com' } }] }), [])
  })

  test('refuses what the checker finds wrong with one value', () => {
    const wrong: object[] = [
      withStreamtype({ http_metod: 'GET' }),
      withStreamtype({ tls: 1 }),
      withStreamtype({ port: 65_536 }),
      withStreamtype({ port: 'http' }),
      withStreamtype({ protocol: 'h3' }),
      withStreamtype({ http_url: 'x'.repeat(254) }),
      withStreamtype({ http_url: 'a\nb' }),
      withStreamtype({ metadata: [{ a: 1 }] }),
      withStreamtype({ http_resp_map: [{ 99: 1000 }] }),
      withStreamtype({ http_resp_map: [{ 500: 999 }] }),
      withStreamtype({ client_cert: -1 }),
      { ...goodPolicy(), retry: [{ default: { backoff: Array(9).fill(1) } }] },
      { ...goodPolicy(), trust_stores: [{ name: 'store' }] },
      { ...goodPolicy(), trust_stores: [{ name: 'store', stack: [] }] },
      { ...goodPolicy(), auth: [{ type: 'sigv4' }] },
      { s: [{ 'a.b': { endpoint: 'e', port: 1 } }] },
      { s: [{ '': { endpoint: 'e', port: 1 } }] },
      { s: [{ ['x'.repeat(91)]: { endpoint: 'e', port: 1 } }] },
      { ...goodPolicy(), retry: [{ '': {} }] },
      { ...goodPolicy(), extra: 1 },
    ]
    for (const policy of wrong) {
      assert.notDeepEqual(complaints(policy), [], JSON.stringify(policy))
      assert.notDeepEqual(checkPolicy(policy as PolicySource), [], JSON.stringify(policy))
    }
  })

  test('accepts the policies of the documents and of other tests', () => {
    const documented = readdirSync('docs').flatMap((name) => {
      const text = name.endsWith('.md') ? readFileSync(`docs/${name}`, 'utf8') : ''
      return Array.from(text.matchAll(/^```json\n(.*?)^```$/gms), ([, json = '']) => json)
    })
    assert.ok(documented.length > 1)
    for (const json of documented)
      assert.deepEqual(complaints(JSON.parse(json.replace('…', ''))), [], json)
    assert.deepEqual(complaints(policyOf(perProtocol)), [])
  })

  for (const spec of KEYS)
    test(`says of ${spec.place} ${spec.name} what the checker says`, () => {
      for (const value of VALUES) {
        const policy = policyWith(spec, value)
        const found = checkPolicy(policy).filter(
          ({ severity, code, path }) =>
            (severity === 'error' || code === 'unknown-key') && path.includes(spec.name),
        )
        const isRefused = complaints(policy).length > 0
        const what = JSON.stringify({ policy, found })
        if (found.length === 0) assert.equal(isRefused, false, what)
        if (found.some(({ code }) => OF_ONE_VALUE.has(code))) assert.equal(isRefused, true, what)
      }
    })

  test('describes every key under every spelling', () => {
    const { properties, definitions } = policySchema as {
      properties: Record<string, { description?: string }>
      definitions: Record<string, { properties: Record<string, { description?: string }> }>
    }
    for (const { place, name, aliases = [] } of KEYS) {
      const described = place === 'root' ? properties : definitions[place]?.properties
      for (const spelling of [name, ...aliases])
        assert.ok(described?.[spelling]?.description, `${place} ${spelling}`)
    }
  })
})
