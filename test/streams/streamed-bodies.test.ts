// Bodies whose length nobody knows, which are read as they leave.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Http1Peer,
  type Http2Peer,
  patternBytes,
  startHttp1,
  startHttp2,
  startRaw,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { temporaryFolder } from '../support/temporary-folder.js'

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

for (const protocol of ['h1', 'h2'] as const)
  for (const secure of [false, true])
    describe(`streamed bodies on ${protocol}${secure ? ' with TLS' : ''}`, {
      timeout: 60_000,
    }, () => {
      let peer: Http1Peer | Http2Peer
      let context: Context

      before(async () => {
        const authority = await CertificateAuthority.create()
        const start = protocol === 'h1' ? startHttp1 : startHttp2
        peer = await start(secure ? { tls: await authority.issue() } : {})
        const echo = streamtype(protocol, peer, { tls: secure })
        const refused = { ...echo, http_url: '/status/404' }
        context = await openContext({ policy: policyOf({ echo, refused }, authority) })
      })
      after(async () => {
        await context.close()
        await peer.close()
      })

      const bytes = patternBytes(1_000_003)
      const bodies = {
        'a Readable': () => Readable.from(inPieces(bytes, 50_000)),
        'an async generator': () => inPieces(bytes, 1000),
        'a web stream': () => new Blob([bytes]).stream(),
        'one piece': () => inPieces(bytes, bytes.length),
      }
      for (const [name, body] of Object.entries(bodies))
        test(`${name} arrives as it is, without a length`, async () => {
          const reply = await context.request('echo', { body: body() })
          assert.ok((await reply.bytes()).equals(bytes))
          const seen = peer.requests.at(-1)
          assert.equal(seen?.headers['content-length'], undefined)
          assert.equal(
            seen?.headers['transfer-encoding'],
            protocol === 'h1' ? 'chunked' : undefined,
          )
        })

      test('text, empty pieces and nothing at all', async () => {
        const text = async function* () {
          yield ''
          yield 'grüß '
          yield Buffer.alloc(0)
          yield 'Gott'
        }
        assert.equal(await (await context.request('echo', { body: text() })).text(), 'grüß Gott')
        const nothing = async function* (): AsyncGenerator<string> {}
        for (const body of [nothing(), Readable.from([])]) {
          const reply = await context.request('echo', { body })
          assert.equal(reply.acked, true)
          assert.equal((await reply.bytes()).length, 0)
        }
      })

      test('several at once, and one behind the other on a connection', async () => {
        const ask = async (fill: number) => {
          const body = Buffer.alloc(100_000 + fill, fill)
          const reply = await context.request('echo', { body: inPieces(body, 7000) })
          assert.ok((await reply.bytes()).equals(body))
        }
        await Promise.all([1, 2, 3, 4, 5].map(ask))
        for (const fill of [6, 7, 8]) await ask(fill)
      })

      test('a source that fails rejects with its error, and is heard of no more', async () => {
        const seen = peer.requests.length
        const failure = new Error('the disk is gone')
        const body = async function* () {
          yield 'the beginning'
          throw failure
        }
        await assert.rejects(context.request('echo', { body: body() }), (e) => e === failure)
        await assert.rejects(
          context.request('echo', { body: createReadStream('/nonexistent/file') }),
          { code: 'ENOENT' },
        )
        // The next request shows that the server took neither for whole.
        await (await context.request('echo', { body: 'x' })).text()
        assert.deepEqual(
          peer.requests.slice(seen).map((request) => request.body.toString()),
          ['x'],
        )
      })

      test('what gives something else than text and bytes rejects', async () => {
        const body = Readable.from([{ a: 1 }])
        await assert.rejects(context.request('echo', { body }), {
          name: 'TypeError',
          code: 'ERR_INVALID_ARG_TYPE',
        })
        assert.equal(body.destroyed, true)
      })

      test('an abort amid it closes the source', async () => {
        const controller = new AbortController()
        const body = new PassThrough()
        body.write(Buffer.alloc(100_000))
        const pending = context.request('echo', { body, signal: controller.signal })
        const reason = new Error('enough')
        // It is being read, so the request is on its way.
        await once(body, 'drain')
        controller.abort(reason)
        await assert.rejects(pending, (error) => error === reason)
        if (!body.closed) await once(body, 'close')
      })
    })

