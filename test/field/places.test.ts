// A limit of connections whose places get lost. In aiohttp a request to a name that could not be resolved, or to
// nobody, kept its place, and the next one waited for ever (#835, #2189); those that were cancelled while they
// connected did in httpcore (#1093), and those that waited in aiohttp (#1623).

import assert from 'node:assert/strict'
import http from 'node:http'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openContext } from 'lws-secure-streams'
import { startHandling, startRaw } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'

for (const protocol of ['h1', 'h2'] as const)
  describe(`with maxSockets 1, on ${protocol}`, { timeout: 60_000 }, () => {
    test('requests that fail make place for the next', async () => {
      await using nobody = await deadPort()
      await using deaf = await startRaw({ accept: (socket) => void socket.destroy() })
      await using garbled = await startRaw({ accept: (socket) => void socket.end('SSH-2.0-x\r\n') })
      const nowhere = { ...streamtype(protocol, nobody), endpoint: 'no.such.host.invalid' }
      await using context = await openContext({
        policy: policyOf({
          nobody: streamtype(protocol, nobody),
          deaf: streamtype(protocol, deaf),
          garbled: streamtype(protocol, garbled),
          untrusted: streamtype(protocol, deaf, { tls: true }),
          nowhere,
        }),
        maxSockets: 1,
      })
      for (const name of ['nobody', 'deaf', 'garbled', 'untrusted', 'nowhere'])
        for (const result of await Promise.allSettled(
          Array.from({ length: 4 }, () => context.request(name, { timeout: 30_000 })),
        ))
          assert.match(
            String(result.status === 'rejected' && result.reason.code),
            /^ERR_SS_(ALL_RETRIES_FAILED|DISCONNECTED)$/,
            name,
          )
    })

    test('requests that are given up at any time make place for the next', async () => {
      await using peer = await startHandling(protocol, (request, response) => {
        request.resume()
        setImmediate(() => response.end('answer'))
      })
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
        maxSockets: 1,
      })
      for (let turns = 0; turns < 30; turns++) {
        const abort = new AbortController()
        const given = Array.from({ length: 5 }, () =>
          context.request('it', { body: 'x', signal: abort.signal }),
        )
        const kept = context.request('it', { body: 'x' })
        for (let n = 0; n < turns; n++) await turn()
        abort.abort(new Error('enough'))
        for (const result of await Promise.allSettled(given))
          if (result.status === 'rejected') assert.match(result.reason.message, /enough/)
        assert.equal(await (await kept).text(), 'answer', `after ${turns} turns`)
      }
    })
  })

// aiohttp 2217: a long answer that nobody read kept the next request from being sent.
test('an answer that nobody reads keeps no other request waiting', {
  timeout: 30_000,
}, async () => {
  const large = Buffer.alloc(20_000_000)
  const server = http.createServer((request, response) =>
    response.end(request.url === '/large' ? large : 'small'),
  )
  await using peer = await ServerPeer.listen(server)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
  const get = { http_method: 'GET', http_url: '${path}', metadata: [{ path: '' }] }
  await using context = await openContext({ policy: policyOf({ it: streamtype('h1', peer, get) }) })
  const unread = await context.request('it', { metadata: { path: 'large' } })
  for (let n = 0; n < 3; n++)
    assert.equal(
      await (await context.request('it', { metadata: { path: 'small' } })).text(),
      'small',
    )
  assert.equal((await unread.bytes()).length, large.length)
  assert.equal(peer.connections, 2)
})
