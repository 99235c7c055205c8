import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { normalizePolicy, overlayPolicy, PolicyError } from 'lws-secure-streams/policy'
import { fakeCert, goodPolicy } from './helpers.js'

describe('normalizePolicy', () => {
  test("translates the spellings of the specification's example", () => {
    const cert = fakeCert()
    const policy = normalizePolicy({
      release: '01234567',
      product: 'myproduct',
      'schema-version': 1,
      retry: [{ default: { backoff: [1000, '2000'], conceal: '5', jitterpc: 20 } }],
      certs: [{ isrg_root_x1: cert.replace(/.{64}/g, '$&\n') }, { LEX3_isrg_root_x1: cert }],
      trust_stores: [{ le_via_isrg: ['isrg_root_x1', 'LEX3_isrg_root_x1'] }],
      s: [
        {
          mintest: {
            endpoint: 'warmcat.com',
            port: '4443',
            protocol: 'h1get',
            aux: 'index.html',
            plugins: [],
            tls: true,
            opportunistic: true,
            retry: 'default',
            tls_trust_store: 'le_via_isrg',
            'client cert': 1,
            http_multipart_content_type: 'text/plain',
            http_resp_map: [{ '530': '1530' }],
            metadata: [{ a: '', b: 'x:' }],
          },
        },
      ],
    })
    assert.deepEqual(policy, {
      release: '01234567',
      product: 'myproduct',
      'schema-version': 1,
      retry: [{ default: { backoff: [1000, 2000], conceal: 5, jitterpc: 20 } }],
      certs: [{ isrg_root_x1: cert }, { LEX3_isrg_root_x1: cert }],
      trust_stores: [{ name: 'le_via_isrg', stack: ['isrg_root_x1', 'LEX3_isrg_root_x1'] }],
      auth: [],
      s: [
        {
          mintest: {
            endpoint: 'warmcat.com',
            port: 4443,
            protocol: 'h1',
            http_method: 'GET',
            http_url: 'index.html',
            tls: true,
            opportunistic: true,
            retry: 'default',
            tls_trust_store: 'le_via_isrg',
            client_cert: 1,
            http_mime_content_type: 'text/plain',
            http_resp_map: [{ '530': 1530 }],
            metadata: [{ a: '' }, { b: 'x:' }],
          },
        },
      ],
    })
  })

  test('is stable and leaves its source alone', () => {
    const source = goodPolicy()
    const once = normalizePolicy(source)
    assert.deepEqual(source, goodPolicy())
    assert.deepEqual(normalizePolicy(once), once)
    assert.deepEqual(normalizePolicy(JSON.stringify(once)), once)
  })

  test('says in its error where the policy is wrong', () => {
    const text = '{ "s": [{ "a": { "endpoint": "e", "port": 1, "tls": 1 } }] }'
    assert.throws(
      () => normalizePolicy(text, { file: 'policy.json' }),
      (error) => {
        assert.ok(error instanceof PolicyError)
        assert.equal(error.code, 'ERR_SS_POLICY')
        assert.equal(error.diagnostics[0]?.code, 'wrong-type')
        assert.match(
          error.message,
          /^the policy has 1 error\n {2}policy\.json:1:53: s\[0\]\.a\.tls: /,
        )
        return true
      },
    )
  })
})

describe('overlayPolicy', () => {
  test('overrides keys of a streamtype and adds metadata', () => {
    const base = goodPolicy()
    const result = overlayPolicy(base, {
      s: [
        {
          mintest: {
            endpoint: 'google.com',
            http_url: '/',
            port: 80,
            tls: false,
            metadata: [{ ctype: 'x:' }, { n: '' }],
          },
        },
      ],
    })
    const mintest = result.s[0]?.mintest
    assert.equal(mintest?.endpoint, 'google.com')
    assert.equal(mintest?.tls, false)
    assert.equal(mintest?.retry, 'default')
    assert.deepEqual(mintest?.metadata, [{ region: '' }, { ctype: 'x:' }, { n: '' }])
    assert.deepEqual(base, goodPolicy())
  })

  test("adds streamtypes and sections, which can use the policy's", () => {
    const result = overlayPolicy(goodPolicy(), {
      retry: [{ default: { conceal: 1 } }, { other: { conceal: 2 } }],
      trust_stores: [{ more: ['root'] }],
      s: [
        { extra: { endpoint: 'e', port: 1, tls: true, tls_trust_store: 'more', retry: 'default' } },
      ],
    })
    assert.deepEqual(result.retry, [{ default: { conceal: 1 } }, { other: { conceal: 2 } }])
    assert.deepEqual(
      result.trust_stores.map(({ name }) => name),
      ['store', 'more'],
    )
    assert.deepEqual(
      result.s.flatMap((item) => Object.keys(item)),
      ['mintest', 'site', 'thermo', 'extra'],
    )
  })

  test('checks the result', () => {
    assert.throws(
      () => overlayPolicy(goodPolicy(), { s: [{ mintest: { retry: 'no' } }] }),
      PolicyError,
    )
    assert.throws(() => overlayPolicy(goodPolicy(), { s: [{ x: {} }] }), PolicyError)
    assert.throws(() => overlayPolicy(goodPolicy(), '{"s":'), PolicyError)
  })
})
