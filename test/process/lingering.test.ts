// A process that has ended a connection, and whose peer has not ended its own side of it yet.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'
import { runFixture } from '../support/run-fixture.js'

/** A peer that never ends its side by itself, and its first connection when the client has ended that. */
async function startHalfOpen() {
  const server = net.createServer({ allowHalfOpen: true })
  const ended = (once(server, 'connection') as Promise<[net.Socket]>).then(
    async ([socket]: [net.Socket]) => {
      await once(socket.resume(), 'end')
      return socket
    },
  )
  return Object.assign(await ServerPeer.listen(server), { ended })
}

describe('a connection that is over, and a peer that has not ended its side', () => {
  for (const [how, fixture] of [
    ['process.exit()', 'linger'],
    ['process.exit() in a worker', 'in-worker'],
  ] as const)
    test(`keep ${how} from nothing`, { timeout: 60_000 }, async () => {
      await using peer = await startHalfOpen()
      const argument = { policy: policyOf({ it: streamtype('raw', peer) }), exits: true }
      const ended = runFixture(
        fixture,
        fixture === 'linger' ? { argument } : { argument: { fixture: 'linger', argument } },
      )
      await peer.ended
      const start = performance.now()
      const { code, stderr } = await ended
      assert.deepEqual({ code, stderr }, { code: fixture === 'linger' ? 7 : 0, stderr: '' })
      // It would wait for 5 s.
      assert.ok(performance.now() - start < 4000)
    })

  test('keep a process running until it has', { timeout: 60_000 }, async () => {
    await using peer = await startHalfOpen()
    let gone = false
    const ended = runFixture('linger', {
      argument: { policy: policyOf({ it: streamtype('raw', peer) }), exits: false },
    }).then((result) => {
      gone = true
      return result
    })
    const socket = await peer.ended
    assert.equal(gone, false)
    socket.end('more than it asked for')
    const { code, stderr, reports } = await ended
    assert.deepEqual({ code, stderr, reports }, { code: 0, stderr: '', reports: ['destroyed'] })
  })
})
