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

/** What VS Code adds to JSON Schema. */
const OF_EDITORS = [
  ...['markdownDescription', 'errorMessage', 'patternErrorMessage', 'defaultSnippets'],
  ...['deprecationMessage', 'doNotSuggest', 'suggestSortText', 'completionDetail'],
]
const validate = new Ajv({
  strict: true,
  allowUnionTypes: true,
  allErrors: true,
  keywords: OF_EDITORS,
}).compile(policySchema)

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

/** A value that a key of this type can have. */
const VALUE_OF: Readonly<Record<string, unknown>> = {
  ...{ text: 'x', integer: 1, boolean: true, reference: 'x', label: 'x', list: ['x'] },
  ...{ metadata: [{ x: '' }], respmap: [{ 404: 1404 }] },
}

interface Described {
  description?: string
  markdownDescription?: string
}
interface Definition {
  properties: Record<string, Described>
  allOf?: { patternProperties: Record<string, { deprecationMessage: string }> }[]
}
const { properties, definitions } = policySchema as unknown as Definition & {
  definitions: Record<string, Definition & Described>
}

/** What the schema says of a key. */
function keyIn(place: string, spelling: string): Described | undefined {
  if (place === 'root') return properties[spelling]
  if (place === 'streamtype') return definitions[`key:${spelling.replace(/\W/g, '-')}`]
  return definitions[place]?.properties[spelling]
}

/** Whether editors are told that a key has no effect since it is for another protocol or role. */
function isMarked(protocol: string, server: boolean, name: string): boolean {
  const [remarks] = definitions[`${protocol}:${server ? 'server' : 'client'}`]?.allOf ?? []
  return Object.entries(remarks?.patternProperties ?? {}).some(
    ([pattern, { deprecationMessage }]) =>
      new RegExp(pattern).test(name) && / and this streamtype is /.test(deprecationMessage),
  )
}

/** The anchors of the specification's headings, as GitHub makes them. */
function anchorsOfSpecification(): Set<string> {
  const file = 'deps/libwebsockets/source/lib/secure-streams/README.md'
  const anchors = new Set<string>()
  for (const [, heading = ''] of readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-')
    anchors.add(anchors.has(anchor) ? `${anchor}-1` : anchor)
  }
  return anchors
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

  test('has an $id that stays, and is one for validators without strict mode', () => {
    assert.equal(policySchema.$id, 'urn:lws-secure-streams:policy')
    const loose = new Ajv({ strict: false }).compile(policySchema)
    assert.equal(loose(goodPolicy()), true)
    assert.equal(loose(withStreamtype({ protocol: 'mqtt', http_url: 'x' })), false)
  })

  test('accepts a fragment for an overlay', () => {
    assert.deepEqual(complaints({ s: [{ mintest: { mqtt_qos: 1, http_expect: 204 } }] }), [])
    assert.deepEqual(complaints({ s: [{ mintest: { endpoint: 'example.com' } }] }), [])
  })

  test('refuses what the checker finds wrong with one value', () => {
    const wrong: object[] = [
      withStreamtype({ http_metod: 'GET' }),
      withStreamtype({ protocol: 'mqtt', http_url: 'x' }),
      withStreamtype({ protocol: 'ws', mqtt_topic: 'x' }),
      withStreamtype({ protocol: 'h1', server_cert: 'x' }),
      withStreamtype({ protocol: 'h1', server: true, tls_trust_store: 'x' }),
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
    documented.push(readFileSync('examples/whiteboard/policy.json', 'utf8'))
    assert.ok(documented.length > 1)
    for (const json of documented)
      assert.deepEqual(complaints(JSON.parse(json.replace('…', ''))), [], json)
    assert.deepEqual(complaints(policyOf(perProtocol)), [])
  })

  for (const protocol of ['h1', 'h2', 'ws', 'mqtt', 'raw'])
    for (const server of [false, true])
      test(`has for ${server ? 'a server' : 'a client'} of ${protocol} the keys that the checker has`, () => {
        for (const { place, name, type } of KEYS) {
          if (place !== 'streamtype' || name === 'protocol' || name === 'server') continue
          const value = VALUE_OF[type.kind]
          const policy = { s: [{ x: { protocol, server, [name]: value } }] }
          const misplaced = checkPolicy(policy).filter(
            ({ code, path }) => /^key-wrong-/.test(code) && path.endsWith(name),
          )
          const isError = misplaced.some(({ severity }) => severity === 'error')
          const found = complaints(policy)
          assert.equal(found.length > 0, isError, JSON.stringify({ policy, found, misplaced }))
          assert.equal(isMarked(protocol, server, name), misplaced.length > 0 && !isError, name)
        }
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

  test('describes every key under every spelling, with its section of the specification', () => {
    const anchors = anchorsOfSpecification()
    for (const { place, name, aliases = [], heading } of KEYS)
      for (const spelling of [name, ...aliases]) {
        const described = keyIn(place, spelling)
        assert.ok(described?.description, `${place} ${spelling}`)
        const [, anchor] = /\/README\.md#([^)]+)\)/.exec(described.markdownDescription ?? '') ?? []
        assert.equal(anchor !== undefined, heading !== null, `${place} ${spelling}`)
        if (anchor !== undefined) assert.ok(anchors.has(anchor), anchor)
      }
  })
})
