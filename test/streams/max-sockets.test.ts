import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import { connect, type Server } from 'node:net'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { AllRetriesFailedError, DestroyedError, openContext } from 'lws-secure-streams'
import { WebSocketServer } from 'ws'
import { CertificateAuthority, startRaw, startWebSocket } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState } from '../support/states.js'

/** A server that answers with the URL, and knows how many connections it had at once. */
async function startCounting(server: Server) {
  let open = 0
  const counts = { most: 0, urls: [] as string[] }
  server.on('connection', (connection) => {
    counts.most = Math.max(counts.most, ++open)
    connection.on('close', () => open--)
  })
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    counts.urls.push(String(request.url))
    setImmediate(() => response.end(request.url))
  })
  return Object.assign(await ServerPeer.listen(server), { counts })
}

/** A server without TLS of both h1 and h2, which answers with the protocol. */
async function startBoth(answer = (response: http.ServerResponse) => void response.end('h1')) {
  const h1 = http.createServer((_, response) => answer(response))
  const h2 = http2.createServer((_, response) => response.end('h2'))
  const one = await ServerPeer.listen(h1)
  const two = await ServerPeer.listen(h2 as Server)
  const peer = await startRaw({
    accept(socket) {
      socket.once('data', (data) => {
        const { port } = data.toString().startsWith('PRI') ? two : one
        const onward = connect(port).on('error', () => socket.destroy())
        onward.write(data)
        socket.pipe(onward).pipe(socket)
      })
    },
  })
  const close = async () => {
    await Promise.all([peer, one, two].map((each) => each[Symbol.asyncDispose]()))
  }
  return { peer, h1, h2, [Symbol.asyncDispose]: close }
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
const get = { http_method: 'GET', http_url: 'n/${n}', metadata: [{ n: '' }] }
const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`)

describe('maxSockets', { timeout: 120_000 }, () => {
  for (const secure of [false, true])
    test(`200 requests on three connections of h1, in their order${secure ? ', with TLS' : ''}`, async () => {
      const authority = await CertificateAuthority.create()
      const server = secure ? https.createServer(await authority.issue()) : http.createServer()
      await using peer = await startCounting(server)
      await using context = await openContext({
        policy: policyOf({ it: streamtype('h1', peer, { ...get, tls: secure }) }, authority),
        maxSockets: 3,
      })
      const replies = numbers(200).map(async (n) =>
        (await context.request('it', { metadata: { n } })).text(),
      )
      assert.deepEqual(
        await Promise.all(replies),
        numbers(200).map((n) => `/n/${n}`),
      )
      assert.equal(peer.counts.most, 3)
      // The first three wait for handshakes of their own, the others for a connection that is free.
      const waited = peer.counts.urls.map((url) => Number(url.slice(3)) - 3).filter((n) => n >= 0)
      for (const [place, n] of waited.entries()) assert.ok(Math.abs(place - n) < 6, `${waited}`)
    })

  test('an h2 server that takes few streams gets no more connections', async () => {
    const server = http2.createServer({ settings: { maxConcurrentStreams: 5 } }) as Server
    await using peer = await startCounting(server)
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, get) }),
      maxSockets: 2,
    })
    const replies = numbers(250).map(async (n) =>
      (await context.request('it', { metadata: { n } })).text(),
    )
    assert.deepEqual(
      await Promise.all(replies),
      numbers(250).map((n) => `/n/${n}`),
    )
    assert.equal(peer.counts.most, 2)
  })

  test('a server that ends each connection is connected to again for those who wait', async () => {
    const server = http.createServer({ keepAlive: false }, (_, response) =>
      response.setHeader('connection', 'close'),
    )
    await using peer = await startCounting(server)
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h1', peer, get) }),
      maxSockets: 2,
    })
    const replies = numbers(40).map(async (n) =>
      (await context.request('it', { metadata: { n } })).text(),
    )
    assert.deepEqual(
      await Promise.all(replies),
      numbers(40).map((n) => `/n/${n}`),
    )
    assert.ok(peer.counts.most <= 3, `${peer.counts.most}`)
  })

  test('who waits for an endpoint that refuses hears it, one after the other', async () => {
    await using nobody = await deadPort()
    const { retry: _, ...definition } = streamtype('h1', nobody, get)
    await using context = await openContext({
      policy: policyOf({ it: definition }),
      maxSockets: 2,
    })
    const requests = numbers(20).map((n) => context.request('it', { metadata: { n } }))
    for (const result of await Promise.allSettled(requests)) {
      assert.equal(result.status, 'rejected')
      assert.ok(result.reason instanceof AllRetriesFailedError)
    }
  })

  test('who gives up leaves the queue, and others get their turn', async () => {
    let release = () => {}
    const server = http.createServer((request, response) => {
      if (request.url === '/n/0') release = () => response.end('first')
      else response.end(request.url)
    })
    await using peer = await ServerPeer.listen(server)
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h1', peer, get) }),
      maxSockets: 1,
    })
    const arrived = once(server, 'request')
    const first = context.request('it', { metadata: { n: '0' } })
    await arrived
    const reason = new Error('enough')
    const giveUp = new AbortController()
    const second = context.request('it', { metadata: { n: '1' }, signal: giveUp.signal })
    const third = context.stream('it', { metadata: { n: '2' } })
    const fourth = context.stream('it', { metadata: { n: '3' } })
    const fifth = context.request('it', { metadata: { n: '4' } })
    for (const stream of [third, fourth]) {
      stream.requestTx()
      await nextState(stream, 'CONNECTING')
    }
    giveUp.abort(reason)
    await assert.rejects(second, (error) => error === reason)
    third.destroy()
    fourth.disconnect()
    release()
    assert.equal(await (await first).text(), 'first')
    assert.equal(await (await fifth).text(), '/n/4')
    fourth.destroy()
  })

  test('the end of a context ends those who wait', async () => {
    const server = http.createServer(() => {})
    await using peer = await ServerPeer.listen(server)
    const context = await openContext({
      policy: policyOf({ it: streamtype('h1', peer, get) }),
      maxSockets: 1,
    })
    const arrived = once(server, 'request')
    const requests = numbers(5).map((n) => context.request('it', { metadata: { n } }))
    await arrived
    context.destroy()
    for (const result of await Promise.allSettled(requests)) {
      assert.equal(result.status, 'rejected')
      assert.ok(result.reason instanceof DestroyedError)
    }
  })

  test('an idle connection of another kind makes place', async () => {
    const server = http.createServer()
    await using peer = await startCounting(server)
    await using context = await openContext({
      policy: policyOf({
        plain: streamtype('h1', peer, get),
        urgent: streamtype('h1', peer, { ...get, attr_low_latency: true }),
      }),
      maxSockets: 1,
    })
    for (const [name, n] of [
      ['plain', '1'],
      ['urgent', '2'],
      ['plain', '3'],
    ] as const)
      assert.equal(await (await context.request(name, { metadata: { n } })).text(), `/n/${n}`)
  })

  test('an idle connection of h2 makes place for h1, and one of h1 for h2', async () => {
    await using server = await startBoth()
    await using context = await openContext({
      policy: policyOf({
        h1: streamtype('h1', server.peer, { http_method: 'GET' }),
        h2: streamtype('h2', server.peer, { http_method: 'GET' }),
      }),
      maxSockets: 1,
    })
    const names = ['h2', 'h1', 'h2', 'h1', 'h1', 'h2']
    for (let round = 0; round < 10; round++) {
      const replies = names.map(async (name) => (await context.request(name)).text())
      assert.deepEqual(await Promise.all(replies), names)
    }
  })

  test('who waits hears of it when an h2 server takes more streams', {
    timeout: 20_000,
  }, async () => {
    const held: http2.ServerHttp2Stream[] = []
    const server = http2.createServer({ settings: { maxConcurrentStreams: 1 } })
    await using peer = await ServerPeer.listen(server as Server)
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, get) }),
      maxSockets: 1,
    })
    const nextStream = async () => {
      const [stream] = (await once(server, 'stream')) as [http2.ServerHttp2Stream]
      stream.respond()
      held.push(stream)
      return stream
    }
    const first = nextStream()
    const replies = [context.request('it', { metadata: { n: '1' } })]
    const { session } = await first
    await replies[0]
    const second = nextStream()
    replies.push(context.request('it', { metadata: { n: '2' } }))
    const ping = promisify((session as http2.Http2Session).ping.bind(session))
    await ping()
    session?.settings({ maxConcurrentStreams: 2 })
    await second
    for (const stream of held) stream.end('answer')
    for (const reply of replies) assert.equal(await (await reply).text(), 'answer')
  })

  test('an idle connection of h2 makes place, whatever the server says on it', async () => {
    await using server = await startBoth()
    server.h2.on('session', (session) => {
      const ping = () => session.closed || session.destroyed || session.ping(ping)
      ping()
    })
    await using context = await openContext({
      policy: policyOf({
        h1: streamtype('h1', server.peer, { http_method: 'GET' }),
        h2: streamtype('h2', server.peer, { http_method: 'GET' }),
      }),
      maxSockets: 1,
    })
    for (let round = 0; round < 50; round++)
      for (const name of ['h2', 'h1'])
        assert.equal(await (await context.request(name)).text(), name)
  })

  test('a WebSocket that is redirected to a busy endpoint does not wait, and is not counted', async () => {
    const waiting: http.ServerResponse[] = []
    const server = http.createServer((_, response) => waiting.push(response))
    await using busy = await ServerPeer.listen(server)
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => socket.send('hello'))
    const hop = http.createServer().on('upgrade', (_, socket) => {
      const location = `http://localhost:${busy.port}/`
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`)
    })
    await using peer = await ServerPeer.listen(hop)
    for (const more of [{}, { maxSockets: 1 }]) {
      await using context = await openContext({
        policy: policyOf({
          it: streamtype('h1', busy, { http_method: 'GET' }),
          ws: streamtype('ws', peer, { allow_redirects: true }),
        }),
        ...more,
      })
      for (let round = 0; round < 2; round++) {
        const arrived = once(server, 'request')
        const late = context.request('it')
        await arrived
        const stream = context.stream('ws')
        assert.equal(`${await nextMessage(stream)}`, 'hello')
        waiting.pop()?.end('late')
        assert.equal(await (await late).text(), 'late')
      }
    }
    for (const socket of sockets.clients) socket.terminate()
  })

  test('h2 without TLS does not wait for an answer of h1', { timeout: 20_000 }, async () => {
    let answer = () => {}
    await using server = await startBoth((response) => {
      answer = () => response.end('h1')
    })
    await using context = await openContext({
      policy: policyOf({
        h1: streamtype('h1', server.peer, { http_method: 'GET' }),
        h2: streamtype('h2', server.peer, { http_method: 'GET' }),
      }),
    })
    const arrived = once(server.h1, 'request')
    const late = context.request('h1')
    await arrived
    assert.equal(await (await context.request('h2')).text(), 'h2')
    answer()
    assert.equal(await (await late).text(), 'h1')
    assert.equal(await (await context.request('h2')).text(), 'h2')
  })

  test('each endpoint has its own, and WebSockets and raw streams have none', async () => {
    let answer = () => {}
    const server = http.createServer((_, response) => {
      answer = () => response.end('late')
    })
    await using busy = await ServerPeer.listen(server)
    await using other = await startCounting(http.createServer())
    await using ws = await startWebSocket()
    await using raw = await startRaw()
    await using context = await openContext({
      policy: policyOf({
        busy: streamtype('h1', busy, get),
        other: streamtype('h1', other, get),
        ws: streamtype('ws', ws),
        raw: streamtype('raw', raw),
      }),
      maxSockets: 1,
    })
    const arrived = once(server, 'request')
    const late = context.request('busy', { metadata: { n: '0' } })
    await arrived
    assert.equal(await (await context.request('other', { metadata: { n: '1' } })).text(), '/n/1')
    const streams = (['ws', 'ws', 'ws', 'raw', 'raw', 'raw'] as const).map((name) =>
      context.stream(name),
    )
    await Promise.all(streams.map((stream) => stream.send('hello')))
    for (const stream of streams) assert.equal(`${await nextMessage(stream)}`, 'hello')
    answer()
    assert.equal(await (await late).text(), 'late')
    for (const stream of streams) stream.destroy()
  })
})
