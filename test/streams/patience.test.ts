import assert from 'node:assert/strict'
import http2 from 'node:http2'
import type { Server, Socket } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openContext } from 'lws-secure-streams'
import { patternBytes, startCountingRelay, startRaw } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'

// Longer than lws's own limits of 10, 15 and 20 seconds.
const LONG = 21_000
const SIZE = 16 * 1024 * 1024

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('a server may take its time', { concurrency: true, timeout: 60_000 }, () => {
  test('for its answer on h1, and for what it is sent', async () => {
    await using thinking = await startRaw({
      accept: (socket) => void socket.once('data', () => delay(LONG).then(() => socket.write(ok))),
    })
    await using slow = await startRaw({
      accept: (socket: Socket) => {
        let received = 0
        socket.once('data', (first) => {
          const end = first.indexOf('\r\n\r\n') + 4
          received = first.length - end
          socket.pause()
          socket.on('data', (data) => {
            received += data.length
            if (received === SIZE) socket.write(ok)
          })
          delay(LONG).then(() => socket.resume())
        })
      },
    })
    await using context = await openContext({
      policy: policyOf({
        thinking: streamtype('h1', thinking, { http_method: 'GET' }),
        slow: streamtype('h1', slow),
      }),
    })
    const replies = await Promise.all([
      context.request('thinking'),
      context.request('slow', { body: patternBytes(SIZE) }),
      assert.rejects(context.request('thinking', { timeout: 100 }), { code: 'ERR_SS_TIMEOUT' }),
    ])
    for (const reply of replies.slice(0, 2)) assert.equal(await reply?.text(), 'ok')
  })

  test('so that an h2 connection takes no more, and a request on it waits for its turn', async () => {
    const server = http2.createServer({ settings: { initialWindowSize: 2 ** 31 - 1 } })
    let streams = 0
    server.on('session', (session) => session.setLocalWindowSize(2 ** 31 - 1))
    server.on('stream', (stream) => {
      streams++
      stream.resume()
      stream.on('end', () => {
        stream.respond()
        stream.end('ok')
      })
    })
    await using peer = await ServerPeer.listen(server as Server)
    await using relay = await startCountingRelay(peer)
    await using context = await openContext({ policy: policyOf({ it: streamtype('h2', relay) }) })
    assert.equal(await (await context.request('it', { body: 'x' })).text(), 'ok')
    for (const socket of relay.sockets) socket.pause()
    const large = context.request('it', { body: patternBytes(SIZE) })
    const behind = context.request('it', { body: 'x' })
    await delay(LONG)
    for (const socket of relay.sockets) socket.resume()
    for (const reply of await Promise.all([large, behind])) assert.equal(await reply.text(), 'ok')
    assert.equal(streams, 3)
    assert.equal(relay.sockets.size, 1)
  })
})
