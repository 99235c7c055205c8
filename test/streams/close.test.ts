import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { connectAsync } from 'mqtt'
import type { WebSocket } from 'ws'
import {
  CertificateAuthority,
  patternBytes,
  startHandling,
  startMosquitto,
  startMqttRelay,
  startRaw,
  startWebSocket,
  type WebSocketPeer,
} from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

const isRefusal = { code: 'ERR_SS_CLOSING' }

/** What a socket says until it has ended its side; it goes on to be written to. */
async function heardOf(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = []
  socket.on('data', (piece) => pieces.push(piece))
  await once(socket, 'end')
  return Buffer.concat(pieces)
}

describe('close() on ws', { timeout: 60_000 }, () => {
  let peer: WebSocketPeer
  let context: Context
  before(async () => {
    peer = await startWebSocket({ echo: false })
    context = await openContext({ policy: policyOf({ it: streamtype('ws', peer) }) })
  })
  after(async () => {
    await context.close()
    await peer.close()
  })

  async function connected(): Promise<{ stream: SecureStream; ws: WebSocket }> {
    const stream = context.stream('it')
    const accepted = once(peer.webSockets, 'connection') as Promise<[WebSocket]>
    await stream.connect()
    return { stream, ws: (await accepted)[0] }
  }

  test('sends its code and reason behind what waits, and settles when the peer has closed', async () => {
    const { stream, ws } = await connected()
    const lengths: number[] = []
    ws.on('message', (data) => lengths.push((data as Buffer).length))
    const closed = once(ws, 'close')
    const sizes = [5, 3_000_000, 0, 70_000]
    const sent = sizes.map((size) => stream.send(patternBytes(size)))
    const states = traceStates(stream)
    const closing = stream.close(4001, 'enough ∞')
    await assert.rejects(stream.send('late'), isRefusal)
    assert.equal(stream.close(1011), closing)
    await Promise.all(sent)
    await closing
    assert.deepEqual(states, ['DISCONNECTED'])
    assert.equal(stream.lastError, undefined)
    const [code, reason] = await closed
    assert.deepEqual([code, String(reason), lengths], [4001, 'enough ∞', sizes])
    assert.equal(ws.readyState, ws.CLOSED)
    stream.destroy()
  })

  test('has 1000 for its code, and is followed by no other connection until one is wanted', async () => {
    const { stream, ws } = await connected()
    const closed = once(ws, 'close')
    await stream.close()
    const [code, reason] = await closed
    assert.deepEqual([code, String(reason)], [1000, ''])
    const states = traceStates(stream)
    const again = once(peer.webSockets, 'connection') as Promise<[WebSocket]>
    const sent = stream.send('again')
    const [next] = await again
    const [data] = await once(next, 'message')
    await sent
    assert.equal(String(data), 'again')
    assert.deepEqual(states, ['POLL', 'CONNECTING', 'CONNECTED'])
    stream.destroy()
  })

  test('does not wait for ever for a peer that does not close', async () => {
    const { stream, ws } = await connected()
    ws.pause()
    const started = performance.now()
    await stream.close(1001)
    assert.ok(performance.now() - started < 15_000)
    stream.destroy()
    ws.terminate()
  })

  test('is complete when the peer closes at the same time, or is gone', async () => {
    for (const end of ['close', 'terminate'] as const) {
      const { stream, ws } = await connected()
      ws[end]()
      await stream.close(1001)
      assert.equal(stream.state, 'DISCONNECTED')
      stream.destroy()
    }
  })

  test('gives up an attempt, and settles where there is nothing to close', async () => {
    const stream = context.stream('it')
    await stream.close()
    const connecting = stream.connect()
    await stream.close()
    await assert.rejects(connecting, { code: 'ERR_SS_DISCONNECTED', message: /by close\(\)$/ })
    stream.destroy()
    await stream.close()
    assert.equal(stream.state, 'DESTROYING')
  })

  test('is overtaken by disconnect() and destroy()', async () => {
    for (const end of ['disconnect', 'destroy'] as const) {
      const { stream, ws } = await connected()
      ws.pause()
      const sent = stream.send(patternBytes(40_000_000))
      const closing = stream.close(4000)
      stream[end]()
      await assert.rejects(sent)
      await closing
      stream.destroy()
      ws.terminate()
    }
  })

  test('works on a stream with handlers', async () => {
    const accepted = once(peer.webSockets, 'connection') as Promise<[WebSocket]>
    const stream = context.stream('it', { state() {} })
    await stream.connect()
    const closed = once((await accepted)[0], 'close')
    await stream.close(3000, 'handled')
    const [code, reason] = await closed
    assert.deepEqual([code, String(reason)], [3000, 'handled'])
    stream.destroy()
  })

  test('refuses codes that nobody may send, and reasons that do not fit, on any protocol', async () => {
    await using raw = await openContext({
      policy: policyOf({ it: streamtype('raw', { port: 1 }) }),
    })
    for (const of of [context, raw]) {
      const stream = of.stream('it')
      for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, Number.NaN])
        assert.throws(() => stream.close(code), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' })
      for (const code of ['1000', null, {}] as never[])
        assert.throws(() => stream.close(code), { code: 'ERR_INVALID_ARG_TYPE' })
      assert.throws(() => stream.close(1000, 'x'.repeat(124)), { code: 'ERR_OUT_OF_RANGE' })
      assert.throws(() => stream.close(1000, '∞'.repeat(42)), { code: 'ERR_OUT_OF_RANGE' })
      assert.throws(() => stream.close(1000, 7 as never), { code: 'ERR_INVALID_ARG_TYPE' })
      await stream.close(4999, 'x'.repeat(123))
      stream.destroy()
    }
  })
})

