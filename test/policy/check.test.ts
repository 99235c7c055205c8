import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkPolicy } from 'lws-secure-streams/policy'
import { codes, fakeCert, goodPolicy, use, withStreamtype } from './helpers.js'

test('a good policy has no findings', () => {
  assert.deepEqual(checkPolicy(goodPolicy()), [])
  assert.deepEqual(checkPolicy(JSON.stringify(goodPolicy(), null, 2)), [])
  assert.deepEqual(checkPolicy(Buffer.from(JSON.stringify(goodPolicy()))), [])
})

test('a finding has a severity, code, message, path, line and column', () => {
  const text = '{\n  "s": [{ "chat": {\n    "endpoint": "e", "port": 1, "tls": 1 } }]\n}'
  const [finding] = checkPolicy(text)
  assert.deepEqual(finding, {
    severity: 'error',
    code: 'wrong-type',
    message: 'tls has to be true or false, not the number 1',
    path: 's[0].chat.tls',
    line: 3,
    column: 40,
  })
  const [inObject] = checkPolicy({ s: [{ 'a b': { endpoint: 'e', port: 1, tls: 1 } }] })
  assert.equal(inObject?.path, 's[0]["a b"].tls')
  assert.equal(inObject !== undefined && 'line' in inObject, false)
})

describe('JSON that lws accepts and other readers do not', () => {
  const one = '{"a":{"endpoint":"e","port":1,"retry":"r"}}'
  const cases: [string, string, string[], string[]][] = [
    [
      'a trailing comma in a list',
      `{"retry":[{"r":{"backoff":[1,]}},],"s":[${one},]}`,
      [],
      ['trailing-comma'],
    ],
    [
      'a } too many at the end of a section',
      `{"retry":[{"r":{}}],"s":[${one}}]}`,
      ['mismatched-bracket'],
      [],
    ],
    ['a section without its ]', `{"retry":[{"r":{}}],"s":[${one}}`, ['mismatched-bracket'], []],
  ]
  for (const [what, text, warnings, infos] of cases) {
    test(what, () => {
      assert.deepEqual(codes(text), [])
      assert.deepEqual(codes(text, 'warning'), warnings)
      assert.deepEqual(
        [...new Set(codes(text, 'info'))].filter((code) => code.includes('comma')),
        infos,
      )
    })
  }
  test('but not in other places', () => {
    assert.deepEqual(codes(`{"s":[{"a":{"metadata":[{"a":""}}}]}`), ['invalid-json'])
    assert.deepEqual(codes(`{"s":[${one}}]]`), ['invalid-json'])
    assert.deepEqual(codes(`{"s":[${one}}]}]`), ['trailing-content'])
    assert.deepEqual(codes(`{"s":[,${one}]}`), ['invalid-json'])
  })
})

describe('a name that is nearly right', () => {
  const cases: [string, object, RegExp][] = [
    ['a key', { endpiont: 'x' }, /did you mean "endpoint"/],
    ['two letters in the wrong order', { prot: 1 }, /did you mean "port"/],
    ['a protocol', { protocol: 'mqqt' }, /did you mean "mqtt"/],
    ['a reference', { retry: 'defualt' }, /did you mean "default"/],
    ['the beginning of one, which would do in C', { retry: 'def' }, /lws takes "default" for it/],
    ['metadata', { metadata: [{ region: '' }], http_url: use('regoin') }, /did you mean "region"/],
  ]
  for (const [what, streamtype, pattern] of cases) {
    test(what, () => {
      assert.ok(
        checkPolicy(withStreamtype(streamtype)).some(({ message }) => pattern.test(message)),
      )
    })
  }
  test('not when nothing is like it', () => {
    const findings = checkPolicy(withStreamtype({ 'x-notes': 'x' }))
    assert.doesNotMatch(String(findings.map(({ message }) => message)), /did you mean/)
  })
})

