// A WebSocket that is redirected, and a server that pings. libwebsockets follows redirects of an upgrade
// (warmcat/libwebsockets #1820), but took the connection that came of one for a closing one, which sends
// no PONG, so that servers that ping, as `ws` recommends, dropped the client.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import type { WebSocket } from 'ws'
import { startWebSocket } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'

test('a WebSocket answers pings after redirects', { timeout: 30_000 }, async () => {
  await using target = await startWebSocket()
  const hops = http.createServer().on('upgrade', (request, socket) => {
    const hop = Number(request.url?.slice(2))
    const location = hop > 0 ? `/h${hop - 1}` : `http://localhost:${target.port}/there`
    socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`)
  })
  await using peer = await ServerPeer.listen(hops)
  for (const hop of [0, 1, 2]) {
    await using context = await openContext({
      policy: policyOf({
        it: streamtype('ws', peer, { http_url: `h${hop}`, allow_redirects: true }),
      }),
    })
    await using stream = context.stream('it')
    await stream.connect()
    const [client] = target.clients as Set<WebSocket>
    assert.ok(client)
    for (const data of ['one', 'two']) {
      client.ping(data)
      const pong: unknown[] = await once(client, 'pong', { signal: AbortSignal.timeout(10_000) })
      assert.equal(String(pong[0]), data)
    }
    stream.destroy()
    await once(client, 'close')
  }
})
