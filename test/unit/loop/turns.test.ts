// When the event loop gives its client a turn, and when it does what is due.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { addon, type Listener, type Socket, type TestLoop } from './addon.js'
import { nextRound, quiet, until } from './rounds.js'

let loop: TestLoop

function start(listener: Listener = {}): void {
  loop = new addon.TestLoop(listener)
}

describe('the turns of an event loop', { timeout: 60_000 }, () => {
  afterEach(async () => {
    loop.close()
    await quiet()
  })

  test('sets its timer when the time has moved, and only then', async () => {
    let due = 0
    start({ due: () => void due++ })
    const before = loop.counts().timerStarts
    loop.setTimer(60_000)
    await quiet()
    for (let n = 0; n < 10; n++) {
      loop.requestTurn()
      await nextRound()
    }
    assert.equal(loop.counts().timerStarts - before, 1)
    loop.setTimer(20)
    await until(() => due > 0)
    await quiet()
    assert.equal(due, 1)
  })

  test('serves what waits for nothing before it blocks', async () => {
    start()
    loop.force()
    await nextRound()
    assert.equal(loop.counts().forced, 1)
    const { turns } = loop.counts()
    await quiet()
    assert.equal(loop.counts().turns, turns)
  })

  test('leaves lws after each call into it', async (t) => {
    const order: string[] = []
    start({
      service(socket) {
        addon.read(socket)
        order.push('served')
      },
      left: () => order.push('left'),
    })
    const [socket, peer] = addon.pair()
    t.after(() => addon.close(peer))
    loop.adopt(socket)
    await quiet()
    order.length = 0
    addon.write(peer, 10)
    await until(() => order.length > 1)
    assert.deepEqual(order.slice(0, 2), ['served', 'left'])
  })

  test('lets a socket write that asks for it while another writes', async (t) => {
    const served: Socket[] = []
    const pairs = [addon.pair(), addon.pair()]
    t.after(() => pairs.map(([, peer]) => addon.close(peer)))
    const [first, second] = pairs.map(([socket]) => socket) as [Socket, Socket]
    start({
      service(socket) {
        served.push(socket)
        if (socket === first) loop.want(second, 'write', true)
      },
    })
    for (const [socket] of pairs) loop.adopt(socket)
    await quiet()
    loop.want(first, 'write', true)
    await nextRound()
    assert.deepEqual(served, [first, second])
  })

  test('gives as many turns as are asked for, though not all in one round', async () => {
    let turns = 0
    let rounds = 0
    start({
      left() {
        if (++turns < 100) loop.requestTurn()
      },
    })
    loop.requestTurn()
    while (turns < 100 && rounds < 1000) {
      await nextRound()
      rounds++
    }
    assert.ok(turns >= 100, `${turns} turns`)
    assert.ok(rounds > 1, `${rounds} rounds`)
  })
})
