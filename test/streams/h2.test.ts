import assert from 'node:assert/strict'
import http2 from 'node:http2'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import {
  answerStream as answer,
  CertificateAuthority,
  startHttp2,
  startSessions,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

describe('h2', { timeout: 60_000 }, () => {
  test('works with the default settings of node:http2, with TLS and cleartext', async () => {
    const authority = await CertificateAuthority.create()
    for (const tls of [false, true]) {
      await using peer = await startHttp2(tls ? { tls: await authority.issue() } : {})
      const context = await openContext({
        policy: policyOf({ it: streamtype('h2', peer, { tls }) }, authority),
      })
      const reply = await context.request('it', { body: 'hello' })
      assert.equal(await reply.text(), 'hello')
      assert.equal(
        peer.requests[0]?.headers[http2.constants.HTTP2_HEADER_AUTHORITY],
        `localhost:${peer.port}`,
      )
      await context.close()
    }
  })

  for (const tls of [false, true])
    test(`streams count from 1, ${tls ? 'with TLS' : 'without'}`, async () => {
      const authority = await CertificateAuthority.create()
      const identity = tls ? await authority.issue() : undefined
      const ids: (number | undefined)[] = []
      await using peer = await startSessions(
        (stream) => {
          ids.push(stream.id)
          answer(stream)
        },
        {},
        identity,
      )
      await using context = await openContext({
        policy: policyOf({ it: streamtype('h2', peer, { tls }) }, authority),
      })
      // The first of them makes the connection, and is gone before there is one.
      const given = context.stream('it')
      const connecting = nextState(given, 'CONNECTING')
      given.requestTx()
      await connecting
      const reply = context.request('it', { body: 'x' })
      given.destroy()
      await (await reply).text()
      for (let n = 0; n < 2; n++) await (await context.request('it', { body: 'x' })).text()
      assert.deepEqual(ids, [1, 3, 5])
    })

  test('an answer that nobody waits for any more does the other streams no harm', async () => {
    let answered = 0
    await using peer = await startSessions((stream) => {
      // What a header is called and says is told once, here in the answer that nobody waits for, and
      // referred to from then on.
      const type = answered++ === 0 ? 'text/x-first' : 'text/x-told-once'
      stream.respond({ ':status': 200, 'content-type': type })
      stream.end('answer')
    })
    const metadata = [{ type: 'content-type:' }]
    const context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, { metadata }) }),
    })
    const given = context.stream('it')
    await given.connect()
    given.destroy()
    const abandoned = context.stream('it', {
      state: (stream, state) => {
        if (state === 'CREATING') stream.requestTx(4)
      },
      tx: (stream) => {
        stream.destroy()
        return { data: 'text', som: true, eom: true }
      },
    })
    await nextState(abandoned, 'DESTROYING')
    for (let n = 0; n < 3; n++) {
      const reply = await context.request('it', { body: 'hello' })
      assert.equal(reply.metadata.type, 'text/x-told-once')
      assert.equal(await reply.text(), 'answer')
    }
    assert.equal(peer.sessions.length, 1)
    assert.equal(answered, 5)
    await context.close()
  })

  test("a server may open the connection's window as far as it goes", async () => {
    await using peer = await startSessions(answer, { initialWindowSize: 65_536 })
    peer.onSession = (session) => session.setLocalWindowSize(2 ** 31 - 1)
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    assert.equal(await (await context.request('it', { body: 'x' })).text(), 'answer')
    await context.close()
  })

  test('streams that share a connection are CONNECTED when they are answered', async () => {
    const held: http2.ServerHttp2Stream[] = []
    let onHeld: (stream: http2.ServerHttp2Stream) => void = () => {}
    const allHeld = new Promise<void>((resolve) => {
      onHeld = (stream) => {
        if (held.push(stream) === 3) resolve()
      }
    })
    await using peer = await startSessions((stream) => onHeld(stream))
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    const streams = [0, 1, 2].map(() => context.stream('it'))
    const traces = streams.map(traceStates)
    const sent = streams.map((stream) => stream.send('x'))
    await allHeld
    for (const trace of traces) assert.ok(!trace.includes('CONNECTED'))
    held.forEach(answer)
    await Promise.all(sent)
    for (const trace of traces) assert.ok(trace.includes('CONNECTED'))
    assert.equal(peer.sessions.length, 1)
    await context.close()
  })

  test('a stream that the server resets ends at once, before and after the answer began', async () => {
    await using peer = await startSessions((stream) => {
      if (peer.sessions.length > 0 && stream.id === 1)
        stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
      else {
        stream.respond({ ':status': 200 })
        stream.write('some', () => stream.close(http2.constants.NGHTTP2_CANCEL))
      }
    })
    const { retry: _, ...definition } = streamtype('h2', peer)
    const context = await openContext({ policy: policyOf({ it: definition }) })
    const error = await context
      .stream('it')
      .send('x')
      .catch((error) => error)
    assert.equal(error.code, 'ERR_SS_DISCONNECTED')
    assert.match(error.message, /reset the stream of HTTP\/2 with INTERNAL_ERROR/)
    await assert.rejects(context.stream('it').send('x'), { code: 'ERR_SS_DISCONNECTED' })
    assert.equal(peer.sessions.length, 1, 'the connection stays')
    await context.close()
  })

  test('a connection that the server retires is finished and not used again', async () => {
    let first: http2.ServerHttp2Stream | undefined
    let onRetired = () => {}
    const retired = new Promise<void>((resolve) => {
      onRetired = resolve
    })
    await using peer = await startSessions((stream) => {
      if (first) {
        answer(stream)
      } else {
        first = stream
        stream.session?.goaway(http2.constants.NGHTTP2_NO_ERROR)
        onRetired()
      }
    })
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    const firstReply = context.request('it', { body: 'x' })
    await retired
    while (peer.sessions.length < 2) {
      // One that leaves before the GOAWAY arrives is refused, and made again.
      const reply = await context.request('it', { body: 'y' })
      assert.equal(await reply.text(), 'answer')
    }
    answer(first as http2.ServerHttp2Stream)
    assert.equal(await (await firstReply).text(), 'answer')
    await context.close()
  })

  test('a stream that is over is not reset, which servers count', async () => {
    // As many resets as node:http2 puts up with on a connection, and some.
    const requests = 1200
    await using peer = await startSessions(answer)
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    for (let done = 0; done < requests; done += 20)
      await Promise.all(
        Array.from({ length: 20 }, async () =>
          (await context.request('it', { body: 'hello' })).text(),
        ),
      )
    assert.equal(peer.sessions.length, 1)
    await context.close()
  })

  test('an answer that takes its time is waited for', async () => {
    // Longer than libwebsockets keeps a connection without streams.
    const longer = 6000
    await using peer = await startSessions((stream) => {
      setTimeout(() => answer(stream), longer)
    })
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    const reply = await context.request('it', { body: 'x' })
    assert.equal(await reply.text(), 'answer')
    assert.equal(peer.sessions.length, 1)
    await context.close()
  })

  test('a server is told how long headers may be', async () => {
    await using peer = await startSessions(answer)
    let told: http2.Settings = {}
    peer.onSession = (session) => session.once('remoteSettings', (settings) => (told = settings))
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    assert.equal(await (await context.request('it', { body: 'x' })).text(), 'answer')
    assert.equal(told.maxHeaderListSize, 32 * 1024)
    await context.close()
  })

  test('a transaction that is given up is over for the server as well', async () => {
    const most = 5
    const closed: number[] = []
    await using peer = await startSessions(
      (stream) => {
        stream.on('close', () => closed.push(stream.rstCode))
        stream.respond({ ':status': 200 })
        stream.write('some')
      },
      { maxConcurrentStreams: most },
    )
    const context = await openContext({
      policy: policyOf({
        get: streamtype('h2', peer, { http_method: 'GET' }),
        post: streamtype('h2', peer),
      }),
    })
    for (let n = 0; n < most; n++)
      for (const options of [{}, { body: 'x' }]) {
        const controller = new AbortController()
        const { signal } = controller
        await context.request('body' in options ? 'post' : 'get', { ...options, signal })
        controller.abort()
      }
    while (closed.length < 2 * most) await new Promise(setImmediate)
    assert.deepEqual(closed, Array(2 * most).fill(http2.constants.NGHTTP2_CANCEL))
    assert.equal(peer.sessions.length, 1)
    await context.close()
  })

  test('headers that cannot be sent end their own stream only', async () => {
    const held: http2.ServerHttp2Stream[] = []
    await using peer = await startSessions((stream) => held.push(stream))
    const metadata = [{ note: 'x-note:' }]
    const context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, { metadata }) }),
    })
    const first = context.request('it', { body: 'x' })
    while (held.length === 0) await new Promise(setImmediate)
    await assert.rejects(context.request('it', { metadata: { note: 'n'.repeat(100_000) } }), {
      message: /the headers of the request are too long/,
    })
    held.forEach(answer)
    assert.equal(await (await first).text(), 'answer')
    assert.equal(peer.sessions.length, 1)
    await context.close()
  })

  test('a stream is told when its connection is lost', async () => {
    await using peer = await startSessions((stream) => {
      stream.respond({ ':status': 200 })
      stream.write('some')
    })
    const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    const stream = context.stream('it')
    const connected = nextState(stream, 'CONNECTED')
    const sent = stream.send('x')
    await connected
    const disconnected = nextState(stream, 'DISCONNECTED')
    peer.dropConnections()
    await disconnected
    await assert.rejects(sent, { code: 'ERR_SS_DISCONNECTED' })
    await context.close()
  })
})
