import assert from 'node:assert/strict'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openContext, type PolicyInput } from 'lws-secure-streams'
import { generate, parser } from 'mqtt-packet'
import { startHttp1, startHttp2, startRaw } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { BlackHole } from '../support/black-hole.js'
import { ownTopic, type ProtocolName, policyOf, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

const onLinux = { skip: process.platform !== 'linux' && 'only Linux keeps a full queue silent' }

const accepts = () => startRaw({ accept: (socket) => void socket.resume() })

/** Confirms the connection, and nothing else. */
async function startConnackOnly() {
  return ServerPeer.listen(
    net.createServer((socket) => {
      const packets = parser()
      packets.on('packet', ({ cmd }) => {
        if (cmd === 'connect')
          socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
      })
      socket.on('data', (bytes) => packets.parse(bytes))
    }),
  )
}

/** A streamtype without a retry, so that its first failure is the last. */
function withoutRetry(protocol: ProtocolName, peer: { port: number }, more = {}) {
  const { retry: _, ...definition } = streamtype(protocol, peer, more)
  return definition
}

/** How many ms a message takes to fail for lack of a connection, and why. */
async function failing(
  policy: PolicyInput,
  httpProxy?: string,
): Promise<{ took: number; why: string }> {
  await using context = await openContext({ policy, ...(httpProxy && { httpProxy }) })
  const stream = context.stream('it', policyHasTopic(policy) ? ownTopic('mqtt') : {})
  const began = performance.now()
  const error = await stream.send('x').catch((error) => error)
  const took = performance.now() - began
  assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
  stream.destroy()
  return { took, why: error.message }
}

const policyHasTopic = (policy: PolicyInput) => policy.s?.[0]?.it?.protocol === 'mqtt'

// The table of docs/lifecycle.md, from above; what is missing is in the files that it is told by.
describe('without being told, a stream waits', { concurrency: true, timeout: 120_000 }, () => {
  for (const protocol of ['h1', 'h2', 'ws', 'mqtt', 'raw'] as const) {
    test(`15 s to be connected on ${protocol}`, onLinux, async () => {
      await using hole = await BlackHole.start()
      const { took } = await failing(policyOf({ it: withoutRetry(protocol, hole) }))
      assert.ok(took >= 14_900, `${took}`)
    })

    const limit = protocol === 'raw' || protocol === 'mqtt' ? 20 : 15
    test(`${limit} s for the handshake of TLS on ${protocol}`, async () => {
      await using peer = await accepts()
      const { took, why } = await failing(
        policyOf({ it: withoutRetry(protocol, peer, { tls: true }) }),
      )
      assert.ok(took >= limit * 1000 - 100, `${took}`)
      assert.match(why, /TLS handshake in time/)
    })

    test(`15 s for an HTTP proxy on ${protocol}`, async () => {
      await using proxy = await accepts()
      const policy = policyOf({ it: withoutRetry(protocol, { port: 1 }) })
      const { took, why } = await failing(policy, `http://127.0.0.1:${proxy.port}`)
      assert.ok(took >= 14_900, `${took}`)
      assert.match(why, /http proxy .*: Timed out waiting for its reply/)
    })
    test(`15 s for a SOCKS5 proxy on ${protocol}`, async () => {
      await using proxy = await accepts()
      const policy = policyOf({ it: withoutRetry(protocol, { port: 1 }) })
      const { took } = await failing({ ...policy, 'via-socks5': `127.0.0.1:${proxy.port}` })
      assert.ok(took >= 14_900, `${took}`)
    })
  }

  test('15 s for the upgrade to ws', async () => {
    await using peer = await accepts()
    const { took, why } = await failing(policyOf({ it: withoutRetry('ws', peer) }))
    assert.ok(took >= 14_900, `${took}`)
    assert.match(why, /no answer in time/)
  })

  for (const [packet, start] of [
    ['CONNACK', accepts],
    ['SUBACK', startConnackOnly],
  ] as const)
    test(`15 s for the ${packet} of mqtt`, async () => {
      await using peer = await start()
      const { took } = await failing(policyOf({ it: withoutRetry('mqtt', peer) }))
      assert.ok(took >= 14_900, `${took}`)
    })

  for (const protocol of ['h1', 'h2'] as const)
    test(`for ever for an answer on ${protocol}, and amid it`, async () => {
      const server = protocol === 'h1' ? http.createServer() : http2.createServer()
      await using peer = await ServerPeer.listen(server as net.Server)
      const long = 35_000
      server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
        request.resume()
        const goOn = () => response.end('end')
        if (request.url === '/answer') setTimeout(goOn, long)
        else response.write('begin ', () => setTimeout(goOn, long))
      })
      const get = { http_method: 'GET' }
      await using context = await openContext({
        policy: policyOf({
          answer: streamtype(protocol, peer, { ...get, http_url: '/answer' }),
          amid: streamtype(protocol, peer, { ...get, http_url: '/amid' }),
        }),
      })
      const texts = ['answer', 'amid'].map(async (name) => (await context.request(name)).text())
      assert.deepEqual(await Promise.all(texts), ['end', 'begin end'])
    })
})

const hanging = {
  async h1() {
    return { peer: await startHttp1(), url: '/hang' }
  },
  async h2() {
    return { peer: await startHttp2(), url: '/hang' }
  },
}

