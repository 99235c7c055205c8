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

describe('streamtypes', () => {
  const mqtt = { protocol: 'mqtt', mqtt_topic: 't' }
  const server = { server: true, endpoint: 'lo' }
  const cases: [string, object, string | undefined][] = [
    ['an unknown protocol', { protocol: 'http' }, 'unknown-protocol'],
    ['tls: "true"', { tls: 'true' }, 'wrong-type'],
    ['null', { http_url: null }, 'wrong-type'],
    ['a numeric string', { port: '8080' }, undefined],
    ['a port of a client', { port: 0 }, 'out-of-range'],
    ['a large port', { port: 65_536 }, 'out-of-range'],
    ['port 0 of a server', { ...server, port: 0 }, undefined],
    ['no port for a unix socket', { endpoint: '+@x', port: 0 }, undefined],
    ['no endpoint', { endpoint: '' }, 'missing-endpoint'],
    ['a server without endpoint', { ...server, endpoint: '' }, undefined],
    ['253 bytes', { http_url: 'é'.repeat(126) }, undefined],
    ['254 bytes', { http_url: 'é'.repeat(127) }, 'string-too-long'],
    ['NUL', { http_url: 'a\0b' }, 'nul-character'],
    ['half a surrogate pair', { http_url: 'a\ud800' }, 'lone-surrogate'],
    ['a line break', { http_url: '/\r\nhost: x' }, 'control-character'],
    [
      'a line break in an mqtt message',
      { ...mqtt, mqtt_will_topic: 't', mqtt_will_message: 'a\n' },
      undefined,
    ],
    ['a method with a space', { http_method: 'GET /' }, 'bad-token'],
    ["lws's name for no HTTP", { http_method: 'RAW' }, 'bad-token'],
    ['a prefix of a retry', { retry: 'def' }, 'unknown-reference'],
    ['a prefix of a trust store', { tls: true, tls_trust_store: 'sto' }, 'unknown-reference'],
    [
      'a URL with a space in a name',
      { http_url: use('a b'), metadata: [{ 'a b': '' }] },
      undefined,
    ],
    ['a header with a space', { metadata: [{ a: 'x foo:' }] }, 'bad-header'],
    ['a header without a colon', { metadata: [{ a: 'x-foo' }] }, undefined],
    ['a header of a key', { http_devtype_header: 'x foo:' }, 'bad-header'],
    ['no header, on mqtt', { ...mqtt, metadata: [{ a: 'what it is' }] }, undefined],
    ['an endpoint with a space', { endpoint: 'my host' }, 'bad-endpoint'],
    ['a socket with a space', { endpoint: '+/run/my socket' }, undefined],
    ['http:// with tls', { endpoint: 'http://e', tls: true }, 'scheme-against-tls'],
    ['MQTT:// with tls', { ...mqtt, endpoint: 'MQTT://e', tls: true }, 'scheme-against-tls'],
    ['wss:// without tls', { protocol: 'ws', endpoint: 'wss://e' }, 'scheme-against-tls'],
    ['https:// with tls', { endpoint: 'https://e', tls: true }, undefined],
    ['a wildcard to publish to', { ...mqtt, mqtt_topic: 'a/#' }, 'bad-topic'],
    ['a wildcard in a will', { ...mqtt, mqtt_will_topic: 'a/+' }, 'bad-topic'],
    ['a wildcard within a level', { ...mqtt, mqtt_subscribe: 'a/b+' }, 'bad-topic'],
    ['a wildcard for all before the last', { ...mqtt, mqtt_subscribe: '#/b' }, 'bad-topic'],
    ['wildcards', { ...mqtt, mqtt_subscribe: '+/a/+/#' }, undefined],
    ['an unknown auth', { use_auth: 'a' }, 'unknown-reference'],
    ['an unknown rideshare', { rideshare: 'nope' }, 'unknown-reference'],
    ['sharing a ride with itself', { rideshare: 'x' }, 'rideshare-loop'],
    ['undeclared metadata', { endpoint: use('a') }, 'unknown-reference'],
    ['declared metadata', { endpoint: use('a'), metadata: [{ a: '' }] }, undefined],
    [
      'an open substitution',
      { http_url: '/$'.concat('{a'), metadata: [{ a: '' }] },
      'bad-substitution',
    ],
    [
      'a name too long to substitute',
      { http_url: use('a'.repeat(32)), metadata: [{ ['a'.repeat(32)]: '' }] },
      'name-too-long',
    ],
    ['an empty metadata name', { metadata: [{ '': 'x:' }] }, 'empty-name'],
    ['a number as header', { metadata: [{ a: 1 }] }, 'wrong-type'],
    [
      '256 metadata',
      { metadata: Array.from({ length: 256 }, (_, i) => ({ [`m${i}`]: '' })) },
      'too-many-items',
    ],
    [
      '254 metadata of a server',
      { ...server, metadata: Array.from({ length: 254 }, (_, i) => ({ [`m${i}`]: '' })) },
      'too-many-items',
    ],
    [
      'a metadata name that fills the path',
      { metadata: [{ ['a'.repeat(110)]: '' }] },
      'name-too-long',
    ],
    [
      '17 mapped statuses',
      { http_resp_map: Array.from({ length: 17 }, (_, i) => ({ [500 + i]: 1500 + i })) },
      'too-many-items',
    ],
    ['a status that is none', { http_resp_map: [{ x: 1500 }] }, 'bad-status'],
    ["a state of lws's own", { http_resp_map: [{ 500: 1 }] }, 'out-of-range'],
    ['http keys on mqtt', { ...mqtt, http_url: '/' }, 'key-wrong-protocol'],
    ['ws keys on mqtt', { ...mqtt, ws_subprotocol: 'x' }, 'key-wrong-protocol'],
    ['mqtt keys on h1', { mqtt_topic: 't' }, 'key-wrong-protocol'],
    ['mqtt without a topic', { protocol: 'mqtt' }, 'missing-topic'],
    ['mqtt with an empty topic', { protocol: 'mqtt', mqtt_topic: '' }, 'missing-topic'],
    ['qos 2', { ...mqtt, mqtt_qos: 2 }, 'out-of-range'],
    ['attr_priority', { attr_priority: 8 }, 'out-of-range'],
    ['a trust store on a server', { ...server, tls_trust_store: 'store' }, 'key-wrong-role'],
    ['a server certificate on a client', { server_cert: 'site' }, 'key-wrong-role'],
    ['a tls server without certificate', { ...server, tls: true }, 'missing-server-cert'],
    ["a tls server on someone else's vhost", { ...server, endpoint: '!vh', tls: true }, undefined],
    ['an mqtt server', { ...server, protocol: 'mqtt', mqtt_topic: 't' }, 'server-protocol'],
    [
      'sigv4 without region',
      { use_auth: 'aws', metadata: [{ s: '' }], aws_service: 's' },
      'missing-key',
    ],
    [
      'sigv4',
      { use_auth: 'aws', metadata: [{ s: '' }], aws_service: 's', aws_region: 's' },
      undefined,
    ],
  ]
  for (const [what, streamtype, code] of cases) {
    test(what, () => {
      assert.deepEqual(
        [...new Set(codes(withStreamtype(streamtype)))],
        code === undefined ? [] : [code],
      )
    })
  }

  const names: [string, string][] = [
    ['', 'empty-name'],
    ['a.b', 'bad-name'],
    ['a\nb', 'bad-name'],
    ['a\0', 'nul-character'],
    ['_lws_smd', 'reserved-name'],
    ['x'.repeat(91), 'name-too-long'],
  ]
  for (const [name, code] of names) {
    test(`the name ${JSON.stringify(name).slice(0, 20)}`, () => {
      assert.deepEqual(codes({ s: [{ [name]: { endpoint: 'e', port: 1 } }] }), [code])
    })
  }
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
    ['no port', { port: undefined }, 'missing-port'],
    ['a method in small letters', { http_method: 'get' }, 'method-case'],
    ['a status that no answer has', { http_expect: 9999 }, 'bad-status'],
    ['two ports', { endpoint: 'e:81', port: 80 }, 'no-effect'],
    ['two ports, one in a URL', { endpoint: 'http://[::1]:81/x', port: 80 }, 'no-effect'],
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

describe('servers', () => {
  const server = { server: true, protocol: 'h1', endpoint: 'lo', port: 7681 }
  const tls = { ...server, tls: true, server_cert: 'site', server_key: 'key' }
  const withServers = (...servers: object[]) => ({
    ...goodPolicy(),
    s: servers.map((value, at) => ({ [`server${at}`]: value })),
  })
  const cases: [string, object, string, string][] = [
    ['one port for two', withServers(server, server), 'warning', 'port-taken'],
    [
      'a certificate without tls',
      withServers({ ...tls, tls: false }),
      'warning',
      'server-cert-without-tls',
    ],
    [
      'a certificate as key',
      withServers({ ...tls, server_key: 'site' }),
      'error',
      'certificate-as-key',
    ],
    [
      'a key as certificate',
      withServers({ ...tls, server_cert: 'key' }),
      'error',
      'bad-certificate',
    ],
    [
      'one certificate for two',
      withServers(tls, { ...tls, port: 1 }),
      'info',
      'shared-certificate',
    ],
  ]
  for (const [what, policy, severity, code] of cases) {
    test(what, () => {
      assert.ok(codes(policy, severity).includes(code), String(codes(policy, severity)))
    })
  }
  test("two that do not get into each other's way", () => {
    const policy = withServers(server, { ...server, endpoint: 'eth0' }, { ...server, port: 0 })
    assert.deepEqual(codes(policy, 'warning'), [])
  })
})
