import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2, { type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { type Peer, patternBytes, startHttp2, startRaw, startWebSocket } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { runFixture } from '../support/run-fixture.js'

// The most that the busy stream may do while the loop goes round once. That is several times what it
// does, and a small part of what a socket takes or gives when it is let.
const limits: [string, number][] = [
  ['a tx handler that always has more', 100],
  ['an h2 upload without end', 100],
  ['an rx handler with a peer that sends without end', 1024 * 1024],
  ['messages from a peer that sends without end', 1024 * 1024],
  ['a thousand messages at any time', 100],
]

describe('others and timers have their share beside', { concurrency: 2 }, () => {
  const peers: Peer[] = []
  const ports = { echo: 0, sink: 0, source: 0, h2: 0 }

  before(async () => {
    const chunk = Buffer.alloc(256 * 1024)
    const [echo, sink, source, h2] = await Promise.all([
      startWebSocket(),
      startRaw({ accept: (socket) => socket.resume() }),
      startRaw({
        accept(socket) {
          const more = (error?: Error | null) => error ?? socket.write(chunk, more)
          more()
        },
      }),
      startHttp2(),
    ])
    peers.push(echo, sink, source, h2)
    ports.echo = echo.port
    ports.sink = sink.port
    ports.source = source.port
    ports.h2 = h2.port
  })
  after(async () => {
    for (const peer of peers) await peer.close()
  })

  for (const [busy, limit] of limits)
    test(busy, async () => {
      const { code, signal, stderr, reports } = await runFixture('busy', {
        argument: { busy, ports },
      })
      assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
      const [{ done, most }] = reports as [{ done: number; most: number }]
      assert.ok(done > 0)
      assert.ok(most <= limit, `${most} in one round of the loop`)
    })
})

test('a stream whose h2 peer does not read waits for it, and others on the connection do not', async () => {
  const server = http2.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  let sessions = 0
  server.on('session', () => sessions++)
  const answer = async (stream: ServerHttp2Stream) => {
    const body = await buffer(stream)
    stream.respond({ ':status': 200 })
    stream.end(body)
  }
  const stalled = new Promise<ServerHttp2Stream>((resolve) => {
    server.on('stream', (stream, headers) => {
      if (headers['content-length'] === '1000000') resolve(stream)
      else answer(stream)
    })
  })
  const { port } = server.address() as AddressInfo
  const context = await openContext({ policy: policyOf({ it: streamtype('h2', { port }) }) })

  const bytes = patternBytes(1_000_000)
  const large = context.request('it', { body: bytes })
  const stream = await stalled
  for (let n = 0; n < 20; n++) {
    const reply = await context.request('it', { body: `request ${n}` })
    assert.equal(await reply.text(), `request ${n}`)
  }
  answer(stream)
  assert.ok((await (await large).bytes()).equals(bytes))
  assert.equal(sessions, 1)
  await context.close()
  server.close()
})
