import assert from 'node:assert/strict'
import { once } from 'node:events'
import { openAsBlob, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Peer,
  patternBytes,
  startHttp1,
  startHttp2,
  startRaw,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { temporaryFolder } from '../support/temporary-folder.js'

// What a blob is read in.
const PIECE = 256 * 1024

for (const protocol of ['h1', 'h2'] as const)
  for (const secure of [false, true])
    describe(`blobs as bodies on ${protocol}${secure ? ' with TLS' : ''}`, () => {
      let peer: Peer
      let context: Context

      before(async () => {
        const authority = await CertificateAuthority.create()
        const start = protocol === 'h1' ? startHttp1 : startHttp2
        peer = await start(secure ? { tls: await authority.issue() } : {})
        const echo = streamtype(protocol, peer, { tls: secure })
        context = await openContext({ policy: policyOf({ echo }, authority) })
      })
      after(async () => {
        await context.close()
        await peer.close()
      })

      for (const size of [0, 1, PIECE - 1, PIECE, PIECE + 1, 20 * PIECE])
        test(`${size} bytes arrive as they are`, { timeout: 30_000 }, async () => {
          const bytes = patternBytes(size)
          const reply = await context.request('echo', { body: new Blob([bytes]) })
          assert.ok((await reply.bytes()).equals(bytes))
          assert.equal(context.stats.streams, 0)
        })

      test('several at once do not get mixed up', { timeout: 30_000 }, async () => {
        const bodies = [1, 2, 3, 4, 5].map((fill) => Buffer.alloc(3 * PIECE + fill, fill))
        const replies = bodies.map((body) => context.request('echo', { body: new Blob([body]) }))
        for (const [at, reply] of replies.entries())
          assert.ok((await (await reply).bytes()).equals(bodies[at] as Buffer))
      })
    })

describe('blobs as bodies', { timeout: 60_000 }, () => {
  const { put } = temporaryFolder()
  const retry = { backoff: [10, 10, 10], conceal: 3, jitterpc: 1 }

  const openTo = (port: number) => {
    const upload = streamtype('h1', { port }, { retry: 'quick' })
    return openContext({ policy: { ...policyOf({ upload }), retry: [{ quick: retry }] } })
  }

  test('an attempt that the server puts off begins anew', async () => {
    const bytes = patternBytes(3 * PIECE)
    const seen: Buffer[] = []
    const server = http.createServer(async (request, response) => {
      seen.push(Buffer.concat(await request.toArray()))
      response.statusCode = seen.length < 3 ? 503 : 200
      response.end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await using context = await openTo((server.address() as AddressInfo).port)
    try {
      const { acked } = await context.request('upload', { body: new Blob([bytes]) })
      assert.equal(acked, true)
      assert.deepEqual(
        seen.map((body) => body.equals(bytes)),
        [true, true, true],
      )
    } finally {
      server.close()
    }
  })

  test('a file that changes on the way ends the request with the reason', async () => {
    const file = put('changing', Buffer.alloc(40 * PIECE))
    // Reads the request's head and nothing of its body until the file has changed.
    await using peer = await startRaw({
      accept: (socket) =>
        socket.once('data', () => {
          socket.pause()
          writeFileSync(file, 'other')
          socket.resume()
        }),
    })
    await using context = await openTo(peer.port)
    const body = await openAsBlob(file)
    await assert.rejects(context.request('upload', { body }), { name: 'NotReadableError' })
  })

  test('a signal ends one that the server does not take', async () => {
    const controller = new AbortController()
    await using peer = await startRaw({
      accept: (socket) => {
        socket.pause()
        socket.once('readable', () => controller.abort(new Error('enough')))
      },
    })
    await using context = await openTo(peer.port)
    const body = new Blob([Buffer.alloc(100 * PIECE)])
    const { signal } = controller
    await assert.rejects(context.request('upload', { body, signal }), { message: 'enough' })
  })

  test('more than 4 GiB are announced as what they are', async () => {
    const nothing = Promise.resolve(new ArrayBuffer(PIECE))
    const body = { size: 5 * 1024 ** 3, slice: () => ({ arrayBuffer: () => nothing }) }
    const controller = new AbortController()
    let head = ''
    await using peer = await startRaw({
      accept: (socket) =>
        socket.once('data', (bytes) => {
          head = bytes.toString('latin1')
          controller.abort()
        }),
    })
    await using context = await openTo(peer.port)
    const { signal } = controller
    await assert.rejects(context.request('upload', { body, signal }), { name: 'AbortError' })
    assert.match(head, /^content-length: 5368709120\r$/im)
  })

  test('one that gives less than it says ends the request', async () => {
    await using peer = await startHttp1()
    await using context = await openTo(peer.port)
    const body = { size: 10, slice: () => ({ arrayBuffer: async () => new ArrayBuffer(9) }) }
    await assert.rejects(context.request('upload', { body }), { name: 'NotReadableError' })
  })

  test('what has no body refuses one', async () => {
    const download = streamtype('h1', { port: 1 }, { http_method: 'GET' })
    await using context = await openContext({ policy: policyOf({ download }) })
    const body = new Blob(['x'])
    await assert.rejects(context.request('download', { body }), { code: 'ERR_SS_CANNOT_SEND' })
  })
})
