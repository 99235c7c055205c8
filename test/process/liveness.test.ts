import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Peer, startRaw, startWebSocket } from '../peers/index.js'
import { fixtureReports } from '../support/run-fixture.js'

describe('what keeps a process running', { concurrency: 2 }, () => {
  let peer: Peer
  let silent: Peer

  before(async () => {
    peer = await startWebSocket()
    silent = await startRaw({ accept: (socket) => socket.resume() })
  })
  after(async () => {
    await peer.close()
    await silent.close()
  })

  const run = (scenario: string) =>
    fixtureReports('liveness', {
      argument: { scenario, port: peer.port, silentPort: silent.port },
    })

  for (const scenario of [
    'a context alone',
    'a destroyed stream',
    'an unref()ed stream',
    'an unref()ed context',
    'an unref()ed stream that is connecting',
    'a finished request',
  ])
    test(`not: ${scenario}`, async () => assert.deepEqual(await run(scenario), []))

  for (const scenario of [
    'a connected stream',
    'a stream that never connected',
    'a stream with handlers',
    'a stream that is ref()ed again',
    'a context that is ref()ed again',
    'one of two streams',
  ])
    test(`${scenario}, until it lets go`, async () =>
      assert.deepEqual(await run(scenario), ['kept']))

  test('an unref()ed stream works while something else keeps the process', async () =>
    assert.deepEqual(
      await run('an unref()ed stream works while something else keeps the process'),
      ['hello'],
    ))

  test('a context that is opening, until it is open', async () =>
    assert.deepEqual(await run('opening'), ['opened']))

  test('a context that is closing, until it is closed', async () =>
    assert.deepEqual(await run('closing'), ['closed']))

  for (const scenario of [
    'close() with a connected stream',
    'close() after the stream was destroyed',
    'destroy() during a TLS handshake',
    'close() while a stream waits to retry',
    'an aborted signal',
  ])
    test(`no handle and no descriptor is left: ${scenario}`, async () =>
      assert.deepEqual(await run(scenario), [{ handles: [], descriptors: 0 }]))
})
