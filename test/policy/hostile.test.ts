import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkPolicy, normalizePolicy, type PolicySource } from 'lws-secure-streams/policy'
import { codes, goodPolicy } from './helpers.js'

const cyclic: Record<string, unknown> = {}
cyclic.s = [cyclic]

const throwing = Object.defineProperty({}, 's', {
  enumerable: true,
  get() {
    throw new Error('no')
  },
})

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let at = 0; at < depth; at++) {
    value = [value]
  }
  return value
}

/** Ten references to ten references to …: small in memory, endless as a tree. */
function shared(): unknown {
  let value: unknown = 'x'
  for (let level = 0; level < 20; level++) {
    value = Array(10).fill(value)
  }
  return value
}

class NotPlain {
  s = []
}

describe('values that are no policy', () => {
  const cases: [string, unknown, string][] = [
    ['undefined', undefined, 'wrong-type'],
    ['null', null, 'wrong-type'],
    ['a number', 1, 'wrong-type'],
    ['NaN', { s: Number.NaN }, 'wrong-type'],
    ['a function', () => ({}), 'wrong-type'],
    ['a symbol', Symbol('x'), 'wrong-type'],
    ['a BigInt', { 'schema-version': 1n }, 'wrong-type'],
    ['an array', [], 'wrong-type'],
    ['undefined in an array', { s: [undefined] }, 'wrong-type'],
    ['a class instance', new NotPlain(), 'not-plain-object'],
    ['a Map', { s: [new Map()] }, 'not-plain-object'],
    ['a Date', { s: [{ a: new Date(0) }] }, 'not-plain-object'],
    ['an object that holds itself', cyclic, 'cyclic'],
    ['a getter that throws', throwing, 'unreadable'],
    ['a revoked proxy', { s: revoked() }, 'unreadable'],
    ['depth', { s: nested(10_000) }, 'too-deep'],
    ['a shared subtree', { metrics: shared() }, 'too-large'],
    ['a length of four billion', { s: new Array(2 ** 32 - 1) }, 'too-large'],
  ]
  for (const [what, value, code] of cases) {
    test(what, () => {
      assert.ok(codes(value).includes(code), String(codes(value)))
      assert.throws(() => normalizePolicy(value as PolicySource), {
        name: 'PolicyError',
        code: 'ERR_SS_POLICY',
      })
    })
  }
})

test('an object of another realm, without a prototype, and with undefined members is fine', () => {
  const bare = Object.assign(Object.create(null), goodPolicy(), { 'via-socks5': undefined })
  assert.deepEqual(checkPolicy(bare), [])
})

test('names such as __proto__ are only names', () => {
  const text = `{
    "__proto__": { "s": [] },
    "constructor": 1,
    "retry": [{ "__proto__": { "backoff": [1] } }, { "constructor": {} }],
    "s": [{ "__proto__": {
      "__proto__": {}, "endpoint": "e", "port": 1, "retry": "__proto__",
      "metadata": [{ "__proto__": "x:" }], "http_url": "\${__proto__}"
    } }, { "toString": { "endpoint": "e", "port": 1, "retry": "hasOwnProperty" } }]
  }`
  assert.deepEqual(codes(text), ['unknown-reference'])
  const policy = normalizePolicy(text.replace('hasOwnProperty', 'constructor'))
  assert.deepEqual(
    policy.s.flatMap((item) => Object.keys(item)),
    ['__proto__', 'toString'],
  )
  assert.equal(Object.getPrototypeOf(policy.s[0]), Object.prototype)
  assert.equal(({} as { endpoint?: unknown }).endpoint, undefined)
})

test('a million mistakes are cut down to what can be read, errors first of all', () => {
  const s = Array.from({ length: 20_000 }, (_, at) => ({ [`a${at}`]: { unknown: 1 } }))
  const errors = codes({ s })
  assert.equal(errors.length, 1000)
})

test('a hundred thousand streamtypes of one name', () => {
  const s = Array.from({ length: 100_000 }, () => ({ a: { endpoint: 'e', port: 1 } }))
  assert.equal(normalizePolicy({ s }).s.length, 1)
})

test('a text of many values', () => {
  assert.deepEqual(codes(`{"metrics":[${'0,'.repeat(2_000_000)}0]}`), ['too-large'])
})

test('brackets and quotes in hostile text do not take quadratic time', () => {
  const start = performance.now()
  for (const piece of ['"', '{"a":', '#', '/*', '\\', '"\\"', '[[],', '//\n', ',']) {
    checkPolicy(piece.repeat(200_000))
    checkPolicy(`{"s":[${piece.repeat(200_000)}`)
  }
  assert.ok(performance.now() - start < 10_000)
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
