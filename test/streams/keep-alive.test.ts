import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Peer,
  startHttp1,
  startHttp2,
  startRaw,
} from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const withBody = new Set<string>(['POST', 'PUT', 'PATCH'])

const contextFor = (peer: Pick<Peer, 'port'>, tls = false, authority?: CertificateAuthority) =>
  openContext({
    policy: policyOf(
      Object.fromEntries(
        methods.map((method) => [
          method,
          streamtype('h1', peer, { http_method: method, tls, http_url: '/echo' }),
        ]),
      ),
      authority,
    ),
  })

const perform = async (context: Context, method: string, body: string) => {
  const reply = await context.request(method, withBody.has(method) ? { body } : {})
  return reply.text()
}

describe('connections of h1', { timeout: 60_000 }, () => {
  for (const tls of [false, true])
    test(`are used again, by all methods${tls ? ', with TLS' : ''}`, async () => {
      const authority = await CertificateAuthority.create()
      await using peer = await startHttp1(tls ? { tls: await authority.issue() } : {})
      const context = await contextFor(peer, tls, authority)
      for (let n = 0; n < 100; n++) {
        const method = methods[n % methods.length] as string
        assert.equal(await perform(context, method, `${n}`), withBody.has(method) ? `${n}` : '')
      }
      assert.equal(peer.connections, 1)
      await context.close()
    })

  test('are as many as there are transactions at once', async () => {
    await using peer = await startHttp1()
    const context = await contextFor(peer)
    for (let round = 0; round < 5; round++) {
      const bodies = Array.from({ length: 20 }, (_, n) => `${round} ${n}`)
      const replies = await Promise.all(bodies.map((body) => perform(context, 'POST', body)))
      assert.deepEqual(replies, bodies)
    }
    assert.ok(peer.connections <= 25, `${peer.connections}`)
    await context.close()
  })

  test('that the server has closed, or closes just then, are no failure', async () => {
    const server = http.createServer((request, response) => {
      response.end('ok')
      request.resume()
      // It goes away after each answer, without having said so.
      response.on('finish', () => request.socket.end())
    })
    await using peer = await ServerPeer.listen(server)
    const { retry: _, ...definition } = streamtype('h1', peer, { http_method: 'GET' })
    const context = await openContext({ policy: policyOf({ it: definition }) })
    for (let n = 0; n < 50; n++) assert.equal(await (await context.request('it')).text(), 'ok')
    await context.close()
  })

  test("are left before the server's own limit, and not kept where it keeps none", async () => {
    for (const header of ['timeout=1', undefined]) {
      const server = http.createServer((_request, response) => {
        if (header) response.setHeader('keep-alive', header)
        else response.setHeader('connection', 'close')
        response.end('ok')
      })
      await using peer = await ServerPeer.listen(server)
      const context = await openContext({
        policy: policyOf({ it: streamtype('h1', peer, { http_method: 'GET' }) }),
      })
      for (let n = 0; n < 3; n++) await (await context.request('it')).text()
      assert.equal(peer.connections, 3)
      await context.close()
    }
  })

  test('are not used when the server says more than it was asked', async () => {
    let answers = 0
    const server = http.createServer()
    server.on('connection', (socket: net.Socket) => {
      socket.on('error', () => {})
      socket.removeAllListeners('data')
      socket.on('data', () => {
        const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'
        socket.write(`${answer}${++answers === 1 ? `ok${answer}no` : 'ok'}`)
      })
    })
    await using peer = await ServerPeer.listen(server)
    const context = await openContext({
      policy: policyOf({ it: streamtype('h1', peer, { http_method: 'GET' }) }),
    })
    for (let n = 0; n < 3; n++) assert.equal(await (await context.request('it')).text(), 'ok')
    await context.close()
  })

  test('are not shared by streamtypes that trust differently', async () => {
    const authority = await CertificateAuthority.create()
    const other = await CertificateAuthority.create('Other CA')
    await using peer = await startHttp1({ tls: await authority.issue() })
    const context = await openContext({
      policy: {
        certs: [{ one: authority.policyCert }, { other: other.policyCert }],
        trust_stores: [
          { name: 'right', stack: ['one'] },
          { name: 'wrong', stack: ['other'] },
        ],
        retry: [{ quick: { backoff: [20], conceal: 0, jitterpc: 1 } }],
        s: [
          { good: streamtype('h1', peer, { tls: true, tls_trust_store: 'right' }) },
          { bad: streamtype('h1', peer, { tls: true, tls_trust_store: 'wrong' }) },
        ],
      },
    })
    const reply = await context.request('good', { body: 'x' })
    assert.equal(await reply.text(), 'x')
    await assert.rejects(context.request('bad', { body: 'x' }), {
      code: 'ERR_SS_ALL_RETRIES_FAILED',
    })
    await context.close()
  })

  test('that idle keep no process and no context open', async () => {
    await using peer = await startHttp1()
    const context = await contextFor(peer)
    await perform(context, 'GET', '')
    const [socket] = [...peer.sockets]
    await context.close()
    if (socket && !socket.closed) await once(socket, 'close')
    assert.equal(peer.sockets.size, 0)
  })

  test('that idle do not keep close() waiting, wherever it is called', async () => {
    await using peer = await startHttp1()
    const context = await contextFor(peer)
    // What follows the answer runs in the middle of the loop's turn.
    const reply = await context.request('GET')
    await reply.bytes()
    let closed = false
    const closing = context.close().then(() => {
      closed = true
    })
    let turns = 0
    while (!closed && turns < 100) {
      await new Promise(setImmediate)
      turns++
    }
    assert.ok(closed, `not closed after ${turns} turns of the loop`)
    await closing
  })
})

test('a context may end just when one transaction has handed its connection to the next', async () => {
  await using peer = await startHttp1()
  await using other = await startRaw()
  const context = await openContext({
    policy: policyOf({ it: streamtype('h1', peer), other: streamtype('raw', other) }),
  })
  await (await context.request('it', { body: 'x' })).bytes()
  const next = context.stream('it', {
    state: (_, state) => {
      if (state === 'CONNECTING') context.destroy()
    },
  })
  // The next transaction begins when this is over, and not in the turn that is to end all.
  context.stream('other', {
    state: (stream, state) => {
      if (state === 'CREATING') stream.requestTx()
    },
    tx: () => ({ data: 'x', som: true, eom: true }),
    rx: () => next.requestTx(),
  })
  await nextState(next, 'DESTROYING')
  await context.close()
  assert.equal(peer.connections, 1)
})

test('all methods share a connection of h2', { timeout: 60_000 }, async () => {
  await using peer = await startHttp2()
  const context = await openContext({
    policy: policyOf(
      Object.fromEntries(
        methods.map((method) => [method, streamtype('h2', peer, { http_method: method })]),
      ),
    ),
  })
  for (const method of methods) await perform(context, method, 'x')
  assert.equal(peer.sessions, 1)
  await context.close()
})
