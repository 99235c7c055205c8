// A request that is done twice. Clients that had sent a POST on a connection from their pool, and lost
// it, sent it again: orders were placed twice at a server that was restarting (nahi/httpclient #142),
// and with parts of two answers in one stream (oven-sh/bun #28706, jawah/urllib3.future #280). Others
// sent none again, also where the server had closed the connection long before and nothing could have
// reached it (golang/go #22158, JuliaWeb/HTTP.jl #964). And what servers say on idle connections before
// they close them, such as a 408 of HAProxy or an empty line of aiohttp (openshift/release #378,
// aio-libs/aiohttp #2782), is no answer to what is asked next.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { ServerPeer } from '../peers/peer.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Answers each request that arrives, which is in one piece; `answers` are those of the first ones. */
async function startServer(...answers: ((socket: net.Socket) => void)[]) {
  const requests: string[] = []
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      requests.push(...(String(data).match(/^[A-Z]+(?= \/)/gm) ?? []))
      const answer = answers.shift()
      if (answer) answer(socket)
      else socket.write(ok)
    })
  })
  return Object.assign(await ServerPeer.listen(server), { requests })
}

const open = (peer: { port: number }, methods: string[], withRetry: boolean) =>
  openContext({
    policy: policyOf(
      Object.fromEntries(
        methods.map((method) => {
          const it = streamtype('h1', peer, { http_method: method, http_url: '/x' })
          if (!withRetry) delete it.retry
          return [method, it]
        }),
      ),
    ),
  })