describe('close() on raw', { timeout: 60_000, concurrency: true }, () => {
  for (const secure of [false, true])
    test(`is a FIN behind what waits, and reads what the peer still says${secure ? ', over TLS' : ''}`, async () => {
      const authority = secure ? await CertificateAuthority.create() : undefined
      const heard: Buffer[] = []
      await using peer = await startRaw({
        allowHalfOpen: true,
        ...(authority && { tls: await authority.issue() }),
        accept: async (socket) => {
          heard.push(await heardOf(socket))
          socket.end('and so, goodbye')
        },
      })
      const it = streamtype('raw', peer, { tls: secure })
      await using context = await openContext({ policy: policyOf({ it }, authority) })
      const stream = context.stream('it')
      const received: Buffer[] = []
      stream.on('message', ({ data }) => received.push(data))
      const bytes = patternBytes(5_000_000)
      const sent = stream.send(bytes)
      await stream.close()
      await sent
      assert.ok(heard[0]?.equals(bytes))
      assert.equal(String(Buffer.concat(received)), 'and so, goodbye')
      assert.equal(stream.state, 'DISCONNECTED')
      stream.destroy()
    })

  for (const secure of [false, true])
    test(`end() of a duplex, too${secure ? ', over TLS' : ''}`, async () => {
      const authority = secure ? await CertificateAuthority.create() : undefined
      await using peer = await startRaw({
        allowHalfOpen: true,
        ...(authority && { tls: await authority.issue() }),
        accept: async (socket) => {
          const asked = await heardOf(socket)
          // Longer than close() would wait for.
          for (let n = 0; n < 60; n++) {
            await new Promise((resolve) => setTimeout(resolve, 100))
            socket.write(`${n} `)
          }
          socket.end(`${asked} to you, too`)
        },
      })
      const it = streamtype('raw', peer, { tls: secure })
      await using context = await openContext({ policy: policyOf({ it }, authority) })
      const stream = context.stream('it')
      const duplex = stream.duplex()
      duplex.write('hello')
      duplex.end(' world')
      const answer = await text(duplex)
      assert.match(answer, /^0 1 .* 59 hello world to you, too$/)
      assert.equal(stream.destroyed, true)
    })

  test('end() of a duplex that has written nothing is a FIN as well', async () => {
    await using peer = await startRaw({
      allowHalfOpen: true,
      accept: async (socket) => socket.end(`${(await heardOf(socket)).length} bytes`),
    })
    await using context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    const stream = context.stream('it')
    const duplex = stream.duplex()
    duplex.end()
    await assert.rejects(stream.send('late'), isRefusal)
    assert.equal(await text(duplex), '0 bytes')
  })

  test('does not wait for ever for a peer that goes on', async () => {
    let accepted: Socket | undefined
    await using peer = await startRaw({
      allowHalfOpen: true,
      accept: (socket) => {
        accepted = socket.resume()
      },
    })
    await using context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    const stream = context.stream('it')
    await stream.send('hello')
    const started = performance.now()
    await stream.close()
    assert.ok(performance.now() - started < 15_000)
    assert.equal(accepted?.readableEnded, true)
    accepted?.end()
    stream.destroy()
  })
})

