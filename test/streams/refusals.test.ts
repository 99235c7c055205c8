import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { openContext, type PolicyInput } from 'lws-secure-streams'
import { type RequestHandler, startHandling } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

type Streamtype = NonNullable<PolicyInput['s']>[number][string]

const REDIRECTS = [301, 302, 303, 307, 308]
const BUSY = [429, 503]
// quickRetry has two attempts besides the first.
const ATTEMPTS = 3

for (const protocol of ['h1', 'h2'] as const)
  describe(`answers on ${protocol} that are refusals`, { timeout: 60_000 }, () => {
    async function withPeer<T>(
      handler: RequestHandler,
      more: Streamtype,
      use: (
        context: Awaited<ReturnType<typeof openContext>>,
        requests: string[],
        port: number,
      ) => Promise<T>,
    ): Promise<T> {
      await using peer = await startHandling(protocol, handler)
      const it = streamtype(protocol, peer, { http_url: '/it', ...more })
      await using context = await openContext({ policy: policyOf({ it }) })
      return await use(context, peer.requests, peer.port)
    }

    const redirecting =
      (status: number): RequestHandler =>
      (request, response) => {
        request.resume()
        request.on('end', () =>
          response
            .writeHead(status, { location: '/elsewhere?a=b', 'x-of-mine': 'it' })
            .end('moved there'),
        )
      }

    for (const status of REDIRECTS)
      test(`${status} that is not followed is one, and asked for once`, async () => {
        await withPeer(redirecting(status), {}, async (context, requests, port) => {
          for (let n = 1; n <= 3; n++) {
            const reply = await context.request('it', { body: 'x' })
            assert.deepEqual(
              [reply.acked, reply.state, reply.status, reply.redirected, reply.url],
              [false, 'QOS_NACK_REMOTE', status, false, `http://localhost:${port}/it`],
            )
            assert.ok(reply.headers instanceof Headers)
            assert.equal(reply.headers.get('location'), '/elsewhere?a=b')
            assert.equal(reply.headers.get('X-Of-Mine'), 'it')
            assert.equal(await reply.text(), 'moved there')
            assert.deepEqual(requests, Array(n).fill('POST /it'))
          }
        })
      })

    test('a stream hears of a redirect that is not followed as of any refusal', async () => {
      await withPeer(redirecting(302), {}, async (context, requests) => {
        await using stream = context.stream('it')
        const states = traceStates(stream)
        for (let n = 1; n <= 3; n++) {
          await assert.rejects(stream.send('x'), { code: 'ERR_SS_NACK', state: 'QOS_NACK_REMOTE' })
          if (stream.state !== 'DISCONNECTED') await nextState(stream, 'DISCONNECTED')
          assert.equal(requests.length, n)
        }
        const round = ['POLL', 'CONNECTING', 'CONNECTED', 'QOS_NACK_REMOTE', 'DISCONNECTED']
        assert.deepEqual(states, ['CREATING', ...round, ...round, ...round])
      })
    })

    test('a redirect without a Location is one, whether or not it may be followed', async () => {
      for (const allow_redirects of [false, true])
        for (const status of REDIRECTS)
          await withPeer(
            (_, response) => response.writeHead(status).end('where?'),
            { http_method: 'GET', allow_redirects },
            async (context, requests) => {
              const reply = await context.request('it')
              assert.deepEqual([reply.acked, reply.status], [false, status])
              assert.equal(await reply.text(), 'where?')
              assert.equal(requests.length, 1)
            },
          )
    })

    test('300, 304, 305 and 306 lead nowhere', async () => {
      for (const status of [300, 304, 305, 306])
        await withPeer(
          (_, response) => response.writeHead(status, { location: '/elsewhere' }).end(),
          { http_method: 'GET', allow_redirects: true },
          async (context, requests) => {
            const reply = await context.request('it')
            assert.deepEqual([reply.acked, reply.status], [false, status])
            assert.equal(await reply.text(), '')
            assert.deepEqual(requests, ['GET /it'])
          },
        )
    })

    test('http_expect and http_resp_map give a redirect a meaning, followed or not', async () => {
      for (const allow_redirects of [false, true]) {
        const expect = { allow_redirects, http_expect: 302 }
        await withPeer(redirecting(302), expect, async (context, requests) => {
          const reply = await context.request('it', { body: 'x' })
          assert.deepEqual([reply.acked, reply.state, reply.status], [true, 'QOS_ACK_REMOTE', 302])
          assert.equal(await reply.text(), 'moved there')
          await context.stream('it').send('x')
          assert.deepEqual(requests, ['POST /it', 'POST /it'])
        })
        const map = { allow_redirects, http_resp_map: [{ 302: 1302 }] }
        await withPeer(redirecting(302), map, async (context, requests) => {
          const reply = await context.request('it', { body: 'x' })
          assert.deepEqual([reply.acked, reply.state, reply.status], [false, 1302, 302])
          assert.equal(await reply.text(), 'moved there')
          assert.deepEqual(requests, ['POST /it'])
        })
      }
    })

    test('http_fail_redirect makes a failed attempt of a redirect', async () => {
      for (const location of [{ location: '/x' }, {}])
        await withPeer(
          (_, response) => response.writeHead(302, location).end(),
          { http_method: 'GET', http_fail_redirect: true },
          async (context, requests) => {
            await assert.rejects(context.request('it'), {
              code: 'ERR_SS_ALL_RETRIES_FAILED',
              message: /http_fail_redirect/,
            })
            assert.equal(requests.length, ATTEMPTS)
          },
        )
    })

    for (const status of BUSY)
      test(`${status} is tried again, and the last one is an answer to request()`, async () => {
        const busy: RequestHandler = (request, response) => {
          request.resume()
          request.on('end', () =>
            response.writeHead(status, { 'x-reason': 'busy' }).end('come back later'),
          )
        }
        const metadata = [{ reason: 'x-reason:' }]
        await withPeer(busy, { metadata }, async (context, requests) => {
          const reply = await context.request('it', { body: 'x' })
          assert.deepEqual(
            [reply.acked, reply.state, reply.status],
            [false, 'ALL_RETRIES_FAILED', status],
          )
          assert.equal(reply.headers.get('x-reason'), 'busy')
          assert.equal(reply.metadata.reason, 'busy')
          assert.equal(await reply.text(), 'come back later')
          assert.equal(requests.length, ATTEMPTS)
          // To send() it is what it is to libwebsockets.
          await using stream = context.stream('it')
          const states = traceStates(stream)
          const error = await stream.send('x').catch((error) => error)
          assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
          assert.match(error.message, new RegExp(`: status ${status}`))
          assert.deepEqual(
            states.filter((state) => state !== 'POLL'),
            [
              'CREATING',
              ...Array(ATTEMPTS).fill(['CONNECTING', 'UNREACHABLE']).flat(),
              'ALL_RETRIES_FAILED',
            ],
          )
          assert.equal(requests.length, 2 * ATTEMPTS)
        })
      })

    test('without a retry the first 503 is the last; one with more to come is none', async () => {
      const statuses = [503, 503, 429, 200, 503]
      const busy: RequestHandler = (_, response) =>
        response.writeHead(statuses.shift() ?? 500).end('it')
      await withPeer(busy, { http_method: 'GET' }, async (context, requests) => {
        const first = await context.request('it')
        assert.deepEqual([first.status, await first.text()], [429, 'it'])
        assert.equal(requests.length, 3)
        const second = await context.request('it')
        assert.deepEqual([second.acked, second.status], [true, 200])
      })
      statuses.splice(0, statuses.length, 503, 200)
      await using peer = await startHandling(protocol, busy)
      const { retry: _, ...it } = streamtype(protocol, peer, { http_method: 'GET' })
      await using context = await openContext({ policy: policyOf({ it }) })
      assert.equal((await context.request('it')).status, 503)
      assert.equal(peer.requests.length, 1)
    })

    test('its body may be none, long, late, or cut off', async () => {
      const long = Buffer.alloc(3_000_000, 'long')
      const bodies: Record<string, RequestHandler> = {
        none: (_, response) => response.writeHead(503, { 'content-length': 0 }).end(),
        long: (_, response) => response.writeHead(503).end(long),
        late: (_, response) => {
          response.writeHead(503)
          response.write('now ')
          setImmediate(() => response.end('and then'))
        },
        cut: (request, response) => {
          response.writeHead(503, { 'content-length': 100 })
          response.write('only this', () => setImmediate(() => request.socket.destroy()))
        },
      }
      const read = (name: string) =>
        withPeer(bodies[name] as RequestHandler, { http_method: 'GET' }, async (context) => {
          const reply = await context.request('it')
          assert.deepEqual([reply.acked, reply.status], [false, 503])
          return await reply.bytes()
        })
      assert.equal((await read('none')).length, 0)
      assert.ok((await read('long')).equals(long))
      assert.equal((await read('late')).toString(), 'now and then')
      await assert.rejects(read('cut'), { code: 'ERR_SS_DISCONNECTED' })
    })

    test('a 503 that nobody reads, and one that is given up, keep nothing open', async () => {
      const half: RequestHandler = (_, response) => {
        response.writeHead(503)
        response.write('half')
      }
      await withPeer(half, { http_method: 'GET' }, async (context) => {
        for await (const piece of (await context.request('it')).body) {
          assert.equal(piece.toString(), 'half')
          break
        }
        const abort = new AbortController()
        const reply = await context.request('it', { signal: abort.signal })
        const reason = new Error('enough')
        const text = reply.text()
        abort.abort(reason)
        await assert.rejects(text, (error) => error === reason)
      })
      const whole: RequestHandler = (_, response) => response.writeHead(503).end('whole')
      await withPeer(whole, { http_method: 'GET' }, async (context) => {
        await context.request('it')
        await context.close()
      })
    })

    test('a 503 that comes amid the upload is one', async () => {
      const early: RequestHandler = (request, response) => {
        request.once('data', () => {
          response.writeHead(503).end('no room')
          request.resume()
        })
      }
      await withPeer(early, {}, async (context) => {
        const reply = await context.request('it', { body: Buffer.alloc(2_000_000) })
        assert.deepEqual([reply.status, await reply.text()], [503, 'no room'])
      })
    })
  })

