import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  startHttp1,
  startHttp2,
  startMosquitto,
  startRaw,
  startWebSocket,
} from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
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

  for (const secure of [false, true])
    test(`500 requests of h2 share as few connections as there need be${secure ? ', with TLS' : ''}`, async () => {
      const authority = await CertificateAuthority.create()
      await using peer = await startHttp2({
        maxConcurrentStreams: 100,
        ...(secure && { tls: await authority.issue() }),
      })
      await using context = await openContext({
        policy: policyOf({ it: streamtype('h2', peer, { tls: secure }) }, authority),
      })
      for (let round = 0; round < 2; round++) {
        const bodies = Array.from({ length: 500 }, (_, n) => `${round} ${n}`)
        const replies = bodies.map(async (body) => (await context.request('it', { body })).text())
        assert.deepEqual(await Promise.all(replies), bodies)
        assert.equal(peer.sessions, 5)
      }
    })

  test('a connection of h2 has a hundred streams at most, however many the server takes', async () => {
    await using peer = await startHttp2()
    await using context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    for (let round = 0; round < 2; round++) {
      const bodies = Array.from({ length: 250 }, (_, n) => `${round} ${n}`)
      const replies = bodies.map(async (body) => (await context.request('it', { body })).text())
      assert.deepEqual(await Promise.all(replies), bodies)
      assert.equal(peer.sessions, 3)
    }
  })

  test('requests of h2 that waited for a server without it each go their own way', async () => {
    const authority = await CertificateAuthority.create()
    // What says nothing of ALPN, unlike node:https.
    const server = tls.createServer(await authority.issue(), (socket) =>
      web.emit('connection', socket),
    )
    const web = http.createServer((request, response) => request.pipe(response))
    await using peer = await ServerPeer.listen(server)
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, { tls: true }) }, authority),
    })
    const bodies = Array.from({ length: 50 }, (_, n) => `${n}`)
    const replies = bodies.map(async (body) => (await context.request('it', { body })).text())
    assert.deepEqual(await Promise.all(replies), bodies)
  })

  test('requests that waited for the same connection all hear why it failed', async () => {
    const authority = await CertificateAuthority.create()
    await using peer = await startHttp2({ tls: await authority.issue({ names: ['elsewhere'] }) })
    const { retry: _, ...definition } = streamtype('h2', peer, { tls: true })
    await using context = await openContext({ policy: policyOf({ it: definition }, authority) })
    const requests = Array.from({ length: 20 }, () => context.request('it', { body: 'x' }))
    for (const { status, reason } of (await Promise.allSettled(
      requests,
    )) as PromiseRejectedResult[])
      assert.match(`${status} ${reason.message}`, /rejected .*for another name/)
    assert.equal(peer.connections, 1)
  })

  for (const protocol of ['h2', 'mqtt'] as const)
    test(`a stream of ${protocol} that is given up takes nobody along that waited for its connection`, async () => {
      await using peer = protocol === 'h2' ? await startHttp2() : await startMosquitto()
      const giveUp = new AbortController()
      const reason = new Error('enough')
      // Nobody answers before the first stream is gone, and then on other connections only.
      await using relay = await startRaw({
        accept: (client) => {
          if (!giveUp.signal.aborted) return giveUp.abort(reason)
          const server = net.connect(peer.port, '127.0.0.1')
          server.on('error', () => client.destroy())
          client.pipe(server).pipe(client)
        },
      })
      const { retry: _, ...definition } = streamtype(protocol, relay)
      await using context = await openContext({ policy: policyOf({ it: definition }) })
      const streams = Array.from({ length: 6 }, () => context.stream('it', ownTopic(protocol)))
      const [first, ...others] = streams.map((stream, n) =>
        stream.send(`${n}`, n === 0 ? { signal: giveUp.signal } : {}),
      )
      giveUp.signal.addEventListener('abort', () => streams[0]?.destroy())
      await assert.rejects(first as Promise<void>, (error) => error === reason)
      await Promise.all(others)
      for (const stream of streams) stream.destroy()
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

  test('the end of a context costs each of many streams what it costs each of few', async () => {
    const costOfEach = async (count: number) => {
      const context = await openContext({ policy: policyOf({ it: streamtype('ws', { port: 1 }) }) })
      for (let n = 0; n < count; n++) context.stream('it')
      const before = process.cpuUsage()
      await context.close()
      const { user, system } = process.cpuUsage(before)
      return (user + system) / count
    }
    await costOfEach(2000)
    const few = await costOfEach(2000)
    const many = await costOfEach(20_000)
    assert.ok(many < 8 * few, `${many} µs a stream instead of ${few}`)
  })
})
