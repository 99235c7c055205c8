import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext, type PolicyInput, State } from 'lws-secure-streams'
import {
  startAedes,
  startHandling,
  startHttp1,
  startHttp2,
  startRaw,
  starts,
  startWebSocket,
} from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { ownTopic, type ProtocolName, policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'
import { waitsOf } from '../support/waits.js'

type Retry = NonNullable<PolicyInput['retry']>[number][string]
type Definition = NonNullable<PolicyInput['s']>[number][string]

const LONG = 1_000_000

function open(definition: Definition, quick: Retry): Promise<Context> {
  return openContext({ policy: { ...policyOf({ it: definition }), retry: [{ quick }] } })
}

// A socket that nobody listens on is refused at once, without a round of the network.
const nowhere: Definition = { protocol: 'raw', endpoint: '+/nowhere/at/all', retry: 'quick' }

describe('how often an attempt is repeated', { timeout: 60_000 }, () => {
  for (const conceal of [0, 1, 2, 3, 8, 9, 20])
    test(`conceal ${conceal}: that many waits, the last of the array for those beyond it`, async () => {
      const backoff = [2, 4, 3]
      await using context = await open(nowhere, { backoff, conceal, jitterpc: 1 })
      const waits = waitsOf(context)
      await using stream = context.stream('it')
      const states = traceStates(stream)
      await assert.rejects(stream.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      assert.equal(states.filter((state) => state === 'CONNECTING').length, conceal + 1)
      assert.deepEqual(
        waits,
        Array.from({ length: conceal }, (_, n) => backoff[Math.min(n, backoff.length - 1)]),
      )
    })

  test('conceal 65535 never gives up: not after more attempts than any other allows', async () => {
    const enough = 65_535 + 100
    await using context = await open(nowhere, { backoff: [0], conceal: 65_535, jitterpc: 1 })
    const states = new Map<unknown, number>()
    await new Promise<void>((resolve) => {
      context
        .stream('it', {
          state(stream, state) {
            const times = (states.get(state) ?? 0) + 1
            states.set(state, times)
            if (state !== 'CONNECTING' || times < enough) return
            stream.destroy()
            resolve()
          },
        })
        .requestTx()
    })
    assert.equal(states.get(State.CONNECTING), enough)
    assert.equal(states.get(State.ALL_RETRIES_FAILED), undefined)
  })

  test('the next attempt is not made before its time', async () => {
    const backoff = [30, 60, 10]
    await using port = await deadPort()
    await using context = await open(streamtype('ws', port), { backoff, conceal: 4, jitterpc: 1 })
    const waited: number[] = []
    let failedAt = 0
    await new Promise<void>((resolve) => {
      context
        .stream('it', {
          // Handlers are called while lws waits for them: the times are those of what happened.
          state(stream, state) {
            if (state === 'UNREACHABLE') failedAt = performance.now()
            if (state === 'CONNECTING' && failedAt) waited.push(performance.now() - failedAt)
            if (state !== 'ALL_RETRIES_FAILED') return
            stream.destroy()
            resolve()
          },
        })
        .requestTx()
    })
    assert.equal(waited.length, 4)
    for (const [n, ms] of waited.entries())
      assert.ok(ms >= (backoff[n] ?? 10), `${ms} ms instead of ${backoff[n] ?? 10}`)
  })

  for (const jitterpc of [1, 20, 200])
    test(`jitterpc ${jitterpc}: between the array's wait and that much more, and all over it`, async () => {
      const streams = 400
      const wait = 100_000
      await using context = await open(nowhere, { backoff: [wait], conceal: 1, jitterpc })
      const waits = waitsOf(context)
      for (let n = 0; n < streams; n++) context.stream('it').requestTx()
      while (waits.length < streams) await once(context, 'log')
      const most = wait * (1 + jitterpc / 100)
      assert.ok(Math.min(...waits) >= wait && Math.max(...waits) <= most)
      // One of 400 misses a quarter once in 10^50 times.
      const quarters = new Set(waits.map((ms) => Math.floor(((ms - wait) * 4) / (most - wait))))
      assert.deepEqual([...quarters].sort(), [0, 1, 2, 3])
      context.destroy()
    })

  // By the server's clock, when it tells that.
  const CLOCK = 'Sun, 06 Nov 1994 08:49:37 GMT'
  const soon = new Date(Date.now() + 40 * 365 * 86_400_000)
  const twoDigits = `${soon.getUTCFullYear() % 100}`.padStart(2, '0')
  for (const [after, wait, date] of [
    ['2', 2000],
    ['00000003', 3000],
    ['999999999', 999_999_999_000],
    ['99999999999999999999', 999_999_999_000],
    ['Sun, 06 Nov 1994 08:49:39 GMT', 2000, CLOCK],
    ['Sunday, 06-Nov-94 08:49:40 GMT', 3000, CLOCK],
    ['Sun Nov  6 08:49:41 1994', 4000, CLOCK],
    ['Mon Nov 14 08:49:37 1994', 8 * 86_400_000, CLOCK],
    ['Sun, 06 Nov 1994 08:49:39 GMT', 2000, 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['Sun Nov  6 08:49:39 1994', 2000, 'Sun Nov  6 08:49:37 1994'],
    ['Thursday, 29-Feb-96 00:00:00 GMT', 86_400_000, 'Wed, 28 Feb 1996 00:00:00 GMT'],
    // Beyond 2038, and half a century from now at most.
    ['Sun Nov  6 08:49:39 2044', 2000, 'Sun, 06 Nov 2044 08:49:37 GMT'],
    [
      `Monday, 02-Jan-${twoDigits} 00:00:05 GMT`,
      5000,
      `Mon, 02 Jan ${soon.getUTCFullYear()} 00:00:00 GMT`,
    ],
    // What is over, and what is none, is not waited for.
    ['Sun, 06 Nov 1994 08:49:36 GMT', 20, CLOCK],
    ['Sun Nov  6 08:49:37 1994', 20],
    ['', 20],
    ['-5', 20],
    ['soon', 20],
    ['Sun, 06 Nov 1994 08:49:39', 20, CLOCK],
    ['Sun, 06 Nov 1994 08:49:39 GMT+1', 20, CLOCK],
    ['Sun, 32 Nov 1994 08:49:39 GMT', 20, CLOCK],
    ['Sun, 06 Foo 1994 08:49:39 GMT', 20, CLOCK],
    ['Xxx, 06 Nov 1994 08:49:39 GMT', 20, CLOCK],
    ['Sun, 06 Nov 1994 24:49:39 GMT', 20, CLOCK],
    ['x'.repeat(500), 20, CLOCK],
  ] as const)
    for (const protocol of ['h1', 'h2'] as const)
      for (const status of [429, 503])
        test(`Retry-After: ${after.slice(0, 50)} of a ${status} on ${protocol}, Date: ${date}`, async () => {
          await using peer = await startHandling(protocol, (_, response) => {
            const headers = { 'retry-after': after, ...(date !== undefined && { date }) }
            response.writeHead(status, headers).end()
          })
          const { http_url: _, ...it } = streamtype(protocol, peer, { http_method: 'GET' })
          await using context = await open(it, { backoff: [20], conceal: 1, jitterpc: 1 })
          const waits = waitsOf(context)
          const stream = context.stream('it')
          stream.requestTx()
          while (waits.length === 0) await once(context, 'log')
          stream.destroy()
          assert.deepEqual(waits, [wait])
        })

  test('Retry-After of a 503 lengthens the wait, and does not shorten it', async () => {
    const answers = ['1', '0']
    const server = http.createServer((_request, response) => {
      const after = answers.shift()
      response.writeHead(after === undefined ? 200 : 503, { 'retry-after': after ?? '0' }).end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await using context = await open(streamtype('h1', server.address() as AddressInfo), {
      backoff: [20],
      conceal: 5,
      jitterpc: 1,
    })
    const waits = waitsOf(context)
    assert.equal((await context.request('it', { body: 'x' })).acked, true)
    assert.deepEqual(waits, [1000, 20])
    server.close()
  })
})

describe('when all attempts have failed', { timeout: 60_000 }, () => {
  test('the stream is idle until it is told to try again, and then begins anew', async () => {
    await using port = await deadPort()
    await using context = await open(streamtype('ws', port), {
      backoff: [1],
      conceal: 1,
      jitterpc: 1,
    })
    await using stream = context.stream('it')
    const states = traceStates(stream)
    const round = ['POLL', 'CONNECTING', 'UNREACHABLE', 'POLL', 'CONNECTING', 'UNREACHABLE']
    const over = 'ALL_RETRIES_FAILED'

    await assert.rejects(stream.send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    assert.deepEqual(states.splice(0), ['CREATING', ...round, over])

    // Another stream goes through its own attempts meanwhile, and takes longer over it.
    await using other = context.stream('it')
    await assert.rejects(other.send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    await assert.rejects(other.send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    assert.deepEqual(states, [])

    stream.requestTx()
    await nextState(stream, over)
    assert.deepEqual(states.splice(0), [...round, over])
    await assert.rejects(stream.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    assert.deepEqual(states.splice(0), [...round.slice(1), over])
  })

  for (const [protocol, start] of Object.entries(starts) as [
    ProtocolName,
    (options: { port?: number }) => ReturnType<typeof startRaw>,
  ][])
    test(`${protocol} works when the peer is there again`, async () => {
      const first = await start({})
      const { port } = first
      await using context = await open(streamtype(protocol, { port }), {
        backoff: [1],
        conceal: 1,
        jitterpc: 1,
      })
      await first.close()
      await using stream = context.stream('it', ownTopic(protocol))
      await assert.rejects(stream.send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      await using _second = await start({ port })
      await stream.send('hello')
      assert.equal(String(await nextMessage(stream)), 'hello')
    })
})

describe('what does not wait for the next attempt', { timeout: 20_000 }, () => {
  test('connect(): it is made at once, and counts as the first', async () => {
    await using context = await open(nowhere, { backoff: [LONG], conceal: 1, jitterpc: 1 })
    const waits = waitsOf(context)
    await using stream = context.stream('it')
    const states = traceStates(stream)
    const connected = stream.connect()
    for (let n = 1; n <= 5; n++) {
      await nextState(stream, 'UNREACHABLE')
      assert.equal(states.filter((state) => state === 'CONNECTING').length, n)
      if (n < 5) stream.connect()
    }
    stream.destroy()
    await assert.rejects(connected, { code: 'ERR_SS_DESTROYED' })
    assert.equal(waits.length, 5)
    assert.ok(!states.includes('ALL_RETRIES_FAILED'))
  })

  test('destroy(), disconnect(), abort and close(): what is pending ends at once', async () => {
    const context = await open(nowhere, { backoff: [LONG], conceal: 5, jitterpc: 1 })
    const begin = async (signal?: AbortSignal) => {
      const stream = context.stream('it', signal ? { signal } : {})
      const pending = [stream.send('x'), stream.connect()]
      await nextState(stream, 'UNREACHABLE')
      return { stream, pending }
    }
    const allReject = async (pending: Promise<void>[], code: string) => {
      for (const each of pending) await assert.rejects(each, { code })
    }

    const destroyed = await begin()
    destroyed.stream.destroy()
    await allReject(destroyed.pending, 'ERR_SS_DESTROYED')

    const disconnected = await begin()
    disconnected.stream.disconnect()
    await allReject(disconnected.pending, 'ERR_SS_DISCONNECTED')
    disconnected.stream.destroy()

    const controller = new AbortController()
    const aborted = await begin(controller.signal)
    const reason = Object.assign(new Error('enough'), { code: 'MINE' })
    controller.abort(reason)
    await allReject(aborted.pending, 'MINE')

    const closed = await begin()
    closed.pending[1]?.catch(() => {})
    const refused = assert.rejects(closed.pending[0] as Promise<void>, { code: 'ERR_SS_DESTROYED' })
    context.destroy()
    await refused
    await context.close()
  })
})

describe('what becomes of a lost connection', { timeout: 60_000 }, () => {
  const retry = { backoff: [1], conceal: 3, jitterpc: 1 }

  for (const [protocol, start] of Object.entries({
    ws: startWebSocket,
    mqtt: startAedes,
    raw: startRaw,
  }) as [ProtocolName, (options: { port?: number }) => ReturnType<typeof startRaw>][]) {
    test(`${protocol}, opportunistic: left lost until something is to be sent`, async () => {
      await using peer = await start({})
      const definition = streamtype(protocol, peer, { opportunistic: true })
      await using context = await open(definition, retry)
      await using stream = context.stream('it', ownTopic(protocol))
      const states = traceStates(stream)
      await stream.send('one')
      const disconnected = nextState(stream, 'DISCONNECTED')
      peer.dropConnections()
      await disconnected

      // As long as another one takes to lose its connection and get another.
      await using other = context.stream('it', ownTopic(protocol))
      await other.send('one')
      peer.dropConnections()
      await other.send('two').catch(() => other.send('two'))
      assert.equal(states.at(-1), 'DISCONNECTED')

      await stream.send('two')
      assert.equal(states.filter((state) => state === 'CONNECTED').length, 2)
    })

    test(`${protocol}, without it: made again, by itself`, async () => {
      await using peer = await start({})
      const definition = streamtype(protocol, peer, { opportunistic: false })
      await using context = await open(definition, retry)
      await using stream = context.stream('it', ownTopic(protocol))
      const states = traceStates(stream)
      await stream.connect()
      for (let n = 0; n < 5; n++) {
        const connected = nextState(stream, 'CONNECTED')
        peer.dropConnections()
        await connected
      }
      // More often than conceal allows: each was a success.
      assert.deepEqual(states, [
        'CREATING',
        'CONNECTING',
        'CONNECTED',
        ...Array(5).fill(['DISCONNECTED', 'POLL', 'CONNECTING', 'CONNECTED']).flat(),
      ])
    })

    test(`${protocol}, nailed_up: made when the stream is, and again, by itself`, async () => {
      await using peer = await start({})
      const definition = streamtype(protocol, peer, { nailed_up: true, opportunistic: false })
      await using context = await open(definition, retry)
      await using stream = context.stream('it', ownTopic(protocol))
      const states = traceStates(stream)
      await nextState(stream, 'CONNECTED')
      const connected = nextState(stream, 'CONNECTED')
      peer.dropConnections()
      await connected
      const again = nextState(stream, 'CONNECTED')
      stream.disconnect()
      await again
      assert.deepEqual(states, [
        'CREATING',
        'CONNECTING',
        'CONNECTED',
        ...['DISCONNECTED', 'POLL', 'CONNECTING', 'CONNECTED'],
        // At once, not after a backoff.
        ...['DISCONNECTED', 'CONNECTING', 'CONNECTED'],
      ])
    })

    test(`${protocol}, nailed_up: tries as the policy says from the creation on`, async () => {
      await using port = await deadPort()
      const definition = streamtype(protocol, port, { nailed_up: true, opportunistic: false })
      await using context = await open(definition, retry)
      await using stream = context.stream('it', ownTopic(protocol))
      const states = traceStates(stream)
      await nextState(stream, 'ALL_RETRIES_FAILED')
      assert.equal(states.filter((state) => state === 'CONNECTING').length, 4)
    })
  }

  test('a server that closes idle h1 connections is no failure', async () => {
    await using peer = await startHttp1()
    await using context = await open(streamtype('h1', peer), { ...retry, conceal: 0 })
    for (let n = 0; n < 5; n++) {
      assert.equal(await (await context.request('it', { body: `${n}` })).text(), `${n}`)
      peer.dropConnections()
    }
    assert.equal(peer.connections, 5)
  })

  test('a server that closes idle h2 connections is no failure', async () => {
    await using peer = await startHttp2()
    await using context = await open(streamtype('h2', peer), retry)
    for (let n = 0; n < 5; n++) {
      assert.equal(await (await context.request('it', { body: `${n}` })).text(), `${n}`)
      peer.dropConnections()
    }
    assert.equal(peer.sessions, 5)
  })
})
