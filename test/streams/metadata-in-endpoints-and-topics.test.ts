import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startAedes, startHttp1, startHttp2, startRaw, startWebSocket } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

// Of sun_path on the BSDs, and there are some more on Linux.
const LONGEST_SOCKET_PATH = 103

describe('metadata in endpoints and topics', { timeout: 60_000 }, () => {
  const name = 'as-long-as-a-name-may-well-be'

  for (const [protocol, start] of [
    ['h1', startHttp1],
    ['h2', startHttp2],
    ['ws', startWebSocket],
  ] as const)
    test(`is part of the endpoint on ${protocol}`, async () => {
      await using peer = await start()
      const context = await openContext({
        policy: policyOf({
          it: streamtype(protocol, peer, {
            endpoint: `\${${name}}host`,
            metadata: [{ [name]: '' }],
          }),
        }),
      })
      await using stream = context.stream('it', { metadata: { [name]: 'local' } })
      await stream.send('x')
      assert.equal((await nextMessage(stream)).toString(), 'x')
      stream.disconnect()
      stream.setMetadata(name, 'a'.repeat(500))
      await assert.rejects(stream.send('x'), {
        code: 'ERR_SS_ALL_RETRIES_FAILED',
        message: /the endpoint, with its metadata, is too long/,
      })
      await context.close()
    })

  test('makes an endpoint as long as the path of a socket may be', {
    skip: process.platform === 'win32' && 'has no such sockets',
  }, async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'metadata-'))
    const socket = path.join(folder, 's'.repeat(LONGEST_SOCKET_PATH - folder.length - 1))
    await using peer = await startRaw({ path: socket })
    await using context = await openContext({
      policy: policyOf({
        it: streamtype('raw', { port: 1 }, { endpoint: `+\${socket}`, metadata: [{ socket: '' }] }),
      }),
    })
    await using stream = context.stream('it', { metadata: { socket } })
    await stream.send('x')
    assert.equal((await nextMessage(stream)).toString(), 'x')
    assert.equal(peer.connections, 1)
    await rm(folder, { recursive: true })
  })

  test('cannot make an endpoint another', async () => {
    const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
    const endpoint = `\${${name}}.example.com`
    for (const protocol of ['h1', 'ws', 'mqtt', 'raw'] as const) {
      await using context = await openContext({
        policy: policyOf({
          it: streamtype(
            protocol,
            { port: 1 },
            { endpoint, metadata: [{ [name]: '' }, { topic: '' }] },
          ),
        }),
      })
      for (const value of ['evil.example.org\0', 'a\r\n', '\u007f'])
        assert.throws(() => context.stream('it', { metadata: { [name]: value } }), wrong)
    }
  })

  test('is nothing where it has no value', async () => {
    await using broker = await startAedes()
    await using server = await startHttp1()
    const metadata = [{ [name]: '' }]
    const get = { http_method: 'GET', metadata }
    await using context = await openContext({
      policy: policyOf({
        says: streamtype('mqtt', broker, {
          mqtt_topic: `house/\${${name}}`,
          mqtt_subscribe: 'house',
          metadata,
        }),
        asks: streamtype('h1', server, { ...get, http_url: `house/\${${name}}` }),
        goes: streamtype('h1', server, { ...get, endpoint: `\${${name}}` }),
      }),
    })
    await using stream = context.stream('says')
    await stream.send('x')
    assert.equal(broker.published[0]?.topic, 'house/')
    await (await context.request('asks')).bytes()
    assert.equal(server.requests[0]?.url, '/house/')
    await assert.rejects(context.request('goes'), { message: /the endpoint is empty/ })
  })

  test('makes no topic that a broker ends the connection for', async () => {
    const of = (more: object) =>
      streamtype('mqtt', { port: 1 }, { metadata: [{ [name]: '' }, { other: '' }], ...more })
    await using context = await openContext({
      policy: policyOf({
        level: of({ mqtt_topic: 'a', mqtt_subscribe: `house/\${${name}}/\${other}` }),
        last: of({ mqtt_topic: 'a', mqtt_subscribe: `house/\${${name}}` }),
        part: of({ mqtt_topic: 'a', mqtt_subscribe: `house/x\${${name}}` }),
        whole: of({ mqtt_topic: 'a', mqtt_subscribe: `\${${name}}` }),
        publishes: of({ mqtt_topic: `\${${name}}`, mqtt_subscribe: 'a' }),
        wills: of({
          mqtt_topic: 'a',
          mqtt_subscribe: 'a',
          mqtt_will_topic: `will/\${${name}}`,
          mqtt_will_message: 'gone',
        }),
      }),
    })
    const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
    for (const [streamtype, good, bad] of [
      ['level', ['', 'a', '+', 'a/+/b'], ['a+', '#', 'a/#', '++', '+/b#']],
      ['last', ['', '#', '+', 'a/+/#'], ['a#', '#/a', 'a/#/b', '##', 'a/b+']],
      ['part', ['', 'a/#', '/+'], ['+', '#', '+/a']],
      ['whole', ['a', '#', '$share/group/a/+'], ['', 'a+']],
      ['publishes', ['a'], ['', '+', 'a/#']],
      ['wills', ['', 'a'], ['+', '#']],
    ] as const) {
      await using stream = context.stream(streamtype)
      for (const value of good) stream.setMetadata(name, value)
      for (const value of bad) {
        assert.throws(() => stream.setMetadata(name, value), wrong, `${streamtype}: ${value}`)
        const metadata = { [name]: value }
        assert.throws(() => context.stream(streamtype, { metadata }), wrong)
      }
    }
  })

  test('is any bytes where it is not sent', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n))
    for (const protocol of ['mqtt', 'raw'] as const) {
      await using context = await openContext({
        policy: policyOf({
          it: streamtype(protocol, { port: 1 }, { metadata: [{ note: '' }, { topic: '' }] }),
        }),
      })
      await using stream = context.stream('it', { metadata: { note: bytes } })
      assert.deepEqual(stream.getMetadata('note', 'buffer'), bytes)
      stream.setMetadata('note', Buffer.concat([bytes, Buffer.alloc(10_000)]))
      assert.equal(stream.getMetadata('note', 'buffer')?.length, 10_256)
      stream.setMetadata('note', '')
      assert.equal(stream.getMetadata('note'), '')
    }
  })

  test('is part of the topics of MQTT, and can change between publishes', async () => {
    await using peer = await startAedes()
    const context = await openContext({
      policy: policyOf({
        it: streamtype('mqtt', peer, {
          mqtt_topic: `to/\${${name}}`,
          mqtt_subscribe: `to/\${${name}}`,
          metadata: [{ [name]: '' }],
        }),
      }),
    })
    await using stream = context.stream('it', { metadata: { [name]: 'grün' } })
    await stream.send('1')
    assert.equal((await nextMessage(stream)).toString(), '1')
    const long = 'l'.repeat(200)
    for (const value of ['second', '', long]) {
      stream.setMetadata(name, value)
      await stream.send('x')
    }
    const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
    for (const value of ['a\0b', 'a/+/b', '#', Buffer.of(0xff)])
      assert.throws(() => stream.setMetadata(name, value), wrong)
    const topics = peer.published.map(({ topic }) => topic)
    assert.deepEqual(topics, ['to/grün', 'to/second', 'to/', `to/${long}`])
    await context.close()
  })
})