for (const protocol of ['h1', 'h2'] as const)
  describe(`headers of a reply on ${protocol}`, { timeout: 60_000 }, () => {
    test('are all that the answer has', async () => {
      const many = Object.fromEntries(
        Array.from({ length: 150 }, (_, n) => [`x-number-${n}`, `${n}`]),
      )
      await using peer = await startHandling(protocol, (_, response) => {
        response.setHeader('content-type', 'text/plain')
        response.setHeader('set-cookie', [
          'a=1; Path=/',
          'b=2; Expires=Sun, 06 Nov 1994 08:49:37 GMT',
        ])
        response.setHeader('x-list', ['one', 'two'])
        response.setHeader('x-empty', '')
        response.setHeader('etag', '')
        for (const [name, value] of Object.entries(many)) response.setHeader(name, value)
        response.end('it')
      })
      const it = streamtype(protocol, peer, { http_method: 'GET' })
      await using context = await openContext({ policy: policyOf({ it }) })
      const { headers } = await context.request('it')
      assert.equal(headers.get('Content-Type'), 'text/plain')
      assert.deepEqual(headers.getSetCookie(), [
        'a=1; Path=/',
        'b=2; Expires=Sun, 06 Nov 1994 08:49:37 GMT',
      ])
      assert.equal(headers.get('x-list'), 'one, two')
      assert.equal(headers.get('x-empty'), '')
      assert.equal(headers.get('etag'), '')
      for (const [name, value] of Object.entries(many)) assert.equal(headers.get(name), value)
      assert.ok([...headers.keys()].every((name) => !name.startsWith(':')))
    })

    test('are those of the last of several answers', async () => {
      const seen: string[] = []
      await using peer = await startHandling(protocol, (request, response) => {
        seen.push(request.url ?? '')
        if (request.url === '/a') response.writeHead(302, { location: '/b', 'x-a': 'a' }).end('a')
        else response.writeHead(200, { 'x-b': 'b' }).end('b')
      })
      const it = { http_method: 'GET', http_url: '/a', allow_redirects: true }
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer, it) }),
      })
      for (let n = 0; n < 3; n++) {
        const reply = await context.request('it')
        assert.deepEqual(
          [reply.url, reply.redirected, reply.headers.get('x-a'), reply.headers.get('x-b')],
          [`http://localhost:${peer.port}/b`, true, null, 'b'],
        )
        assert.equal(await reply.text(), 'b')
      }
    })
  })

test('of a WebSocket a redirect that is not followed is a failed attempt', async () => {
  await using peer = await startHandling('h1', () => {})
  const server = http.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  let location: string | undefined
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => {})
    socket.end(`HTTP/1.1 302 Found\r\n${location ? `Location: ${location}\r\n` : ''}\r\n`)
  })
  const { port } = server.address() as AddressInfo
  await using context = await openContext({
    policy: policyOf({
      staying: streamtype('ws', { port }),
      following: streamtype('ws', { port }, { allow_redirects: true }),
    }),
  })
  const code = 'ERR_SS_ALL_RETRIES_FAILED'
  location = `http://127.0.0.1:${peer.port}/`
  await assert.rejects(context.stream('staying').connect(), { code, message: /allow_redirects/ })
  location = undefined
  await assert.rejects(context.stream('following').connect(), { code, message: /without Location/ })
  server.close()
})