test('comments, a byte order mark and any line ends are accepted', () => {
  const text = `\ufeff# one "{\r\n{ // two\n /* # three\n */ "s": [{ "a#b": # four\r{
    "endpoint": "e#//x", "port": 1, "retry": "r" } }], "retry": [{"r": {}}] } # five`
  assert.deepEqual(codes(text), [])
  assert.deepEqual(codes(Buffer.from(text)), [])
})

describe('JSON that lws would choke on', () => {
  const cases: [string, string, string, number, number][] = [
    ['nothing', ' \n', 'empty-policy', 2, 1],
    ['only a comment', '# x', 'empty-policy', 1, 4],
    ['a path', '/etc/policy.json', 'invalid-json', 1, 1],
    ['truncated', '{"s":[{"a":{', 'unexpected-end', 1, 13],
    ['an open string', '{"release": "x', 'invalid-json', 1, 13],
    ['trailing junk', '{}\n{}', 'trailing-content', 2, 1],
    ['a trailing comma', '{"release": "a",}', 'invalid-json', 1, 17],
    ['a missing comma', '{"release": "a"\n "product": "b"}', 'invalid-json', 2, 2],
    ['a missing colon', '{"release" "a"}', 'invalid-json', 1, 12],
    ['single quotes', "{'release': 1}", 'invalid-json', 1, 2],
    ['a bad escape', '{"release": "\\x"}', 'invalid-json', 1, 13],
    ['a raw control character', '{"release": "\u0001"}', 'invalid-json', 1, 13],
    ['depth', '['.repeat(100_000), 'too-deep', 1, 33],
    ['an array', '[]', 'wrong-type', 1, 1],
    ['a string', '"{}"', 'wrong-type', 1, 1],
  ]
  for (const [what, text, code, line, column] of cases) {
    test(what, () => {
      const [first] = checkPolicy(text)
      assert.deepEqual([first?.code, first?.line, first?.column], [code, line, column])
    })
  }
  test('bytes that are not UTF-8', () => {
    assert.deepEqual(codes(Uint8Array.of(0x7b, 0xff, 0x7d)), ['invalid-utf8'])
  })
})

describe('sections', () => {
  const cases: [string, object, string][] = [
    ['retry not an array', { retry: { default: {} } }, 'wrong-type'],
    ['more than 8 delays', { retry: [{ r: { backoff: Array(9).fill(1) } }] }, 'too-many-items'],
    ['a negative delay', { retry: [{ r: { backoff: [-1] } }] }, 'out-of-range'],
    ['conceal', { retry: [{ r: { conceal: -1 } }] }, 'out-of-range'],
    ['jitterpc', { retry: [{ r: { jitterpc: -1 } }] }, 'out-of-range'],
    ['a fraction', { retry: [{ r: { conceal: 1.5 } }] }, 'wrong-type'],
    ['an empty name', { retry: [{ '': {} }] }, 'empty-name'],
    ['no base64', { certs: [{ a: 'MIIF...=' }] }, 'bad-base64'],
    ['PEM', { certs: [{ a: '-----BEGIN CERTIFICATE-----\nMIIF' }] }, 'bad-base64'],
    ['an empty certificate', { certs: [{ a: '' }] }, 'bad-base64'],
    ['no sequence', { certs: [{ a: 'AAAA' }] }, 'bad-der'],
    ['a cut certificate', { certs: [{ a: fakeCert(900).slice(0, 400) }] }, 'bad-der'],
    ['a large certificate', { certs: [{ a: fakeCert(3019) }] }, 'certificate-too-large'],
    ['an empty stack', { trust_stores: [{ name: 'a', stack: [] }] }, 'empty-stack'],
    ['an empty stack in a map', { trust_stores: [{ a: [] }] }, 'empty-stack'],
    ['a store without name', { trust_stores: [{ stack: ['root'] }] }, 'missing-key'],
    ['a store without stack', { trust_stores: [{ name: 'a' }] }, 'missing-key'],
    ['more than 6 certs', { trust_stores: [{ a: Array(7).fill('root') }] }, 'too-many-items'],
    ['an unknown cert', { trust_stores: [{ a: ['roo'] }] }, 'unknown-reference'],
    ['auth without name', { auth: [{ blob: 0 }] }, 'missing-key'],
    ['an auth blob', { auth: [{ name: 'a', blob: 4 }] }, 'out-of-range'],
    ['a socks5 proxy', { 'via-socks5': 'localhost' }, 'bad-address'],
    ['a socks5 proxy that is no port', { 'via-socks5': 'localhost:0' }, 'bad-address'],
    ['a socks5 proxy above the ports', { 'via-socks5': 'localhost:65536' }, 'bad-address'],
    ['a socks5 user without a password', { 'via-socks5': 'me@localhost:1' }, 'bad-address'],
    ['a socks5 proxy with a bare address of IPv6', { 'via-socks5': '::1:1080' }, 'bad-address'],
    ['a socks5 proxy as a URL', { 'via-socks5': 'socks5://localhost:1' }, 'bad-address'],
    ['a socks5 proxy without an address', { 'via-socks5': ':1080' }, 'bad-address'],
    ['s not an array', { s: {} }, 'wrong-type'],
    ['a streamtype that is no object', { s: [{ a: 1 }] }, 'wrong-type'],
  ]
  for (const [what, part, code] of cases) {
    test(what, () => {
      assert.ok(codes({ ...goodPolicy(), ...part }).includes(code))
    })
  }
  test('the largest certificate that lws can decode', () => {
    assert.deepEqual(
      codes({ ...goodPolicy(), certs: [{ a: fakeCert(3018) }], trust_stores: [], s: [] }),
      [],
    )
  })
})

