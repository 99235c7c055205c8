/** What a handler of `transaction` answers, as clients that others wrote have it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Return, type SecureStreamError } from 'lws-secure-streams'
import { exchange } from '../support/native-http-server.js'
import { fetched, type Handler, uncaught } from './fetched.js'
import { serveHttp } from './servers.js'

describe('a transaction', { timeout: 60_000 }, () => {
  test('has the request', async () => {
    let seen: unknown
    await fetched(
      async (txn) => {
        const text = await new Response(txn.body).text()
        seen = {
          method: txn.method,
          url: txn.url,
          header: txn.headers.get('x-a'),
          metadata: { ...txn.metadata },
          text,
          address: txn.remoteAddress,
          stream: txn.stream.state,
        }
        txn.ack().end()
      },
      '/a%20b?c=d',
      { method: 'PUT', body: 'body', headers: { 'x-a': '1', 'content-type': 'text/x' } },
    )
    assert.deepEqual(seen, {
      method: 'PUT',
      url: '/a%20b?c=d',
      header: '1',
      metadata: { method: 'PUT', path: '/a b', query: 'c=d', mime: 'text/x' },
      text: 'body',
      address: '127.0.0.1',
      stream: 'SERVER_TXN',
    })
  })

  test('is a standard Request, too', async () => {
    const response = await fetched(
      async (txn) => {
        const { request } = txn
        assert.equal(txn.request, request)
        return txn.respond(
          Response.json({
            method: request.method,
            url: new URL(request.url).pathname,
            type: request.headers.get('content-type'),
            body: await request.json(),
          }),
        )
      },
      '/path?query',
      { method: 'POST', body: '[1]', headers: { 'content-type': 'application/json' } },
    )
    assert.equal(response.headers.get('content-type'), 'application/json')
    assert.deepEqual(await response.json(), {
      method: 'POST',
      url: '/path',
      type: 'application/json',
      body: [1],
    })
  })

  test('aborts the signal of its Request when the client is gone, and only then', async () => {
    const signals: AbortSignal[] = []
    await using site = await serveHttp({
      async transaction(txn) {
        const { signal } = txn.request
        signals.push(signal)
        if (txn.url === '/done') return txn.end('x')
        await txn.write('x')
        return once(signal, 'abort')
      },
    })
    const leaving = new AbortController()
    await (await fetch(`${site.url}/done`)).text()
    await fetch(site.url, leaving)
    leaving.abort()
    const [done, left] = signals
    assert.ok(left && done)
    if (!left.aborted) await once(left, 'abort')
    assert.equal(left.reason.code, 'ERR_SS_DISCONNECTED')
    assert.equal(done.aborted, false)
  })

  test('is answered by the policy: metadata are headers', async () => {
    const response = await fetched((txn) => txn.ack({ mime: 'text/html' }).end('<h1>hi</h1>'))
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'text/html')
    assert.equal(response.headers.get('content-length'), '11')
    assert.ok(Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now()) < 60_000)
    assert.equal(await response.text(), '<h1>hi</h1>')
  })

  test('does not get back what its request said', async () => {
    const init = { method: 'POST', body: 'x', headers: { 'content-type': 'text/x' } }
    const response = await fetched((txn) => txn.ack().end('y'), '/', init)
    assert.equal(response.headers.get('content-type'), null)
  })

  test('does not get back what its request said, by handlers either', async () => {
    await using site = await serveHttp({
      state(stream, state) {
        if (state === 'SERVER_TXN') stream.requestTx(1)
        return Return.OK
      },
      rx: () => {},
      tx: () => ({ data: Buffer.from('y'), som: true, eom: true }),
    })
    const init = { method: 'POST', body: 'x', headers: { 'content-type': 'text/x' } }
    const response = await fetch(site.url, init)
    assert.equal(response.headers.get('content-type'), null)
    // Which is what C answers without an ack.
    assert.equal(response.status, 404)
  })

  for (const [name, status, handler] of [
    ['ack()', 200, (txn) => txn.ack().end()],
    ['nack()', 404, (txn) => txn.nack().end()],
    ['ack() with a status', 201, (txn) => txn.ack(undefined, { status: 201 }).end()],
    ['nack() with a status', 403, (txn) => txn.nack({}, { status: 403 }).end('no')],
    ['the last of several', 202, (txn) => txn.nack().ack(undefined, { status: 202 }).end()],
    ['neither', 200, (txn) => txn.end('x')],
    [
      'serverAck()',
      418,
      (txn) => {
        txn.stream.serverAck(418)
        return txn.end('x')
      },
    ],
  ] as [string, number, Handler][])
    test(`has the status that it is given: ${name}`, async () => {
      assert.equal((await fetched(handler)).status, status)
    })

  for (const [name, handler] of [
    [
      'throws',
      (txn) => {
        txn.nack()
        throw new Error('thrown')
      },
    ],
    ['rejects', () => Promise.reject(new Error('thrown'))],
  ] as [string, Handler][])
    test(`has the status 500 when its handler ${name}, which is told as any exception is`, async () => {
      const told = uncaught()
      assert.equal((await fetched(handler)).status, 500)
      assert.equal(((await told) as Error).message, 'thrown')
    })

  test('has the status 404 where nobody handles it', async () => {
    await using site = await serveHttp({ connection() {} })
    assert.equal((await fetch(site.url)).status, 404)
  })

  test('has headers beside those of the policy, several with one name', async () => {
    const response = await fetched((txn) =>
      txn
        .ack(
          { mime: 'text/plain' },
          {
            headers: [
              ['set-cookie', 'a=1'],
              ['Set-Cookie', 'b=2'],
              ['x-y', 'z'],
              ['transfer-encoding', 'gzip'],
            ],
          },
        )
        .end('x'),
    )
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
    assert.equal(response.headers.get('x-y'), 'z')
    assert.equal(response.headers.get('transfer-encoding'), null)
  })

  test('may be deferred until the body is there', async () => {
    const response = await fetched(
      async (txn) => {
        let length = 0
        for await (const piece of txn.body) length += piece.length
        return txn.ack().end(`${length}`)
      },
      '/',
      { method: 'POST', body: Buffer.alloc(20_000_000) },
    )
    assert.equal(await response.text(), '20000000')
  })

  test('is written in parts, as long as it likes', async () => {
    await using site = await serveHttp({
      async transaction(txn) {
        txn.ack()
        for (let n = 0; n < 50; n++) await txn.write(Buffer.alloc(100_000, n))
        await txn.end('end')
      },
    })
    const response = await fetch(site.url)
    assert.equal(response.headers.get('transfer-encoding'), 'chunked')
    const body = Buffer.from(await response.arrayBuffer())
    assert.equal(body.length, 5_000_003)
    assert.equal(body[4_900_000], 49)
    assert.equal(body.subarray(-3).toString(), 'end')
  })

  test('is written in parts of a length that was said', async () => {
    const response = await fetched(async (txn) => {
      txn.ack(undefined, { headers: { 'content-length': '6' } })
      await txn.write('abc')
      await turn()
      await txn.end('def')
    })
    assert.equal(response.headers.get('content-length'), '6')
    assert.equal(await response.text(), 'abcdef')
  })

  test('that ends before the length it said ends the connection, too', async () => {
    await assert.rejects(
      fetched(async (txn) => {
        txn.ack(undefined, { headers: { 'content-length': '6' } })
        await txn.write('abc')
        await txn.end()
      }),
    )
  })

  for (const length of ['abc', '-1', '3, 3', ''])
    test(`does not say '${length}' for its length`, async () => {
      const response = await fetched((txn) => {
        const headers = { 'content-length': length }
        assert.throws(() => txn.ack(undefined, { headers }), { code: 'ERR_INVALID_ARG_VALUE' })
        return txn.respond(new Response('abc', { headers })).catch(({ code }) => txn.end(code))
      })
      assert.equal(await response.text(), 'ERR_INVALID_ARG_VALUE')
    })

  test('with the status 205 has no body', async () => {
    const codes: unknown[] = []
    const note = ({ code }: SecureStreamError) => codes.push(code)
    const response = await fetched(async (txn) => {
      txn.ack(undefined, { status: 205, headers: { 'content-length': '3' } })
      await txn.write('abc').catch(note)
      await txn.end('abc').catch(note)
    })
    assert.deepEqual([response.status, response.headers.get('content-length')], [205, '0'])
    assert.equal(await response.text(), '')
    assert.deepEqual(codes, ['ERR_SS_TOO_LONG', 'ERR_SS_TOO_LONG'])
  })

  for (const [name, init, status] of [
    ['HEAD', { method: 'HEAD' }, 200],
    ['204', {}, 204],
    ['304', {}, 304],
  ] as const)
    test(`has no body for ${name}, whatever is written`, async () => {
      await using site = await serveHttp({
        transaction: (txn) => txn.ack(undefined, { status }).end('not sent'),
      })
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      for (let n = 0; n < 3; n++) {
        const request = http.request(site.url, { ...init, agent }).end()
        const [response] = (await once(request, 'response')) as [http.IncomingMessage]
        assert.equal(response.statusCode, status)
        assert.equal(response.headers['content-length'], name === 'HEAD' ? '8' : undefined)
        assert.deepEqual(await response.toArray(), [])
      }
      assert.equal(site.server.stats.connections, 1)
      agent.destroy()
    })

  test('has the length for HEAD that it says, and does not read a long Response', async () => {
    const over = new AbortController()
    await using site = await serveHttp({
      transaction(txn) {
        const headers = { 'content-length': '1000000' }
        if (txn.url === '/said') return txn.ack(undefined, { headers }).end()
        const pull = (controller: ReadableStreamDefaultController) =>
          controller.enqueue(Buffer.alloc(1000))
        const cancel = () => over.abort()
        return txn.respond(new Response(new ReadableStream({ pull, cancel }), { headers }))
      },
    })
    for (const path of ['/said', '/stream']) {
      const response = await fetch(site.url + path, { method: 'HEAD' })
      assert.equal(response.headers.get('content-length'), '1000000')
    }
    if (!over.signal.aborted) await once(over.signal, 'abort')
  })

  test('has hints before it', async () => {
    await using site = await serveHttp({
      transaction(txn) {
        txn.writeEarlyHints({ link: '</style.css>; rel=preload' })
        return txn.ack().end('page')
      },
    })
    const request = http.request(site.url).end()
    const [[hints], [response]] = await Promise.all([
      once(request, 'information'),
      once(request, 'response') as Promise<[http.IncomingMessage]>,
    ])
    assert.equal(hints.statusCode, 103)
    assert.equal(hints.headers.link, '</style.css>; rel=preload')
    assert.equal(String(Buffer.concat(await response.toArray())), 'page')
  })

  test('of version 1.0 ends with the connection, or has a length', async () => {
    await using site = await serveHttp({
      async transaction(txn) {
        txn.ack()
        if (txn.url === '/parts') await txn.write('a')
        await txn.end('b')
      },
    })
    const { port } = site.server
    assert.match(
      await exchange(port, 'GET /parts HTTP/1.0\r\n\r\n'),
      /connection: close\r\n\r\nab$/,
    )
    const kept = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n'
    assert.equal((await exchange(port, kept)).match(/\r\n\r\nb/g)?.length, 2)
  })

  test('refuses what comes late', async () => {
    const errors: unknown[] = []
    await fetched(async (txn) => {
      const note = (error: unknown) => errors.push((error as SecureStreamError).code)
      await txn.write('a')
      try {
        txn.ack()
      } catch (error) {
        note(error)
      }
      await txn.end()
      await txn.write('b').catch(note)
      await txn.end().catch(note)
    })
    assert.deepEqual(errors, [
      'ERR_SS_RESPONSE_BEGUN',
      'ERR_SS_RESPONSE_OVER',
      'ERR_SS_RESPONSE_OVER',
    ])
  })

  test('refuses what the policy, and HTTP, do not know', async () => {
    const codes: unknown[] = []
    await fetched((txn) => {
      for (const attempt of [
        () => txn.ack({ other: 'x' }),
        () => txn.ack(undefined, { status: 99 }),
        () => txn.ack(undefined, { status: 700 }),
        () => txn.ack(undefined, { headers: { 'a b': 'c' } }),
        () => txn.ack({ mime: 'a\r\nb' }),
        () => txn.write(1 as never),
        () => txn.end({} as never),
      ])
        try {
          attempt()
        } catch (error) {
          codes.push((error as SecureStreamError).code ?? (error as Error).name)
        }
      return txn.ack().end()
    })
    assert.deepEqual(codes, [
      'ERR_SS_UNKNOWN_METADATA',
      'ERR_OUT_OF_RANGE',
      'ERR_OUT_OF_RANGE',
      'TypeError',
      'ERR_INVALID_ARG_VALUE',
      'ERR_INVALID_ARG_TYPE',
      'ERR_INVALID_ARG_TYPE',
    ])
  })
})
