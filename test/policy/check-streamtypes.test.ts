import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { codes, goodPolicy, use, withStreamtype } from './helpers.js'

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
    ['an endpoint with a path', { endpoint: 'e/v1' }, 'bad-endpoint'],
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
    ['qos 3', { ...mqtt, mqtt_qos: 3 }, 'out-of-range'],
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
      'a certificate that is a blob',
      withServers({ ...server, tls: true, server_cert: 'blob' }),
      'info',
      'certificate-blob',
    ],
    [
      'a certificate without key',
      withServers({ ...tls, server_key: undefined }),
      'error',
      'missing-server-cert',
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