describe('warnings', () => {
  const cases: [string, object, string][] = [
    ['an unknown key', { endpiont: 'x' }, 'unknown-key'],
    ['a key without effect', { urgent_tx: true }, 'no-effect'],
    [
      'nailed up and opportunistic',
      { nailed_up: true, opportunistic: true },
      'nailed-up-opportunistic',
    ],
    ['a method in small letters', { http_method: 'get' }, 'method-case'],
    ['a status that no answer has', { http_expect: 9999 }, 'bad-status'],
    ['two ports', { endpoint: 'e:81', port: 80 }, 'no-effect'],
    ['two ports, one in a URL', { endpoint: 'http://[::1]:81/x', port: 80 }, 'no-effect'],
    [
      'a port, and a URL that means another',
      { endpoint: 'https://e', port: 81, tls: true },
      'no-effect',
    ],
    ['a URL with a path, and http_url', { endpoint: 'http://e/v1', http_url: 'x' }, 'no-effect'],
    ['a method on ws', { protocol: 'ws', http_method: 'GET' }, 'key-wrong-protocol'],
    ['http keys on raw', { protocol: 'raw', http_url: '/' }, 'key-wrong-protocol'],
    ['a long metadata name', { metadata: [{ ['a'.repeat(31)]: '' }] }, 'name-not-proxiable'],
    ['a trust store without tls', { tls_trust_store: 'store' }, 'trust-store-without-tls'],
    ['a client certificate without tls', { client_cert: 0 }, 'client-cert-without-tls'],
    [
      'a will without a topic',
      { protocol: 'mqtt', mqtt_topic: 't', mqtt_will_message: 'm' },
      'no-effect',
    ],
  ]
  for (const [what, streamtype, code] of cases) {
    test(what, () => {
      const policy = withStreamtype(streamtype)
      assert.deepEqual(codes(policy), [])
      assert.deepEqual(codes(policy, 'warning'), [code])
    })
  }
  test('jitterpc 0', () => {
    assert.deepEqual(codes({ ...goodPolicy(), retry: [{ default: { jitterpc: 0 } }] }, 'warning'), [
      'jitter-zero',
    ])
  })
  test('a connection that is closed before it is asked whether it lives', () => {
    const retry = [{ default: { svalidping: 30, svalidhup: 20 } }]
    assert.deepEqual(codes({ ...goodPolicy(), retry }, 'warning'), ['hangup-before-ping'])
  })
  test('a duplicate streamtype, the last of which counts', () => {
    const text = '{"s":[{"a":{"endpoint":"e","port":1}},{"a":{"endpoint":"f","port":1}}]}'
    assert.deepEqual(codes(text, 'warning'), ['duplicate-name'])
  })
  test('a duplicate key', () => {
    assert.deepEqual(codes('{"s":[{"a":{"endpoint":"e","port":1,"port":2}}]}', 'warning'), [
      'duplicate-key',
    ])
  })
  test('no streamtypes', () => {
    assert.deepEqual(codes({}, 'warning'), ['no-streamtypes'])
  })
})