const breaks: [string, (socket: net.Socket) => void][] = [
  ['half a header, then the end', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le')],
  ['100 Continue, then the end', (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n')],
  ['half a header, then a reset', (socket) => socket.write('HTTP', () => socket.resetAndDestroy())],
  ['no response of HTTP/1', (socket) => socket.write('SSH-2.0-OpenSSH_9\r\n\r\n')],
  ['nothing, then the end', (socket) => socket.end()],
  ['nothing, then a reset', (socket) => socket.resetAndDestroy()],
]

const plain = (socket: net.Socket) => void socket.write(ok)

describe('a request that must not be done twice', { timeout: 60_000 }, () => {
  const body = 'an order'
  for (const method of ['POST', 'PATCH'])
    for (const kept of [false, true]) {
      const connection = `${kept ? 'kept' : 'new'} connection`
      for (const [answer, say] of breaks)
        test(`is sent once: ${method}, ${connection}, without retry, ${answer}`, async () => {
          await using peer = await startServer(...(kept ? [plain] : []), say)
          await using context = await open(peer, [method], false)
          if (kept) await (await context.request(method, { body })).text()
          await assert.rejects(context.request(method, { body }), { code: 'ERR_SS_DISCONNECTED' })
          assert.equal(peer.requests.length, kept ? 2 : 1)
          assert.equal(peer.connections, 1)
          await using stream = context.stream(method)
          await stream.send(body)
        })

      for (const [answer, say] of breaks)
        for (const content of [body, undefined])
          test(`nor does retry change that: ${method}${content ? '' : ' without a body'}, ${connection}, ${answer}`, async () => {
            await using peer = await startServer(...(kept ? [plain] : []), say)
            await using context = await open(peer, [method], true)
            const ask = () => context.request(method, content ? { body: content } : {})
            if (kept) await (await ask()).text()
            await assert.rejects(ask(), (error: Error) => {
              assert.match(error.message, new RegExp(`${method} is not repeated, since`))
              return Object(error).code === 'ERR_SS_DISCONNECTED'
            })
            assert.equal(peer.requests.length, kept ? 2 : 1)
          })
    }

  test('is sent where nothing of it has left, as often as retry says', async () => {
    for (const withRetry of [false, true]) {
      await using nobody = await deadPort()
      await using context = await open(nobody, ['POST'], withRetry)
      await using stream = context.stream('POST')
      const states: unknown[] = []
      stream.on('state', (state) => states.push(state))
      await assert.rejects(stream.send(body), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      const attempts = states.filter((state) => state === 'CONNECTING').length
      assert.ok(withRetry ? attempts > 1 : attempts === 1, `${attempts}`)
    }
  })

  for (const [answer, say] of breaks)
    test(`takes no others along, which wait on its stream: ${answer}`, async () => {
      await using peer = await startServer(say)
      await using context = await open(peer, ['POST'], true)
      await using stream = context.stream('POST')
      const [first, ...others] = await Promise.allSettled(
        ['1', '2', '3'].map((data) => stream.send(data)),
      )
      assert.equal(first?.status === 'rejected' && first.reason.code, 'ERR_SS_DISCONNECTED')
      for (const { status } of others) assert.equal(status, 'fulfilled')
      assert.equal(peer.requests.length, 3)
    })

  test('not in part either: the answer had begun', async () => {
    const part = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart'
    for (const withRetry of [false, true]) {
      await using peer = await startServer(plain, (socket) => socket.end(part))
      await using context = await open(peer, ['POST'], withRetry)
      await using stream = context.stream('POST')
      await stream.send('1')
      await assert.rejects(stream.send('2'), { code: 'ERR_SS_DISCONNECTED' })
      await stream.send('3')
      assert.equal(peer.requests.length, 3)
    }
  })
})

describe('a request that may be done twice', { timeout: 60_000 }, () => {
  for (const method of ['GET', 'PUT', 'DELETE'])
    test(`is repeated where an idle connection turns out to be closed, once: ${method}`, async () => {
      const end = (socket: net.Socket) => void socket.end()
      await using peer = await startServer(plain, plain, plain, end)
      await using context = await open(peer, [method], false)
      const ask = async () => (await context.request(method)).text()
      await Promise.all([ask(), ask(), ask()])
      assert.equal(peer.connections, 3)
      // The repetition does not try its luck with another idle one.
      assert.equal(await ask(), 'ok')
      assert.equal(peer.requests.length, 5)
      assert.equal(peer.connections, 4)
    })

  test('is not repeated without retry when its answer had begun', async () => {
    for (const [, say] of breaks.slice(0, 4)) {
      await using peer = await startServer(plain, say)
      await using context = await open(peer, ['GET'], false)
      await (await context.request('GET')).text()
      await assert.rejects(context.request('GET'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      assert.equal(peer.requests.length, 2)
    }
  })

  test('is repeated as often as retry says', async () => {
    for (const [, say] of breaks) {
      await using peer = await startServer(say, say)
      await using context = await open(peer, ['GET'], true)
      assert.equal(await (await context.request('GET')).text(), 'ok')
      assert.equal(peer.requests.length, 3)
    }
  })
})

describe('an idle connection', { timeout: 60_000 }, () => {
  const finish = (socket: net.Socket, words = '') => once(socket.end(words), 'finish')
  const ends: [string, (socket: net.Socket) => Promise<unknown>][] = [
    ['has been closed', (socket) => finish(socket)],
    ['has been reset', (socket) => once(socket.resetAndDestroy(), 'close')],
    ['says 408', (socket) => finish(socket, 'HTTP/1.0 408 Request Time-out\r\n\r\nslow')],
    ['says an empty line', (socket) => finish(socket, '\r\n')],
    [
      'says 408 and stays',
      (socket) => new Promise((written) => socket.write('HTTP/1.1 408 Slow\r\n\r\n', written)),
    ],
  ]
  for (const [what, end] of ends)
    for (const method of ['POST', 'GET'])
      test(`that ${what} is not used for a ${method}`, async () => {
        await using peer = await startServer()
        await using context = await open(peer, [method], false)
        for (let n = 1; n <= 5; n++) {
          const [...before] = peer.sockets
          assert.equal(await (await context.request(method)).text(), 'ok')
          assert.equal(peer.connections, n)
          assert.equal(peer.requests.length, n)
          const socket = [...peer.sockets].find((one) => !before.includes(one))
          assert.ok(socket)
          // The client has no turn of the loop to find out.
          await end(socket)
        }
      })
})
