import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openContext, type SecureStream } from 'lws-secure-streams'
import {
  type Peer,
  patternBytes,
  startAedes,
  startCountingRelay,
  startHttp1,
  startHttp2,
  startRaw,
  startWebSocket,
} from '../peers/index.js'
import { type ProtocolName, perProtocol, policyOf, streamtype } from '../support/policies.js'
import { standstill } from '../support/standstill.js'

const SIZE = 64 * 1024 * 1024
const MESSAGE = 256 * 1024
const bytes = patternBytes(SIZE)

const pieces = function* () {
  for (let at = 0; at < SIZE; at += MESSAGE) yield bytes.subarray(at, at + MESSAGE)
}

/** A server that has SIZE bytes to say, and what makes it begin. */
const speakers: Record<ProtocolName, () => Promise<{ peer: Peer; begin?: () => void }>> = {
  h1: async () => ({ peer: await startHttp1() }),
  h2: async () => ({ peer: await startHttp2() }),
  raw: async () => ({
    peer: await startRaw({ accept: (socket) => void socket.end(bytes) }),
  }),
  ws: async () => {
    const peer = await startWebSocket()
    peer.webSockets.on('connection', (socket) => {
      for (const piece of pieces()) socket.send(piece)
    })
    return { peer }
  },
  mqtt: async () => {
    const peer = await startAedes()
    const begin = () => {
      for (const payload of pieces())
        peer.broker.publish(
          { cmd: 'publish', topic: 'test/t', payload, qos: 0, retain: false, dup: false },
          () => {},
        )
    }
    return { peer, begin }
  },
}

async function listen(stream: SecureStream, protocol: ProtocolName): Promise<void> {
  if (protocol === 'h1' || protocol === 'h2') stream.requestTx()
  else await stream.connect()
}

describe('a reader that waits stops its peer, and gets everything in the end', () => {
  for (const protocol of Object.keys(perProtocol) as ProtocolName[])
    test(protocol, { timeout: 60_000 }, async () => {
      const { peer, begin } = await speakers[protocol]()
      await using relay = await startCountingRelay(peer)
      const http = protocol === 'h1' || protocol === 'h2'
      const definition = streamtype(protocol, relay, {
        ...(http && { http_method: 'GET', http_url: `/bytes/${SIZE}` }),
      })
      const context = await openContext({ policy: policyOf({ it: definition }) })
      const stream = context.stream('it', protocol === 'mqtt' ? { metadata: { topic: 't' } } : {})
      const chunks = stream.chunks()
      const first = chunks.next()
      await listen(stream, protocol)
      begin?.()
      const received = [(await first).value?.data as Buffer]
      await standstill(() => relay.taken)
      // What is on the way in sockets is the system's to choose, some megabytes at most.
      assert.ok(relay.taken < SIZE / 2, `${relay.taken} bytes of ${SIZE} were taken`)

      for (let length = received[0]?.length ?? 0; length < SIZE; ) {
        const { value } = await chunks.next()
        received.push(value?.data as Buffer)
        length += value?.data.length ?? 0
      }
      assert.ok(Buffer.concat(received).equals(bytes))
      await context.close()
      await peer.close()
    })
})

test('an h2 stream that is not read leaves the others on its connection alone', {
  timeout: 60_000,
}, async () => {
  await using peer = await startHttp2()
  const context = await openContext({
    policy: policyOf({
      large: streamtype('h2', peer, { http_method: 'GET', http_url: `/bytes/${SIZE}` }),
      small: streamtype('h2', peer),
    }),
  })
  const unread = await context.request('large')
  for (let n = 0; n < 20; n++)
    assert.equal(await (await context.request('small', { body: `${n}` })).text(), `${n}`)
  assert.equal(peer.sessions, 1)
  assert.ok((await unread.bytes()).equals(bytes))
  await context.close()
})

for (const protocol of ['h1', 'h2'] as const)
  test(`a reader that waits does not keep its own upload from the server: ${protocol}`, {
    timeout: 60_000,
  }, async () => {
    const server = (protocol === 'h1' ? http.createServer() : http2.createServer()) as Server
    const taken = new Promise<number>((resolve) => {
      server.on('request', async (request: http.IncomingMessage, response: http.ServerResponse) => {
        response.write(bytes)
        let length = 0
        for await (const piece of request) length += piece.length
        response.end()
        resolve(length)
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const peer = server.address() as AddressInfo
    await using context = await openContext({
      policy: policyOf({ it: streamtype(protocol, peer) }),
    })
    await using stream = context.stream('it')
    const chunks = stream.chunks()
    const first = chunks.next()
    const sent = stream.send(bytes)
    let received = (await first).value?.data.length ?? 0
    assert.equal(await taken, SIZE)
    while (received < SIZE) received += (await chunks.next()).value?.data.length ?? 0
    await sent
    stream.destroy()
    server.close()
  })

test('messages without bytes take memory too', { timeout: 60_000 }, async () => {
  const count = 150_000
  await using peer = await startWebSocket()
  peer.webSockets.on('connection', (socket) => {
    for (let n = 0; n < count; n++) socket.send('')
  })
  await using context = await openContext({ policy: policyOf({ it: streamtype('ws', peer) }) })
  await using stream = context.stream('it')
  await stream.connect()
  for (let before = -1; stream.stats.messagesReceived !== before; ) {
    before = stream.stats.messagesReceived
    await delay(200)
  }
  assert.ok(stream.stats.messagesReceived < count)
  let read = 0
  for await (const message of stream) {
    assert.equal(message.data.length, 0)
    if (++read === count) break
  }
})