for (const protocol of ['h1', 'h2'] as const)
  describe(`timeout_ms on ${protocol}`, { timeout: 60_000 }, () => {
    const opened = async (more = {}) => {
      const { peer, url } = await hanging[protocol]()
      const hangs = { http_url: url, metadata: [{ path: '' }], ...more }
      const context = await openContext({
        policy: policyOf({
          it: streamtype(protocol, peer, hangs),
          get: streamtype(protocol, peer, { ...hangs, http_method: 'GET' }),
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
          any: streamtype(protocol, peer, { ...hangs, http_url: '/${path}' }),
        }),
      })
      return {
        peer,
        context,
        async [Symbol.asyncDispose]() {
          await context.close()
          await peer.close()
        },
      }
    }
    const timedOut = { code: 'ERR_SS_TIMEOUT' }

    test('ends a request, unless that has a timeout of its own', async () => {
      await using it = await opened({ timeout_ms: 200 })
      const { context } = it
      await assert.rejects(context.request('get'), timedOut)
      await assert.rejects(context.request('it', { body: 'x' }), timedOut)
      const began = performance.now()
      await assert.rejects(context.request('it', { body: 'x', timeout: 600 }), timedOut)
      assert.ok(performance.now() - began >= 590)
      const patient = context.request('it', { body: 'x', timeout: Number.POSITIVE_INFINITY })
      const end = new AbortController()
      const waits = context.request('get', { timeout: 60_000, signal: end.signal })
      const all = Promise.race([patient, waits].map((reply) => reply.then(() => 'answered')))
      all.catch(() => {})
      assert.equal(await Promise.race([all, delay(800, 'waiting')]), 'waiting')
      end.abort(new Error('enough'))
      await assert.rejects(waits, /enough/)
      context.destroy()
      await assert.rejects(patient, { code: 'ERR_SS_DESTROYED' })
    })

    test('is no limit when it is 0', async () => {
      await using it = await opened({ timeout_ms: 0 })
      const metadata = { path: 'echo' }
      assert.equal((await it.context.request('any', { body: 'x', metadata })).status, 200)
      await using stream = it.context.stream('any', { metadata })
      await stream.send('x')
    })

    test('ends each transaction of send() by itself, from its own beginning on', async () => {
      await using it = await opened({ timeout_ms: 500 })
      const { peer, context } = it
      await using stream = context.stream('any')
      stream.on('message', () => {})
      const ends: string[] = []
      const paths = ['hang', 'echo', 'hang', 'status/200']
      await Promise.allSettled(
        paths.map((path) =>
          stream.send(path, { metadata: { path } }).then(
            () => ends.push(`${path} ok`),
            (error) => ends.push(`${path} ${error.code}`),
          ),
        ),
      )
      assert.deepEqual(ends, [
        'hang ERR_SS_TIMEOUT',
        'echo ok',
        'hang ERR_SS_TIMEOUT',
        'status/200 ok',
      ])
      assert.equal(peer.requests.length, 4)
      // Idle time does not count.
      await delay(700)
      await stream.send('x', { metadata: { path: 'echo' } })
    })

    test('ends a transaction by connect()', async () => {
      await using it = await opened({ timeout_ms: 200 })
      await using stream = it.context.stream('get')
      await assert.rejects(stream.connect(), timedOut)
      await assert.rejects(stream.connect(), timedOut)
    })

    test('ends a transaction by connect(), and the messages behind it go on', async () => {
      await using it = await opened({ timeout_ms: 200 })
      await using stream = it.context.stream('any', { metadata: { path: 'hang' } })
      const connected = stream.connect()
      await nextState(stream, 'CONNECTING')
      const sent = ['1', '2'].map((data) => stream.send(data, { metadata: { path: 'echo' } }))
      await assert.rejects(connected, timedOut)
      await Promise.all(sent)
      assert.deepEqual(
        it.peer.requests.map(({ url, body }) => `${url} ${body}`),
        ['/hang ', '/echo 1', '/echo 2'],
      )
    })

    test('ends the connect() that waits for the transaction of a message', async () => {
      await using it = await opened({ timeout_ms: 200 })
      await using stream = it.context.stream('any')
      const pending = [stream.connect(), stream.send('x', { metadata: { path: 'hang' } })]
      const behind = stream.send('behind', { metadata: { path: 'echo' } })
      for (const promise of pending) await assert.rejects(promise, timedOut)
      await behind
    })

    test('counts over retries', async () => {
      await using context = await openContext({
        policy: {
          retry: [{ slow: { backoff: [60_000], conceal: 5, jitterpc: 1 } }],
          s: [{ it: { ...streamtype(protocol, { port: 1 }), retry: 'slow', timeout_ms: 300 } }],
        },
      })
      await using stream = context.stream('it')
      await assert.rejects(stream.send('x'), timedOut)
      await assert.rejects(context.request('it', { body: 'x' }), timedOut)
    })

    test('is nothing to a stream with handlers that starts no timer, as in C', async () => {
      await using it = await opened({ timeout_ms: 100 })
      const states: unknown[] = []
      await using stream = it.context.stream('get', {
        state(stream, state) {
          states.push(state)
          if (state === 'CREATING') stream.requestTx()
        },
      })
      await nextState(stream, 'CONNECTING').catch(() => {})
      await delay(400)
      assert.ok(!states.includes('TIMEOUT') && stream.state === 'CONNECTING', `${states}`)
    })

    test('does not keep a process from ending, and is gone with its stream', async () => {
      await using it = await opened({ timeout_ms: 2_000_000_000 })
      const stream = it.context.stream('it')
      const sent = stream.send('x')
      while (it.peer.requests.length === 0) await delay(5)
      stream.destroy()
      await assert.rejects(sent, { code: 'ERR_SS_DESTROYED' })
      const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
      assert.equal(timers.length, 0)
    })
  })
