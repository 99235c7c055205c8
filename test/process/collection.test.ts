import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Peer, startHttp1, startWebSocket } from '../peers/index.js'
import { runFixture } from '../support/run-fixture.js'

describe('garbage collection', { concurrency: 2 }, () => {
  const peers: Peer[] = []
  const ports = { ws: 0, h1: 0 }

  before(async () => {
    const [ws, h1] = await Promise.all([startWebSocket(), startHttp1()])
    peers.push(ws, h1)
    ports.ws = ws.port
    ports.h1 = h1.port
  })
  after(async () => {
    for (const peer of peers) await peer.close()
  })

  const run = async (scenario: string) => {
    const { code, signal, stderr, reports } = await runFixture('collect', {
      argument: { scenario, ports },
      flags: ['--expose-gc'],
    })
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
    return reports
  }

  for (const scenario of [
    'closed contexts',
    'contexts that were closed with streams open',
    'contexts that were destroyed while they opened',
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
