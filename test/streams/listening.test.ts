import assert from 'node:assert/strict'
import { on, once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { openContext, type SecureStream } from 'lws-secure-streams'
import { startAedes, startHttp1, startRaw, startWebSocket } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

/** Servers that speak first. */
const speaking = {
  async ws() {
    const peer = await startWebSocket()
    peer.webSockets.on('connection', (socket) => socket.send('news'))
    return peer
  },
  async raw() {
    return startRaw({ accept: (socket) => socket.write('news') })
  },
  async mqtt() {
    const peer = await startAedes()
    peer.broker.on('subscribe', () =>
      peer.broker.publish(
        { cmd: 'publish', qos: 0, topic: 'test/t', payload: 'news', dup: false, retain: false },
        () => {},
      ),
    )
    return peer
  },
}

/** The ways to listen. */
const ways: Record<string, (stream: SecureStream) => Promise<Buffer>> = {
  async 'for await'(stream) {
    for await (const message of stream) return message.data
    return Buffer.alloc(0)
  },
  async 'chunks()'(stream) {
    for await (const { data } of stream.chunks()) return data
    return Buffer.alloc(0)
  },
  "a listener for 'message'": async (stream) => (await once(stream, 'message'))[0].data,
  "once() for 'message'": (stream) =>
    new Promise((resolve) => stream.once('message', ({ data }) => resolve(data))),
  'duplex()': async (stream) => (await once(stream.duplex(), 'data'))[0],
}

for (const protocol of ['ws', 'raw', 'mqtt'] as const)
  describe(`a ${protocol} stream that only listens`, { timeout: 60_000 }, () => {
    const options = protocol === 'mqtt' ? { metadata: { topic: 't' } } : {}

    for (const [way, listen] of Object.entries(ways))
      test(`connects by ${way}`, async () => {
        await using peer = await speaking[protocol]()
        await using context = await openContext({
          policy: policyOf({ it: streamtype(protocol, peer, { opportunistic: true }) }),
        })
        await using stream = context.stream('it', options)
        assert.equal((await listen(stream)).toString(), 'news')
        assert.equal(peer.connections, 1)
      })

    test('connects once, whoever else wants that', async () => {
      await using peer = await speaking[protocol]()
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
      })
      await using stream = context.stream('it', options)
      const all = [stream[Symbol.asyncIterator]().next(), stream[Symbol.asyncIterator]().next()]
      await Promise.all([stream.send('x'), stream.connect(), all[0]])
      await stream.send('x')
      stream.on('message', () => {})
      await stream.send('x')
      assert.equal(peer.connections, 1)
      assert.equal(stream.stats.connections, 1)
    })

    test('hears that there is nobody, and connects when it is read again', async () => {
      const dead = await deadPort()
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, dead) }),
      })
      await using stream = context.stream('it', options)
      for (let n = 0; n < 2; n++) {
        const states = traceStates(stream)
        await assert.rejects(
          async () => {
            for await (const _ of stream);
          },
          { code: 'ERR_SS_ALL_RETRIES_FAILED' },
        )
        assert.equal(states.filter((state) => state === 'CONNECTING').length, 3)
      }
      await assert.rejects(stream.chunks().next(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      const [sent, loop] = [stream.send('x'), stream[Symbol.asyncIterator]()]
      const waits = loop.next()
      await assert.rejects(sent, { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      // Who sends has been told; who reads may get something later.
      await loop.return?.()
      assert.equal((await waits).done, true)
      await dead[Symbol.asyncDispose]()
    })

    test('does not wait less for its next attempt because somebody begins to read', async () => {
      await using dead = await deadPort()
      const slow = { backoff: [60_000], conceal: 3 }
      const policy = policyOf({ it: streamtype(protocol, dead, { retry: 'slow' }) })
      await using context = await openContext({
        policy: { ...policy, retry: [...(policy.retry ?? []), { slow }] },
      })
      await using stream = context.stream('it', options)
      const states = traceStates(stream)
      stream.connect()
      await nextState(stream, 'UNREACHABLE')
      stream.on('message', () => {})
      stream[Symbol.asyncIterator]().next()
      for (let n = 0; n < 50; n++) await new Promise(setImmediate)
      assert.equal(states.filter((state) => state === 'CONNECTING').length, 1)
    })
  })

test('a loop goes on over connections that end', { timeout: 60_000 }, async () => {
  let connections = 0
  await using peer = await ServerPeer.listen(
    net.createServer((socket) => {
      socket.on('error', () => {})
      socket.end(`${++connections}`)
    }),
  )
  await using context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
  await using stream = context.stream('it')
  const heard: string[] = []
  for await (const message of stream) if (heard.push(message.text()) === 3) break
  assert.deepEqual(heard, ['1', '2', '3'])
})

test('on h1 listening asks for nothing', { timeout: 60_000 }, async () => {
  await using peer = await startHttp1()
  await using context = await openContext({
    policy: policyOf({ it: streamtype('h1', peer, { http_method: 'GET', http_url: '/get' }) }),
  })
  await using stream = context.stream('it')
  const messages = on(stream, 'message')
  const waits = stream.chunks().next()
  for (let n = 0; n < 50; n++) await new Promise(setImmediate)
  assert.equal(stream.state, 'CREATING')
  await stream.connect()
  assert.equal((await waits).value?.data.toString(), 'GET /get')
  await messages.return?.()
  assert.equal(peer.requests.length, 1)
})
