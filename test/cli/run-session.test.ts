import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, truncateSync } from 'node:fs'
import type { Socket } from 'node:net'
import { before, describe, it } from 'node:test'
import {
  type AedesPeer,
  patternBytes,
  startAedes,
  startMosquitto,
  startRaw,
  startWebSocket,
  type WebSocketPeer,
} from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'
import { disposedAfterSuite } from '../support/suite-peers.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { runLwsSs, sanitized, startLwsSs, tellsMemory } from './helpers.js'

const MIB = 1024 * 1024
const BYTES = patternBytes(3 * MIB)
const FOREVER = ['--wait', 'Infinity']

const has = (text: string) => (output: Buffer) => output.includes(text)

function endsAfter(wanted: number) {
  return (socket: Socket) => {
    let received = 0
    socket.on('data', (piece) => {
      received += piece.length
      if (received === wanted) socket.end(`${received}`)
    })
  }
}

describe('lws-ss run on ws, mqtt and raw', { timeout: 120_000 }, () => {
  const { file, put } = temporaryFolder()
  const peers = disposedAfterSuite()
  let ws: WebSocketPeer
  let swallower: WebSocketPeer
  let swallowed: Buffer | undefined
  let aedes: AedesPeer
  let policy: string

  before(async () => {
    ws = await startWebSocket()
    swallower = await startWebSocket({ echo: false })
    aedes = await startAedes()
    const [mosquitto, raw, counter, mute, dead] = await Promise.all([
      startMosquitto(),
      startRaw(),
      startRaw({ accept: endsAfter(BYTES.length) }),
      startRaw({ accept: () => {} }),
      deadPort(),
    ])
    swallower.webSockets.on('connection', (socket) =>
      socket.on('message', (message: Buffer) => {
        swallowed = message
        socket.close()
      }),
    )
    peers.push(ws, swallower, aedes, mosquitto, raw, counter, mute, dead)
    const { mqtt_topic: _, ...hears } = streamtype('mqtt', aedes)
    const { mqtt_subscribe: __, ...publishes } = streamtype('mqtt', aedes, { mqtt_qos: 0 })
    const streamtypes = {
      ws: streamtype('ws', ws, { ws_binary: false }),
      bytes: streamtype('ws', ws),
      swallows: streamtype('ws', swallower),
      publishes,
      mqtt: streamtype('mqtt', mosquitto),
      hears,
      raw: streamtype('raw', raw),
      counter: streamtype('raw', counter),
      dead: streamtype('raw', dead),
      mute: streamtype('ws', mute),
    }
    policy = put('policy.json', JSON.stringify(policyOf(streamtypes)))
  })

  /** What clients of the broker have published, once it is as much as that: it may get there late. */
  const published = async (size: number) => {
    while (aedes.published.at(-1)?.payload.length !== size) await once(aedes.broker, 'publish')
    return aedes.published.at(-1)?.payload
  }

  /** The arguments that make a streamtype say and hear things of its own. */
  const on = (name: string, topic: string) =>
    ['run', policy, name].concat(
      name !== 'mqtt' && name !== 'hears' ? [] : ['--metadata', `topic=${topic}`],
    )

  for (const name of ['ws', 'mqtt']) {
    it(`sends each line on ${name}, and writes each message as a line`, async () => {
      const running = startLwsSs([...on(name, 'lines'), '--json', '--wait', '0'])
      running.child.stdin.write('one\ntwo\r\n\nthr')
      await running.hasWritten(has('one\ntwo\n\n'))
      running.child.stdin.write('ee ä\n')
      await running.hasWritten(has('three ä\n'))
      running.child.stdin.end()
      const { status, output, complaints } = await running.ended
      assert.equal(output.toString(), 'one\ntwo\n\nthree ä\n')
      assert.equal(status, 0)
      const { acked, sent, ended } = JSON.parse(complaints)
      assert.equal(acked, name === 'mqtt' ? true : null)
      assert.deepEqual(ended, { by: 'silence', seconds: 0 })
      assert.equal(sent, Buffer.byteLength('onetwothree ä'))
    })

    it(`sends all of standard input as one message on ${name} with --binary`, async () => {
      const message = name === 'ws' ? Buffer.from('one\r\n\0two\n') : BYTES
      const running = startLwsSs([...on(name, 'binary'), '--binary', ...FOREVER])
      running.child.stdin.end(message)
      await running.hasWritten(({ length }) => length >= message.length)
      assert.ok(running.output.equals(message))
      running.child.kill('SIGINT')
      assert.equal((await running.ended).status, 0)
    })

    it(`sends a file as one message on ${name}, and writes what comes into another`, async () => {
      const args = ['--data-file', put('message', 'a\nb'), '--output', file('answer')]
      const { status } = await runLwsSs([...on(name, 'file'), ...args])
      assert.equal(status, 0)
      assert.equal(readFileSync(file('answer'), 'utf8'), 'a\nb\n')
    })
  }

  for (const name of ['bytes', 'mqtt'])
    it(`sends a file on ${name} as it is`, async () => {
      const args = ['--data-file', put('bytes', BYTES), '--binary', '--output', file('answer')]
      const { status, output } = await runLwsSs([...on(name, 'bytes'), ...args, '--json'])
      assert.equal(status, 0)
      assert.equal(JSON.parse(output.toString()).sent, BYTES.length)
      assert.ok(readFileSync(file('answer')).equals(BYTES))
    })

  for (const [name, arrived] of [
    ['swallows', async (_size: number) => swallowed],
    ['publishes', published],
  ] as const)
    it(`takes no more memory for a large file, when it ${name} it`, {
      skip: sanitized,
    }, async () => {
      const memoryFor = async (size: number) => {
        const source = put('large', '')
        truncateSync(source, size)
        const args = ['run', policy, name, '--data-file', source]
        const wait = name === 'swallows' ? FOREVER : ['--wait', '0']
        const { status, complaints } = await startLwsSs([...args, ...wait], tellsMemory).ended
        assert.equal(status, 0, complaints)
        assert.equal((await arrived(size))?.length, size)
        return Number(/\d+$/.exec(complaints)?.[0]) * 1024
      }
      const [small, large] = [await memoryFor(MIB), await memoryFor(192 * MIB)]
      assert.ok(large - small < 64 * MIB, `${small} bytes for 1 MiB, ${large} for 192`)
    })

  it('claims no acknowledgement of what is published with QoS 0', async () => {
    const { status, complaints } = await runLwsSs(
      ['run', policy, 'publishes', '--metadata', 'topic=t', '--wait', '0', '--json'],
      'hello\n',
    )
    assert.equal(status, 0, complaints)
    const { acked, sent } = JSON.parse(complaints)
    assert.deepEqual({ acked, sent }, { acked: null, sent: 5 })
  })

  it('says so when the file becomes shorter on the way', async () => {
    const source = put('shrinks', Buffer.alloc(64 * MIB))
    swallower.webSockets.once('connection', () => truncateSync(source, MIB))
    const args = ['run', policy, 'swallows', '--data-file', source, ...FOREVER]
    const { status, complaints } = await runLwsSs(args)
    assert.equal(
      complaints,
      `lws-ss: the file ${source} cannot be read: it has become shorter meanwhile\n`,
    )
    assert.equal(status, 1)
  })

  it('ends when the peer closes, though there may be more to send', async () => {
    const running = startLwsSs(on('ws', ''))
    running.child.stdin.write('hello\n')
    await running.hasWritten(has('hello\n'))
    for (const client of ws.clients) client.close(1000, 'that is all')
    const { status, complaints } = await running.ended
    assert.equal(status, 0)
    assert.equal(
      complaints,
      "lws-ss: 'ws' ended: the peer closed the WebSocket with 1000 (normal closure): that is all\n",
    )
  })

  for (const [name, end, why] of [
    [
      'ws',
      () => ws.clients.forEach((client) => void client.close(4001, 'not you')),
      /4001: "not you"/,
    ],
    ['ws', () => ws.clients.forEach((client) => void client.close(1001)), /1001/],
    [
      'ws',
      () => ws.clients.forEach((client) => void client.terminate()),
      /hung up without saying why/,
    ],
    ['hears', () => aedes.dropConnections(), /hung up without saying why/],
  ] as const)
    it(`has status 4 and says why when the peer of ${name} ends it out of order: ${why}`, async () => {
      for (const json of [[], ['--json']]) {
        const running = startLwsSs([...on(name, 'cut'), ...json])
        running.child.stdin.write('hello\n')
        if (name !== 'hears') await running.hasWritten(has('hello\n'))
        else await Promise.race([once(aedes.broker, 'subscribe'), running.ended])
        end()
        const { status, complaints } = await running.ended
        assert.equal(status, 4, complaints)
        const message = json.length === 0 ? complaints : JSON.parse(complaints).error.message
        assert.match(message, why)
        if (json.length === 0) assert.match(complaints, /^lws-ss: [^\n]+\n$/)
        else assert.equal(JSON.parse(complaints).error.code, 'ERR_SS_DISCONNECTED')
      }
    })

  it('sends what is no text only with --binary on ws', async () => {
    const data = put('no-text', Buffer.of(0x78, 0xff))
    const args = [...on('ws', ''), '--data-file', data]
    const refused = await runLwsSs(args)
    assert.equal(
      refused.complaints,
      `lws-ss: the file ${data} is not text in UTF-8: send it with --binary\n`,
    )
    assert.equal(refused.status, 2)
    const { status, output } = await runLwsSs([...args, '--binary'])
    assert.deepEqual([status, output], [0, Buffer.of(0x78, 0xff)])
  })

  for (const code of [1000, undefined])
    it(`has status 0 when the peer of ws closes with ${code}`, async () => {
      const running = startLwsSs(on('ws', ''))
      running.child.stdin.write('hello\n')
      await running.hasWritten(has('hello\n'))
      for (const client of ws.clients) client.close(code)
      assert.equal((await running.ended).status, 0)
    })

  it('only listens where there is nothing to send with, until Ctrl-C', async () => {
    const running = startLwsSs([...on('hears', 'news'), '--json'])
    running.child.stdin.end()
    const subscribed = new Promise<void>((resolve) => {
      aedes.broker.once('subscribe', () => resolve())
    })
    await Promise.race([subscribed, running.ended])
    aedes.broker.publish(
      { cmd: 'publish', qos: 0, topic: 'test/news', payload: 'news', dup: false, retain: false },
      () => {},
    )
    await running.hasWritten(has('news\n'))
    running.child.kill('SIGINT')
    const { status, complaints } = await running.ended
    assert.equal(status, 0)
    assert.equal(JSON.parse(complaints).received, 4)
  })

  it('ends after the silence of --wait, when it is given, also where it only listens', async () => {
    const args = [...on('hears', 'nothing'), '--wait', '0.05']
    const { status, output, complaints } = await runLwsSs(args)
    assert.deepEqual([status, output.length], [0, 0])
    assert.match(complaints, /^lws-ss: 'hears' ended: nothing arrived for 0\.05 s; .*--wait.*\n$/)
  })

  it('passes bytes on as they are on raw', async () => {
    const running = startLwsSs(['run', policy, 'raw', ...FOREVER])
    running.child.stdin.end(BYTES)
    await running.hasWritten(({ length }) => length >= BYTES.length)
    assert.ok(running.output.equals(BYTES))
    running.child.kill('SIGTERM')
    const { status, complaints } = await running.ended
    assert.deepEqual([status, complaints], [0, "lws-ss: 'raw' ended: interrupted\n"])
  })

  it('sends a file on raw, whose peer answers and ends the session', async () => {
    const args = ['run', policy, 'counter', '--data-file', put('bytes', BYTES), ...FOREVER]
    const { status, output, complaints } = await runLwsSs(args)
    assert.equal(output.toString(), `${BYTES.length}`)
    assert.equal(status, 0)
    assert.equal(complaints, "lws-ss: 'counter' ended: the peer closed the connection\n")
  })

  it('gives up connecting after --timeout', async () => {
    const { status, complaints } = await runLwsSs(['run', policy, 'mute', '--timeout', '0.2'])
    assert.equal(status, 4)
    assert.equal(complaints, "lws-ss: 'mute' was not connected within 0.2 s\n")
  })

  it('has status 4 when nobody is there', async () => {
    const { status, complaints } = await runLwsSs(['run', policy, 'dead'], 'hello')
    assert.equal(status, 4)
    assert.match(complaints, /^lws-ss: localhost:\d+: connection refused, 3 attempts\n$/)
  })
})
