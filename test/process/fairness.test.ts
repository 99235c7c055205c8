import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2, { type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { patternBytes, startHttp2, startRaw, startWebSocket } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { fixtureReports } from '../support/run-fixture.js'
import { portsOfPeers } from '../support/suite-peers.js'

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
  const chunk = Buffer.alloc(256 * 1024)
  const ports = portsOfPeers({
    echo: startWebSocket,
    sink: () => startRaw({ accept: (socket) => socket.resume() }),
    source: () =>
      startRaw({
        accept(socket) {
          const more = (error?: Error | null) => error ?? socket.write(chunk, more)
          more()
        },
      }),
    h2: startHttp2,
  })

  for (const [busy, limit] of limits)
    test(busy, async () => {
      const reports = await fixtureReports('busy', {
        argument: { busy, ports },
      })
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