describe('streamed bodies', { timeout: 60_000 }, () => {
  const { put } = temporaryFolder()

  async function serve(listener: http.RequestListener) {
    const server = http.createServer(listener)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const upload = streamtype('h1', { port }, { allow_redirects: true })
    const context = await openContext({ policy: policyOf({ upload }) })
    return {
      context,
      async [Symbol.asyncDispose]() {
        await context.close()
        server.closeAllConnections()
        server.close()
      },
    }
  }

  test('leave no faster than the server reads', async () => {
    let given = 0
    const body = async function* () {
      for (;;) {
        given++
        yield Buffer.alloc(64 * 1024)
      }
    }
    const controller = new AbortController()
    let socketPaused: () => void = () => {}
    const paused = new Promise<void>((resolve) => {
      socketPaused = resolve
    })
    await using peer = await startRaw({
      accept: (socket) => {
        socket.pause()
        socketPaused()
      },
    })
    const upload = streamtype('h1', peer)
    await using context = await openContext({ policy: policyOf({ upload }) })
    const pending = context.request('upload', { body: body(), signal: controller.signal })
    await paused
    // Until it stands still: what the sockets hold, and no more.
    for (let last = -1; last !== given; ) {
      last = given
      for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
    }
    assert.ok(given < 1000, `${given} pieces`)
    controller.abort(new Error('enough'))
    await assert.rejects(pending, { message: 'enough' })
  })

  test('an attempt that did not get to the body is repeated with it', async () => {
    // A port where nobody listens yet, and then somebody does.
    const server = http.createServer(async (request, response) => {
      response.end(Buffer.concat(await request.toArray()))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const upload = streamtype('h1', { port }, { retry: 'quick', endpoint: '127.0.0.1' })
    await using context = await openContext({ policy: policyOf({ upload }) })
    const stream = new PassThrough()
    stream.end('all of it')
    const pending = context.request('upload', { body: stream })
    const again = http.createServer(server.listeners('request')[0] as http.RequestListener)
    again.listen(port, '127.0.0.1')
    try {
      assert.equal(await (await pending).text(), 'all of it')
    } finally {
      again.close()
    }
  })

  for (const status of [503, 429])
    test(`${status} is the answer at once, since there is no second body`, async () => {
      let requests = 0
      await using served = await serve(async (request, response) => {
        requests++
        await request.toArray()
        response.writeHead(status).end('later')
      })
      const body = Readable.from([Buffer.alloc(100_000)])
      const reply = await served.context.request('upload', { body })
      assert.equal(reply.status, status)
      assert.equal(reply.state, 'ALL_RETRIES_FAILED')
      assert.equal(await reply.text(), 'later')
      assert.equal(requests, 1)
    })

  test('a connection that is lost amid it fails, and says why it is not repeated', async () => {
    let requests = 0
    await using served = await serve((request) => {
      requests++
      request.once('data', () => request.socket.destroy())
    })
    const body = new PassThrough()
    body.write('the beginning')
    await assert.rejects(served.context.request('upload', { body }), (error) => {
      assert.match(String((error as Error).message), /body can be had only once/)
      return true
    })
    assert.equal(requests, 1)
    if (!body.closed) await once(body, 'close')
  })

  test('a redirect that wants the body again is the answer; 303 is followed', async () => {
    await using served = await serve(async (request, response) => {
      await request.toArray()
      const { url = '' } = request
      if (url.startsWith('/done'))
        response.end(`${request.method} ${request.headers['content-type']}`)
      else response.writeHead(Number(statuses.shift()), { location: '/done' }).end()
    })
    const statuses = [307, 303]
    const send = () => served.context.request('upload', { body: Readable.from(['x']) })
    const reply = await send()
    assert.deepEqual([reply.status, reply.acked], [307, false])
    assert.equal(reply.headers.get('location'), '/done')
    const followed = await send()
    assert.equal(await followed.text(), 'GET undefined')
    assert.equal(followed.redirected, true)
  })

  test('a file in a Readable', async () => {
    const bytes = patternBytes(700_000)
    await using served = await serve(async (request, response) => {
      response.end(Buffer.concat(await request.toArray()))
    })
    const body = createReadStream(put('file', bytes))
    const reply = await served.context.request('upload', { body })
    assert.ok((await reply.bytes()).equals(bytes))
    if (!body.closed) await once(body, 'close')
  })

  test('one that has been read, or is locked, is refused', async () => {
    const upload = streamtype('h1', { port: 1 })
    await using context = await openContext({ policy: policyOf({ upload }) })
    const read = Readable.from(['x'])
    await read.toArray()
    const destroyed = new PassThrough()
    destroyed.destroy()
    const locked = new Blob(['x']).stream()
    locked.getReader()
    for (const body of [read, destroyed, locked])
      assert.throws(() => context.request('upload', { body }), { code: 'ERR_INVALID_STATE' })
    assert.equal(context.stats.streams, 0)
  })
})
