import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type http from 'node:http'
import { describe, test } from 'node:test'
import { type Context, openContext, type PolicyInput, type Retry } from 'lws-secure-streams'
import { startHandling, startWebSocket } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'
import { waitsOf } from '../support/waits.js'

type Policy = NonNullable<PolicyInput['retry']>[number][string]
type Definition = NonNullable<PolicyInput['s']>[number][string]

const backoff = [30, 60, 10]

const open = (it: Definition, quick: Policy): Promise<Context> =>
  openContext({ policy: { ...policyOf({ it }), retry: [{ quick }] } })

describe("the event 'retry'", { timeout: 60_000 }, () => {
  for (const isOfHandlers of [false, true])
    test(`tells each attempt that failed, but the last${isOfHandlers ? ', with handlers' : ''}`, async () => {
      await using port = await deadPort()
      const it = streamtype('ws', port)
      await using context = await open(it, { backoff, conceal: 4, jitterpc: 1 })
      const waits = waitsOf(context)
      const stream = context.stream('it', isOfHandlers ? { state() {} } : {})
      const retries: Retry[] = []
      const published: unknown[] = []
      const onPublished = (message: unknown) => published.push(message)
      subscribe('lws-secure-streams:retry', onPublished)
      stream.on('retry', (retry) => {
        assert.equal(stream.state, 'UNREACHABLE')
        assert.equal(retry.reason, stream.lastError)
        retries.push(retry)
      })
      await assert.rejects(stream.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      unsubscribe('lws-secure-streams:retry', onPublished)
      assert.deepEqual(
        retries.map(({ attempt }) => attempt),
        [1, 2, 3, 4],
      )
      for (const [n, { delay, reason }] of retries.entries()) {
        const wait = waits[n] as number
        assert.ok(delay > 0 && delay <= wait + 1, `${delay} ms, where it is ${wait}`)
        assert.equal(reason.code, 'ERR_SS_UNREACHABLE')
        assert.equal(Object(reason.cause).code, 'ECONNREFUSED')
      }
      assert.deepEqual(
        published,
        retries.map((retry) => ({ stream, ...retry })),
      )
      stream.destroy()
    })

  test('counts from 1 after each connection, and tells a lost one', async () => {
    const peer = await startWebSocket()
    await using context = await open(streamtype('ws', peer), {
      backoff: [1, 100_000],
      conceal: 9,
      jitterpc: 1,
    })
    await using stream = context.stream('it')
    await stream.connect()
    for (let n = 0; n < 2; n++) {
      const [connected, lost] = [once(stream, 'state'), once(stream, 'retry')]
      for (const socket of peer.webSockets.clients) socket.close(4000, 'come back')
      const [{ attempt, reason }] = await lost
      assert.equal(attempt, 1)
      assert.equal(reason.closeCode, 4000)
      await connected
      await stream.connect()
    }
    const retries = once(stream, 'retry')
    await peer.close()
    const [first] = await retries
    assert.equal(first.attempt, 1)
    const [second] = await once(stream, 'retry')
    assert.equal(second.attempt, 2)
    assert.ok(second.delay > 99_000 && second.delay <= 101_000, `${second.delay}`)
  })

  test('tells how long a server wants one to wait, even if that is for ever', async () => {
    const busy: http.RequestListener = (_, response) =>
      response.writeHead(503, { 'Retry-After': '999999999' }).end()
    await using peer = await startHandling('h1', busy)
    await using context = await open(
      { ...streamtype('h1', peer), http_method: 'GET' },
      { backoff: [1], conceal: 1, jitterpc: 1 },
    )
    const stream = context.stream('it')
    stream.connect()
    const [{ attempt, delay }] = await once(stream, 'retry')
    assert.equal(attempt, 1)
    assert.ok(delay > 999_999_990_000 && delay <= 999_999_999_000, `${delay}`)
    stream.destroy()
  })

  test('tells none that the program has made, or that is not made', async () => {
    await using port = await deadPort()
    const it = streamtype('ws', port, { opportunistic: true })
    await using context = await open(it, { backoff: [100_000], conceal: 1, jitterpc: 1 })
    const stream = context.stream('it')
    let told = 0
    stream.on('retry', () => told++)
    for (let n = 1; n <= 3; n++) {
      const failed = once(stream, 'retry')
      const connecting = stream.connect()
      await failed
      stream.disconnect()
      await assert.rejects(connecting, { code: 'ERR_SS_DISCONNECTED' })
      assert.equal(told, n)
    }
    stream.destroy()
  })

  test('with no time between attempts each is told', async () => {
    const nowhere: Definition = { protocol: 'raw', endpoint: '+/nowhere/at/all', retry: 'quick' }
    await using context = await open(nowhere, { backoff: [0], conceal: 200, jitterpc: 1 })
    await using stream = context.stream('it')
    const attempts: number[] = []
    stream.on('retry', ({ attempt }) => attempts.push(attempt))
    await assert.rejects(stream.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    assert.deepEqual(
      attempts,
      Array.from({ length: 200 }, (_, n) => n + 1),
    )
  })
})
