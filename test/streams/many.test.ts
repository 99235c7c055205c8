import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startHttp1, startHttp2, startMosquitto, startRaw, startWebSocket } from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

describe('many streams at once', { timeout: 120_000 }, () => {
  test('more requests than an h2 server takes on one connection all get their answer', async () => {
    await using peer = await startHttp2({ maxConcurrentStreams: 10 })
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    const count = 200
    const texts = await Promise.all(
      Array.from({ length: count }, async (_, n) =>
        (await context.request('it', { body: `${n}` })).text(),
      ),
    )
    assert.deepEqual(
      texts,
      Array.from({ length: count }, (_, n) => `${n}`),
    )
    assert.ok(peer.sessions > 1 && peer.sessions <= count / 10 + 5, `${peer.sessions} connections`)
    await context.close()
  })

  test('more streams than one MQTT connection takes', async () => {
    await using broker = await startMosquitto()
    const context = await openContext({ policy: policyOf({ it: streamtype('mqtt', broker) }) })
    const streams = Array.from({ length: 60 }, () => context.stream('it', ownTopic('mqtt')))
    await Promise.all(streams.map((stream, n) => stream.send(`${n}`)))
    const heard = await Promise.all(streams.map((stream) => nextMessage(stream)))
    assert.deepEqual(
      heard.map(String),
      streams.map((_, n) => `${n}`),
    )
    for (const stream of streams) stream.destroy()
    await context.close()
  })

  for (const protocol of ['h1', 'h2'] as const)
    test(`500 requests at once on ${protocol}, twice, leave no stream and no socket`, async () => {
      await using peer = await (protocol === 'h1' ? startHttp1() : startHttp2())
      const context = await openContext({ policy: policyOf({ it: streamtype(protocol, peer) }) })
      const bodies = Array.from({ length: 500 }, (_, n) => `${n}`)
      const ask = async (body: string) => (await context.request('it', { body })).text()
      assert.deepEqual(await Promise.all(bodies.map(ask)), bodies)
      assert.deepEqual(await Promise.all(bodies.map(ask)), bodies)
      assert.equal(context.stats.streams, 0)
      await context.close()
      for (const socket of peer.sockets) await once(socket, 'close')
    })

  const starts = { h1: startHttp1, ws: startWebSocket, raw: startRaw } as const
  for (const protocol of ['h1', 'ws', 'raw'] as const)
    test(`500 streams on ${protocol}`, async () => {
      await using peer = await starts[protocol]()
      const context = await openContext({ policy: policyOf({ it: streamtype(protocol, peer) }) })
      const streams = Array.from({ length: 500 }, () => context.stream('it'))
      await Promise.all(streams.map((stream, n) => stream.send(`${n}`)))
      const heard = await Promise.all(streams.map((stream) => nextMessage(stream)))
      assert.deepEqual(
        heard.map(String),
        streams.map((_, n) => `${n}`),
      )
      assert.equal(context.stats.streams, 500)
      for (const stream of streams) stream.destroy()
      await context.close()
      assert.equal(context.stats.streams, 0)
    })
})