describe('close() on mqtt', { timeout: 30_000 }, () => {
  test('is DISCONNECT, so that there is no will, behind what the broker has acknowledged', async () => {
    await using broker = await startMosquitto()
    await using relay = await startMqttRelay(broker)
    const elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
    await elsewhere.subscribeAsync('#', { qos: 1 })
    const heard: string[] = []
    elsewhere.on('message', (topic, payload) => heard.push(`${topic} ${payload}`))
    const will = { mqtt_will_topic: 'will', mqtt_will_message: 'died', mqtt_will_qos: 1 }
    await using context = await openContext({
      policy: policyOf({ it: streamtype('mqtt', relay, will) }),
    })
    const stream = context.stream('it', { metadata: { topic: 'last' } })
    const sent = ['one', 'two'].map((word) => stream.send(word))
    await stream.close(4000, 'no meaning here')
    await Promise.all(sent)
    assert.equal(stream.state, 'DISCONNECTED')
    while (relay.fromClient.at(-1)?.cmd !== 'disconnect') await new Promise(setImmediate)
    await elsewhere.publishAsync('end', '', { qos: 1 })
    while (!heard.includes('end '))
      await new Promise((resolve) => elsewhere.once('message', resolve))
    assert.deepEqual(heard, ['test/last one', 'test/last two', 'end '])
    stream.destroy()
    await elsewhere.endAsync()
  })

  test('leaves the connection to the other streams of the client', async () => {
    await using broker = await startMosquitto()
    await using relay = await startMqttRelay(broker)
    await using context = await openContext({ policy: policyOf({ it: streamtype('mqtt', relay) }) })
    const [one, other] = [
      context.stream('it', ownTopic('mqtt')),
      context.stream('it', ownTopic('mqtt')),
    ]
    await Promise.all([one.connect(), other.connect()])
    await one.close()
    await other.send('still here')
    assert.ok(!relay.fromClient.some(({ cmd }) => cmd === 'disconnect'))
    assert.equal(relay.fromClient.filter(({ cmd }) => cmd === 'connect').length, 1)
  })
})

describe('close() on http', { timeout: 30_000 }, () => {
  for (const protocol of ['h1', 'h2'] as const)
    test(`${protocol}: the answer to what was sent is waited for, and one without an end is cut off`, async () => {
      let cut: Promise<unknown> | undefined
      await using peer = await startHandling(protocol, (request, response) => {
        if (request.method === 'POST') request.resume().on('end', () => response.end('thanks'))
        else {
          response.write('and so on')
          cut = once(response, 'close')
        }
      })
      const policy = policyOf({
        post: streamtype(protocol, peer),
        get: streamtype(protocol, peer, { http_method: 'GET' }),
      })
      await using context = await openContext({ policy })
      const post = context.stream('post')
      const sent = post.send('hello')
      await post.close()
      await sent
      assert.equal((await post[Symbol.asyncIterator]().next()).value?.text(), 'thanks')
      const get = context.stream('get')
      await get.connect()
      const lost = nextState(get, 'DISCONNECTED')
      await get.close()
      await lost
      await cut
      post.destroy()
      get.destroy()
    })
})
