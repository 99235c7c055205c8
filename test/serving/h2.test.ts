/** A server of h2, as clients that others wrote have it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Return, type SecureStreamError, type Transaction } from 'lws-secure-streams'
import { Agent, fetch as undiciFetch } from 'undici'
import { findProgram } from '../peers/program.js'
import { curl } from '../support/curl.js'
import { H2Client, responseOf } from './h2-client.js'
import { connected, type Handler, serveH2, settled } from './h2-site.js'

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = http2.constants

/** What h2load says at its end. */
async function load(...options: string[]): Promise<string> {
  const env = { PATH: process.env.PATH }
  return (await promisify(execFile)(findProgram('h2load'), options, { env })).stdout
}

describe('a server of h2', { timeout: 30_000 }, () => {
  test('leaves a request to the program, while another response gets room', async () => {
    const go = settled()
    await using site = await connected(async (txn) => {
      if (txn.url === '/later') await go.promise
      return txn.ack().end(Buffer.alloc(200_000))
    })
    const later = site.client.ask('/later')
    assert.equal((await site.client.ask('/first')).status, 200)
    go.settle()
    assert.equal((await later).status, 200)
  })

  test('has each request as a transaction on a stream of its own', async () => {
    const streams = new Set<unknown>()
    await using site = await connected(async (txn) => {
      streams.add(txn.stream)
      const { url } = txn.request
      const body = await new Response(txn.body).text()
      return txn.ack({ mime: 'application/json' }, { headers: { 'x-y': 'z' } }).end(
        JSON.stringify({
          method: txn.method,
          url: txn.url,
          header: txn.headers.get('x-a'),
          host: txn.headers.get('host') === new URL(site.url).host,
          metadata: txn.metadata,
          request: url === `${site.url}/a%20b?c=d`,
          body,
          address: txn.remoteAddress,
          state: txn.stream.state,
        }),
      )
    })
    for (let n = 0; n < 2; n++) {
      const { status, headers, body } = await site.client.ask(
        '/a%20b?c=d',
        { ':method': 'PUT', 'x-a': '1', 'content-type': 'text/x' },
        'body',
      )
      assert.equal(status, 200)
      assert.equal(headers['content-type'], 'application/json')
      assert.equal(headers['x-y'], 'z')
      assert.ok(Math.abs(Date.parse(headers.date ?? '') - Date.now()) < 60_000)
      assert.deepEqual(JSON.parse(String(body)), {
        method: 'PUT',
        url: '/a%20b?c=d',
        header: '1',
        host: true,
        metadata: { method: 'PUT', path: '/a b', query: 'c=d', mime: 'text/x' },
        request: true,
        body: 'body',
        address: '127.0.0.1',
        state: 'SERVER_TXN',
      })
    }
    assert.equal(streams.size, 2)
  })

  test('serves h1 on the same port', async () => {
    await using site = await connected((txn) => txn.ack().end(txn.url))
    const first = await fetch(`${site.url}/h1`)
    assert.equal(await first.text(), '/h1')
    assert.equal(String((await site.client.ask('/h2')).body), '/h2')
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    for (const path of ['/1', '/2']) {
      const [response] = await once(http.request(site.url + path, { agent }).end(), 'response')
      assert.equal(String(Buffer.concat(await response.toArray())), path)
    }
    agent.destroy()
  })

  test('serves nobody h2 who had a request of h1 before', async () => {
    await using site = await connected((txn) => txn.ack().end(txn.url))
    const socket = net.connect(site.server.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    assert.match(String(Buffer.concat(await socket.toArray())), /200 OK.*HTTP\/1\.1 505 /s)
  })

  test('knows h2 by a preface in pieces', async () => {
    await using site = await connected((txn) => txn.ack().end('x'))
    const socket = net.connect(site.server.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.setNoDelay(true)
    for (const byte of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
      await new Promise((resolve) => socket.write(byte, resolve))
      await turn()
    }
    const [settings] = await once(socket, 'data')
    assert.equal(settings[3], 4)
    socket.destroy()
  })

  test('is what curl and undici take it for', async () => {
    await using site = await connected(async (txn) => {
      let length = 0
      for await (const piece of txn.body) length += piece.length
      return txn.ack().end(`${txn.method} ${length}`)
    })
    const posted = await curl('--http2-prior-knowledge', '-d', 'a'.repeat(100_000), site.url)
    assert.equal(posted, 'POST 100000')
    const agent = new Agent({ allowH2: true, useH2c: true } as Agent.Options)
    const response = await undiciFetch(site.url, { dispatcher: agent, method: 'PUT', body: 'abc' })
    assert.equal(await response.text(), 'PUT 3')
    await agent.close()
  })

  test('has hundreds of streams at once, and thousands one after the other', async () => {
    await using site = await serveH2({
      limits: { streamsPerConnection: 500 },
      async transaction(txn) {
        for (let n = 0; n < 3; n++) await turn()
        return txn.ack().end(txn.url)
      },
    })
    await using client = new H2Client(site.url)
    const at = Array.from({ length: 500 }, (_, n) => `/${n}`)
    const bodies = await Promise.all(at.map(async (path) => String((await client.ask(path)).body)))
    assert.deepEqual(bodies, at)
    assert.match(
      await load('-n', '3000', '-c', '2', '-m', '100', site.url),
      /3000 succeeded, 0 failed/,
    )
    assert.match(
      await load('-n', '2000', '-c', '1', '-m', '1', site.url),
      /2000 succeeded, 0 failed/,
    )
  })

  test('gives each stream a turn: a large response holds up no other', async () => {
    await using site = await connected((txn) =>
      txn.ack().end(txn.url === '/large' ? Buffer.alloc(20_000_000) : 'small'),
    )
    const large = site.client.begin('/large')
    await once(large, 'data')
    let got = 0
    large.on('data', (data) => {
      got += data.length
    })
    for (let n = 0; n < 5; n++)
      assert.equal(String((await site.client.ask('/small')).body), 'small')
    assert.ok(got < 20_000_000, 'the large one has come first')
    large.close(NGHTTP2_CANCEL)
  })

  test('takes bodies of any length, sized and not, and gives them back', async () => {
    await using site = await connected(async (txn) => {
      txn.ack()
      for await (const piece of txn.body) await txn.write(piece)
      await txn.end()
    })
    const body = Buffer.from(Array.from({ length: 3_000_000 }, (_, n) => n % 251))
    assert.deepEqual((await site.client.ask('/', {}, body)).body, body)
    const sized = await site.client.ask('/', { 'content-length': body.length }, body)
    assert.deepEqual(sized.body, body)
    assert.deepEqual((await site.client.ask('/', {}, '')).body, Buffer.alloc(0))
  })

  test('stops a client whose body nobody reads, and lets it go on', async () => {
    const read = settled()
    await using site = await connected(async (txn) => {
      if (txn.url === '/other') return txn.ack().end()
      await read.promise
      let length = 0
      for await (const piece of txn.body) length += piece.length
      return txn.ack().end(`${length}`)
    })
    const upload = site.client.begin('/', { ':method': 'POST' })
    const response = responseOf(upload)
    upload.end(Buffer.alloc(10_000_000))
    // Others on the connection are served meanwhile.
    for (let n = 0; n < 20; n++) await site.client.ask('/other')
    const sent = upload.bufferSize
    assert.ok(sent > 5_000_000, `${sent} bytes wait in the client`)
    read.settle()
    assert.equal(String((await response).body), '10000000')
  })

  test('writes no more than the client takes', async () => {
    let written = 0
    await using site = await connected(async (txn) => {
      txn.ack()
      for (let n = 0; n < 100; n++) {
        await txn.write(Buffer.alloc(100_000))
        written += 100_000
      }
      await txn.end()
    })
    const stream = site.client.begin()
    await once(stream, 'response')
    stream.pause()
    for (let n = 0; n < 20; n++) (await site.client.session.ping(() => {})) && (await turn())
    assert.ok(written < 2_000_000, `${written} bytes`)
    let got = 0
    for await (const piece of stream) got += piece.length
    assert.equal(got, 10_000_000)
  })

  test('has trailers of requests', async () => {
    await using site = await connected(async (txn) => {
      const text = await new Response(txn.body).text()
      return txn.ack().end(`${text} ${txn.trailers.get('x-sum')} ${txn.headers.get('x-sum')}`)
    })
    const stream = site.client.begin('/', { ':method': 'POST' }, { waitForTrailers: true } as never)
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5' }))
    const response = responseOf(stream)
    stream.end('text')
    assert.equal(String((await response).body), 'text 5 null')
  })

  for (const [name, status, length, headers] of [
    ['HEAD', 200, '8', { ':method': 'HEAD' }],
    ['204', 204, undefined, {}],
    ['304', 304, undefined, {}],
  ] as const)
    test(`has no body for ${name}, whatever is written`, async () => {
      await using site = await connected((txn) => txn.ack(undefined, { status }).end('not sent'))
      const response = await site.client.ask('/', headers)
      assert.equal(response.status, status)
      assert.equal(response.headers['content-length'], length)
      assert.equal(response.body.length, 0)
    })

  test('has hints before a response, and 100 where it is expected', async () => {
    await using site = await connected(async (txn) => {
      txn.writeEarlyHints({ link: '</style.css>; rel=preload' })
      return txn.ack().end(await new Response(txn.body).text())
    })
    const { interim, body } = await site.client.ask('/')
    assert.equal(interim[0]?.[':status'], 103)
    assert.equal(interim[0]?.link, '</style.css>; rel=preload')
    assert.equal(body.length, 0)
    const stream = site.client.begin('/', { ':method': 'POST', expect: '100-continue' })
    const response = responseOf(stream)
    await once(stream, 'continue')
    stream.end('expected')
    assert.equal(String((await response).body), 'expected')
    const refused = site.client.begin('/', { ':method': 'POST', expect: 'something else' })
    assert.equal((await responseOf(refused)).status, 417)
  })

  for (const [name, status, handler] of [
    ['ack()', 201, (txn) => txn.ack(undefined, { status: 201 }).end()],
    ['nack()', 404, (txn) => txn.nack().end('no')],
    [
      'serverAck()',
      418,
      (txn) => {
        txn.stream.serverAck(418)
        return txn.end('x')
      },
    ],
    ['respond()', 203, (txn) => txn.respond(new Response('x', { status: 203 }))],
  ] as [string, number, Handler][])
    test(`has the status that ${name} gives it`, async () => {
      await using site = await connected(handler)
      assert.equal((await site.client.ask()).status, status)
    })

  test('answers by handlers, too', async () => {
    await using site = await serveH2({
      state(stream, state) {
        if (state !== 'SERVER_TXN') return Return.OK
        stream.serverAck(202)
        stream.requestTx(3)
        return Return.OK
      },
      rx: () => {},
      tx: () => ({ data: Buffer.from('abc'), som: true, eom: true }),
    })
    await using client = new H2Client(site.url)
    const response = await client.ask()
    assert.deepEqual([response.status, String(response.body)], [202, 'abc'])
  })

  test('sends several headers of one name, long ones, and none that belong to h1', async () => {
    const long = 'x'.repeat(10_000)
    await using site = await connected((txn) =>
      txn
        .ack(undefined, {
          headers: [
            ['set-cookie', 'a=1'],
            ['set-cookie', 'b=2'],
            ['connection', 'close'],
            ['upgrade', 'h3'],
            ['x-long', long],
            ['x-longer', long],
          ],
        })
        .end(txn.headers.get('cookie') ?? ''),
    )
    const { headers, body } = await site.client.ask('/', { cookie: ['c=3', 'd=4'] })
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'])
    assert.equal(headers['x-long'], long)
    assert.equal(headers['x-longer'], long)
    assert.equal(headers.connection, undefined)
    assert.equal(headers.upgrade, undefined)
    assert.equal(String(body), 'c=3; d=4')
  })

  test('hears of a client that gives a stream up, and goes on', async () => {
    const seen = settled<Transaction>()
    await using site = await connected((txn) => {
      if (txn.url === '/other') return txn.ack().end('other')
      seen.settle(txn)
      return txn.ack().write('begun')
    })
    const stream = site.client.begin('/', { ':method': 'POST' })
    await once(stream, 'data')
    const txn = await seen.promise
    const over = new Promise<void>((resolve) => {
      txn.stream.on('state', (state) => state === 'DESTROYING' && resolve())
    })
    stream.close(NGHTTP2_CANCEL)
    await over
    await assert.rejects(txn.end('late'), { code: 'ERR_SS_DISCONNECTED' } as SecureStreamError)
    assert.equal(String((await site.client.ask('/other')).body), 'other')
  })

  test('resets the stream of a response that fails, and no other', async () => {
    await using site = await connected(async (txn) => {
      if (txn.url === '/other') return txn.ack().end('other')
      txn.ack(undefined, { headers: { 'content-length': '6' } })
      await txn.write('abc')
      return txn.stream.destroy()
    })
    await assert.rejects(site.client.ask())
    assert.equal(String((await site.client.ask('/other')).body), 'other')
  })

  test('ends the upload of a client that has its response', async () => {
    await using site = await connected((txn) =>
      txn.nack(undefined, { status: 413 }).end('too much'),
    )
    const stream = site.client.begin('/', { ':method': 'POST' })
    stream.write('a')
    const closed = once(stream, 'close')
    const response = await responseOf(stream)
    assert.deepEqual([response.status, String(response.body)], [413, 'too much'])
    await closed
    assert.equal(stream.rstCode, NGHTTP2_NO_ERROR)
  })
})
