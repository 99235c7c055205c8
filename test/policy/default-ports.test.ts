import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  checkPolicy,
  normalizePolicy,
  type PolicyInput,
  policyToC,
} from 'lws-secure-streams/policy'
import { internal } from '../support/internals.js'

const { writeLwsPolicy } = internal<typeof import('../../dist/policy/write/write-lws-policy.js')>(
  'policy/write/write-lws-policy.js',
)

type Streamtype = NonNullable<PolicyInput['s']>[number][string]

const written = (it: Streamtype): number | undefined =>
  JSON.parse(writeLwsPolicy(normalizePolicy({ s: [{ it }] })).json).s.find(
    (entry: object) => 'it' in entry,
  ).it.port
const codes = (it: Streamtype) =>
  checkPolicy({ s: [{ it }] })
    .filter(({ code }) => code.endsWith('-port'))
    .map(({ severity, code }) => `${severity} ${code}`)

describe('a client without a port', () => {
  const cases = [
    ['h1', 80, 443],
    ['h2', 80, 443],
    ['ws', 80, 443],
    ['mqtt', 1883, 8883],
  ] as const
  for (const [protocol, plain, secure] of cases)
    test(`of ${protocol} has that of its protocol`, () => {
      const it = {
        endpoint: 'example.com',
        protocol,
        ...(protocol === 'mqtt' && { mqtt_topic: 'a' }),
      }
      assert.equal(written(it), plain)
      assert.equal(written({ ...it, tls: true }), secure)
      assert.equal(written({ ...it, tls: true, port: 1 }), 1)
      assert.deepEqual(codes(it), ['info default-port'])
      assert.match(policyToC({ s: [{ it }] }), new RegExp(`\\.port = ${plain}\\b`))
      assert.equal(normalizePolicy({ s: [{ it }] }).s[0]?.it?.port, undefined)
    })

  test('of raw is an error, unless the endpoint needs or has none', () => {
    const it = { endpoint: 'example.com', protocol: 'raw' } as const
    assert.deepEqual(codes(it), ['error missing-port'])
    assert.deepEqual(codes({ ...it, port: 1 }), [])
    for (const endpoint of ['+@socket', 'example.com:7', `\${place}`])
      assert.deepEqual(codes({ ...it, endpoint, metadata: [{ place: '' }] }), [])
  })
})

test('a server without a port lets the system choose', () => {
  assert.equal(written({ server: true, protocol: 'h1' }), undefined)
})
