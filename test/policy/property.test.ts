import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  checkPolicy,
  normalizePolicy,
  type PolicySource,
  policyToC,
} from 'lws-secure-streams/policy'
import { goodPolicy, writeLwsPolicy } from './helpers.js'
import { edits, type Holder, mutate, OPTIONS } from './mutations.js'

function assertWithinLimits(json: string): void {
  assert.ok(json.startsWith('{'))
  const certs = new Set<string>()
  const uses: string[] = []
  const policy = JSON.parse(json)
  assert.doesNotMatch(json, /\\u0000|\\ud[89a-f]/)

  for (const item of policy.certs ?? []) {
    for (const [name, base64] of Object.entries<string>(item)) {
      certs.add(name)
      assert.ok(base64.length <= 4024)
    }
  }
  for (const store of policy.trust_stores ?? []) {
    assert.ok(store.stack.length >= 1 && store.stack.length <= 6)
    uses.push(...store.stack)
  }
  for (const item of policy.retry ?? []) {
    for (const retry of Object.values<Holder>(item)) {
      assert.ok(((retry.backoff as unknown[]) ?? []).length <= 8)
    }
  }
  const defined = (section: string) =>
    new Set((policy[section] ?? []).flatMap((item: Holder) => [item.name ?? Object.keys(item)[0]]))
  for (const item of policy.s ?? []) {
    const [name, streamtype] = Object.entries<Holder>(item)[0] as [string, Holder]
    assertStreamtype(name, streamtype)
    for (const [key, section] of [
      ['retry', 'retry'],
      ['tls_trust_store', 'trust_stores'],
      ['use_auth', 'auth'],
      ['rideshare', 's'],
    ] as const) {
      assert.ok(streamtype[key] === undefined || defined(section).has(streamtype[key]))
    }
  }
  assert.equal(new Set(uses).size, uses.length)
  assert.deepEqual(new Set(uses), certs)
}

function assertStreamtype(name: string, streamtype: Holder): void {
  assert.ok(name !== '' && !name.includes('.'))
  const protocol = streamtype.protocol as string
  assert.ok(['h1', 'h2', 'ws', 'mqtt', 'raw'].includes(protocol))
  for (const [key, value] of Object.entries(streamtype)) {
    assert.ok(Buffer.byteLength(`s[].${name}.${key}[]`) < 128)
    assert.ok(typeof value !== 'string' || (value !== '' && Buffer.byteLength(value) < 254))
    assert.ok(typeof value !== 'boolean' || value)
    assert.ok(
      typeof value !== 'number' || (Number.isInteger(value) && value >= 0 && value < 2 ** 31),
    )
    assert.ok(protocol !== 'mqtt' || !/^(http|ws)_/.test(key))
    assert.ok(protocol === 'mqtt' || !key.startsWith('mqtt_'))
  }
  for (const key of ['metadata', 'http_resp_map']) {
    const items = (streamtype[key] as Holder[] | undefined) ?? []
    assert.ok(items.length <= (key === 'metadata' ? 255 : 16))
    for (const item of items.flatMap(Object.keys)) {
      assert.ok(item !== '' && Buffer.byteLength(`s[].${name}.${key}[].${item}`) < 128)
    }
  }
  if (streamtype.server === true) {
    assert.equal(streamtype.tls_trust_store, undefined)
  } else {
    assert.ok(streamtype.endpoint)
  }
  assert.equal(streamtype.server_cert ?? streamtype.server_key, undefined)
}

function check(source: unknown): void {
  const failed = checkPolicy(source as PolicySource).some(({ severity }) => severity === 'error')
  if (failed) {
    assert.throws(() => normalizePolicy(source as PolicySource), { code: 'ERR_SS_POLICY' })
    assert.throws(() => writeLwsPolicy(source as PolicySource), { code: 'ERR_SS_POLICY' })
  } else {
    const { json, policy } = writeLwsPolicy(source as PolicySource)
    assertWithinLimits(json)
    assert.deepEqual(normalizePolicy(policy), policy)
    assert.equal(writeLwsPolicy(policy).json, json)
    assert.equal(policyToC(policy).includes('undefined'), false)
  }
}

test('a changed policy is refused or written within the limits of lws', () => {
  fc.assert(
    fc.property(edits, (changes) => check(mutate(changes))),
    OPTIONS,
  )
})

test('so is changed text', () => {
  const text = JSON.stringify(goodPolicy())
  const piece = fc.constantFrom(
    '"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '#',
    '\\',
    '/*',
    '//',
    '0',
    '\n',
    '\0',
    'x',
  )
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(text.length), fc.nat(4), piece), { maxLength: 4 }),
      (cuts) => {
        let changed = text
        for (const [at, length, insert] of cuts) {
          changed = changed.slice(0, at) + insert + changed.slice(at + length)
        }
        check(changed)
        check(Buffer.from(changed))
      },
    ),
    OPTIONS,
  )
})

test('so is anything at all', () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSparseArray: true,
        withTypedArray: true,
        withNullPrototype: true,
      }),
      check,
    ),
    OPTIONS,
  )
  fc.assert(fc.property(fc.string({ unit: 'binary' }), check), OPTIONS)
  fc.assert(fc.property(fc.uint8Array(), check), OPTIONS)
})
