import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fakeCert, goodPolicy, realKey, use, withStreamtype, writeLwsPolicy } from './helpers.js'

type Written = Record<string, Record<string, unknown>[]> & {
  s: Record<string, Record<string, unknown>>[]
}

function write(source: object): Written {
  return JSON.parse(writeLwsPolicy(source).json)
}

/** What lws is told about one streamtype. */
function written(streamtype: object): Record<string, unknown> | undefined {
  return write(withStreamtype(streamtype)).s.at(-1)?.x
}

test('a reference is to a name that no other begins with', () => {
  const names = ['default', 'def', 'd', '__proto__']
  const policy = write({
    retry: names.map((name, at) => ({ [name]: { conceal: at } })),
    s: names.map((retry) => ({ [`s${retry}`]: { endpoint: 'e', port: 1, retry } })),
  })
  const schemes = (policy.retry ?? []).flatMap((item) => Object.keys(item))
  assert.equal(new Set(schemes.map((name) => name.length)).size, 1)
  assert.equal(new Set(schemes).size, names.length)
  for (const [at, name] of names.entries()) {
    const retry = policy.s[at]?.[`s${name}`]?.retry as string
    assert.deepEqual(
      policy.retry?.find((item) => retry in item),
      { [retry]: { conceal: at } },
    )
  }
})

test('certificates are those of the trust stores in use', () => {
  const server = { server: true, tls: true, server_cert: 'c', server_key: 'k' }
  const policy = write({
    certs: [{ c: fakeCert() }, { k: realKey() }, { unused: fakeCert() }],
    trust_stores: [
      { name: 't', stack: ['c'] },
      { name: 'u', stack: ['c'] },
    ],
    s: [
      { a: server },
      { b: server },
      { d: { endpoint: 'e', port: 1, tls: true, tls_trust_store: 't' } },
      { e: { endpoint: 'e', port: 1, tls: true, tls_trust_store: 't' } },
    ],
  })
  // What servers show, they are given when they listen.
  assert.equal(policy.certs?.length, 1)
  assert.equal(policy.trust_stores?.length, 1)
})

