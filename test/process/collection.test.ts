import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startHttp1, startWebSocket } from '../peers/index.js'
import { fixtureReports } from '../support/run-fixture.js'
import { portsOfPeers } from '../support/suite-peers.js'

describe('garbage collection', { concurrency: 2 }, () => {
  const ports = portsOfPeers({ ws: startWebSocket, h1: startHttp1 })

  const run = (scenario: string) =>
    fixtureReports('collect', { argument: { scenario, ports }, flags: ['--expose-gc'] })

  for (const scenario of [
    'closed contexts',
    'contexts that were closed with streams open',
    'contexts that were destroyed while they opened',
    'streams that were asked for more while their context ended',
    'destroyed streams',
    'destroyed streams that never connected',
    'destroyed streams with handlers',
    'messages and replies',
  ])
    test(`takes ${scenario}`, async () => {
      const [{ made, left }] = (await run(scenario)) as [{ made: number; left: number }]
      assert.ok(made >= 10)
      // A frame of the interpreter may still hold the last one.
      assert.ok(left <= 1, `${left} of ${made} are left`)
    })

  test('leaves an open stream that nobody holds', async () =>
    assert.deepEqual(await run('an open stream that nobody holds'), ['ws', 'still here']))

  test('leaves what a stream needs after its context is gone', async () =>
    assert.deepEqual(await run('a stream whose context is gone'), [
      ['DESTROYING', '', {}, 0],
      ['ERR_SS_DESTROYED', 'ERR_SS_DESTROYED'],
    ]))
})