describe('of a value that is refused nothing more is said', () => {
  for (const [key, value] of Object.entries({
    protocol: 'H1',
    port: -1,
    retry: ['default'],
    endpoint: 7,
    http_method: 7,
    tls_trust_store: 7,
  }))
    test(key, () => {
      const good = { protocol: 'h1', http_method: 'GET', tls: true, tls_trust_store: 'store' }
      const findings = checkPolicy(withStreamtype({ ...good, [key]: value }))
      const itsOwn = findings.filter(({ path }) => path.startsWith('s['))
      assert.deepEqual(
        itsOwn.map(({ path }) => path),
        [`s[3].x.${key}`],
      )
    })
  test('s', () => {
    assert.equal(checkPolicy({ s: {} }).length, 1)
  })
})

describe('infos', () => {
  const said = { protocol: 'h1', http_method: 'GET' }
  const cases: [string, object, string[]][] = [
    ['nothing to say', said, []],
    ['no retry', { ...said, retry: undefined }, ['missing-retry']],
    ['no protocol', { http_method: 'GET' }, ['missing-protocol']],
    ['no method', { protocol: 'h2' }, ['missing-method']],
    ['no path on ws', { protocol: 'ws' }, ['missing-url']],
    ['a slash first on ws', { protocol: 'ws', http_url: '/x' }, ['leading-slash']],
    ['no trust store', { ...said, tls: true }, ['default-trust']],
    ['an old name of a key', { ...said, aux: '/' }, ['alternative-name']],
    [
      'another old name',
      { ...said, 'client cert': 1, tls: true },
      ['alternative-name', 'default-trust'],
    ],
    ['an old name of a protocol', { protocol: 'h1get' }, ['alternative-name']],
    ['a long endpoint', { ...said, endpoint: 'a'.repeat(96) }, ['endpoint-too-long']],
  ]
  for (const [what, streamtype, expected] of cases) {
    test(what, () => {
      assert.deepEqual(codes(withStreamtype(streamtype), 'info'), expected)
    })
  }
  test('a retry scheme whose name begins another', () => {
    const schemes = (names: string[]) => ({
      ...withStreamtype({ ...said, retry: 'def' }),
      retry: names.map((name) => ({ [name]: {} })),
    })
    assert.deepEqual(codes(schemes(['def', 'default']), 'info'), ['prefix-match'])
    assert.deepEqual(codes(schemes(['default', 'def']), 'info'), [])
  })
  test('forward references, which only other users of lws have to avoid', () => {
    const { s, ...rest } = goodPolicy()
    assert.deepEqual(codes({ s, ...rest }), [])
    assert.deepEqual(
      codes(
        {
          s,
          retry: rest.retry,
          certs: rest.certs,
          trust_stores: rest.trust_stores,
          auth: rest.auth,
        },
        'info',
      ),
      ['forward-reference', 'forward-reference', 'forward-reference'],
    )
    const stores = [{ stack: ['root'], name: 'store' }]
    assert.deepEqual(codes({ ...goodPolicy(), trust_stores: stores }, 'info'), [
      'forward-reference',
    ])
  })
})