test('sections come before what refers to them, and a name before its stack', () => {
  const { s, ...rest } = goodPolicy()
  const { json, trustStores } = writeLwsPolicy({ s, ...rest })
  assert.deepEqual(Object.keys(JSON.parse(json)), [
    'schema-version',
    'retry',
    'certs',
    'trust_stores',
    's',
  ])
  assert.match(json, /"trust_stores":\[\{"name":"[^"]+","stack"/)
  assert.equal(trustStores.get('store'), JSON.parse(json).trust_stores[0].name)
})

test('strings come before numbers, and metadata last', () => {
  const keys = Object.keys(
    written({ metadata: [{ a: '' }], port: 1, tls: true, payload_fmt: 'x' }) ?? {},
  )
  assert.deepEqual(keys, [
    'endpoint',
    'payload_fmt',
    'http_method',
    'http_url',
    'protocol',
    'retry',
    'port',
    'tls',
    'metadata',
  ])
})

describe('what lws needs said', () => {
  const cases: [string, object, Record<string, unknown>][] = [
    ['the protocol', {}, { protocol: 'h1' }],
    ['the method', {}, { http_method: 'GET' }],
    ['a method that is given', { http_method: 'PUT' }, { http_method: 'PUT' }],
    ['no method on ws', { protocol: 'ws', http_method: 'GET' }, { http_method: undefined }],
    ['the path on h1', {}, { http_url: '/' }],
    ['a path on h1', { http_url: 'x' }, { http_url: 'x' }],
    ['the longest path on h1', { http_url: 'x'.repeat(253) }, { http_url: 'x'.repeat(253) }],
    ['a path with a slash on h1', { http_url: '/x' }, { http_url: '/x' }],
    ['a path on h2', { protocol: 'h2', http_url: 'x' }, { http_url: 'x' }],
    ['a path with a slash on h2', { protocol: 'h2', http_url: '/x' }, { http_url: '/x' }],
    ['a path with a slash on ws', { protocol: 'ws', http_url: '//x' }, { http_url: '//x' }],
    ['the root on ws', { protocol: 'ws', http_url: '/' }, { http_url: '/' }],
    ['no path on ws', { protocol: 'ws' }, { http_url: '/' }],
    ['a path from metadata', { http_url: use('a'), metadata: [{ a: '' }] }, { http_url: use('a') }],
    [
      'nothing of http on raw',
      { protocol: 'raw', http_url: '/' },
      { http_url: undefined, http_method: undefined },
    ],
    [
      'nothing that is false or empty',
      { tls: false, payload_fmt: '' },
      { tls: undefined, payload_fmt: undefined },
    ],
    [
      "no keys of lws's own dead ends",
      { urgent_tx: true, plugins: [] },
      { urgent_tx: undefined, plugins: undefined },
    ],
  ]
  for (const [what, streamtype, expected] of cases) {
    test(what, () => {
      const actual = written(streamtype)
      for (const [key, value] of Object.entries(expected)) {
        assert.equal(actual?.[key], value)
      }
    })
  }
  test('metadata that a server of transactions cannot do without', () => {
    assert.deepEqual(written({ server: true, metadata: [{ path: 'x:' }] })?.metadata, [
      { path: 'x:' },
      { method: '' },
    ])
    assert.equal(written({ server: true, protocol: 'raw' })?.metadata, undefined)
  })
  test('the least jitter, because none means 30 %', () => {
    const policy = write({ ...goodPolicy(), retry: [{ default: { jitterpc: 0 } }] })
    assert.deepEqual(
      policy.retry?.map((item) => Object.values(item)),
      [[{ jitterpc: 1 }]],
    )
  })
})

describe('names that lws would act on', () => {
  test('fetch_policy is hidden from lws', () => {
    const { json, streamtypes } = writeLwsPolicy({
      s: [
        { fetch_policy: { endpoint: 'e', port: 1 } },
        { _fetch_policy: { endpoint: 'e', port: 1, rideshare: 'fetch_policy' } },
        { captive_portal_detect: { endpoint: 'e', port: 1 } },
      ],
    })
    assert.deepEqual(
      [...streamtypes],
      [
        ['fetch_policy', '_0'],
        ['_fetch_policy', '_fetch_policy'],
        ['captive_portal_detect', 'captive_portal_detect'],
      ],
    )
    assert.equal(JSON.parse(json).s[1]._fetch_policy.rideshare, '_0')
  })
  test('others can be', () => {
    const { streamtypes } = writeLwsPolicy(
      { s: [{ a: { endpoint: 'e', port: 1 } }] },
      { reserved: ['a'] },
    )
    assert.equal(streamtypes.get('a'), '_0')
  })
  test("a server does not become lws's default vhost", () => {
    const { streamtypes } = writeLwsPolicy({ s: [{ default: { server: true } }] })
    assert.equal(streamtypes.get('default'), '_0')
  })
})

test('the text begins with {, or lws would take it for a path', () => {
  assert.equal(writeLwsPolicy('# x\n\n {}').json, '{"schema-version":1}')
})

test('ten times the streamtypes take ten times as long', () => {
  const policy = (count: number) => ({
    ...goodPolicy(),
    s: Array.from({ length: count }, (_, at) => ({
      [`st${at}`]: {
        endpoint: `h${at}.example.com`,
        port: 443,
        retry: 'default',
        metadata: [{ a: '' }],
      },
    })),
  })
  const timeOf = (source: object) => {
    const start = performance.now()
    writeLwsPolicy(source)
    return performance.now() - start
  }
  timeOf(policy(3000))
  const small = Math.max(1, Math.min(...[1, 2, 3].map(() => timeOf(policy(1000)))))
  const large = Math.min(...[1, 2, 3].map(() => timeOf(policy(10_000))))
  assert.ok(large < small * 60, `${small} ms for 1,000 and ${large} ms for 10,000`)
  assert.ok(large < 2000)
})
