// Answers with content codings, and what they are without them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { after, before, describe, test } from 'node:test'
import zlib from 'node:zlib'
import { type Context, openContext } from 'lws-secure-streams'
import { patternBytes } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const bytes = Buffer.concat([patternBytes(300_000), Buffer.alloc(300_000, 'text ')])

const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer }

const encoders: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: zlib.gzipSync,
  'x-gzip': zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: (plain) =>
    zlib.brotliCompressSync(plain, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ...(zstdCompressSync && { zstd: zstdCompressSync }),
}

/** What the server answers with. */
interface Answer {
  status?: number
  coding?: string | string[]
  body?: Buffer
  /** Does not end it. */
  stalls?: boolean
  /** Sent as it is read, without end. */
  endless?: Iterable<Buffer>
}

for (const protocol of ['h1', 'h2'] as const)
  describe(`content codings on ${protocol}`, { timeout: 60_000 }, () => {
    let server: Server
    let context: Context
    let answer: Answer = {}

    before(async () => {
      const listener = (_request: unknown, response: http.ServerResponse) => {
        const { status = 200, coding, body = Buffer.alloc(0), stalls, endless } = answer
        response.statusCode = status
        if (coding !== undefined) response.setHeader('content-encoding', coding)
        if (stalls) {
          response.write(body)
          return
        }
        if (!endless) {
          response.end(body)
          return
        }
        const pieces = endless[Symbol.iterator]()
        const more = () => {
          while (response.write(pieces.next().value as Buffer));
        }
        response.on('error', () => {})
        response.on('drain', more)
        more()
      }
      server =
        protocol === 'h1'
          ? http.createServer(listener)
          : (http2.createServer((request, response) =>
              listener(request, response as unknown as http.ServerResponse),
            ) as Server)
      await once(server.listen(0, '127.0.0.1'), 'listening')
      const peer = { port: (server.address() as AddressInfo).port }
      const get = streamtype(protocol, peer, { endpoint: '127.0.0.1', http_method: 'GET' })
      context = await openContext({
        policy: policyOf({ get, head: { ...get, http_method: 'HEAD' } }),
      })
    })
    after(async () => {
      await context.close()
      server.close()
    })

    const ask = (of: Answer, options = {}) => {
      answer = of
      return context.request('get', options)
    }

    const nothingOpen = async () => {
      while (context.stats.streams > 0) await new Promise(setImmediate)
    }

    for (const [coding, encode] of Object.entries(encoders))
      test(`${coding} is undone, in any way of reading`, async () => {
        const coded = { coding, body: encode(bytes) }
        assert.ok((await (await ask(coded)).bytes()).equals(bytes))
        const pieces: Buffer[] = []
        for await (const piece of (await ask(coded)).body) pieces.push(piece)
        assert.ok(Buffer.concat(pieces).equals(bytes))
        const response = (await ask(coded)).toResponse()
        assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes))
        const reply = await ask({ coding, body: encode(Buffer.from('{"a":"ü"}')) })
        assert.deepEqual(await reply.json(), { a: 'ü' })
        assert.equal(reply.headers.get('content-encoding'), coding)
      })

    test('deflate without the header of zlib, several members of gzip, any case', async () => {
      const raw = { coding: 'deflate', body: zlib.deflateRawSync(bytes) }
      assert.ok((await (await ask(raw)).bytes()).equals(bytes))
      const members = Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync('two')])
      assert.equal(await (await ask({ coding: 'GZip', body: members })).text(), 'one two')
    })

    test('several codings, as one header or two', async () => {
      const body = zlib.brotliCompressSync(zlib.deflateRawSync(zlib.gzipSync('deep')))
      const lines = ['gzip', 'deflate', 'br']
      // node:http2 refuses to send several.
      const all = ['gzip, deflate,, identity ,br', ...(protocol === 'h1' ? [lines] : [])]
      for (const coding of all) assert.equal(await (await ask({ coding, body })).text(), 'deep')
    })

    test('more than five are refused', async () => {
      const coding = Array(6).fill('gzip').join(',')
      const reply = await ask({ coding, body: Buffer.from('x') })
      await assert.rejects(reply.text(), { code: 'ERR_SS_DECODE', message: /6 codings/ })
      const rest = await ask({ coding, body: Buffer.from('x') }, { decode: false })
      assert.equal(await rest.text(), 'x')
    })

    test('more than five end the transaction, in any way of reading', async () => {
      const coding = Array(6).fill('gzip').join(',')
      const begun = { coding, body: Buffer.from('x'), stalls: true }
      const refused = { code: 'ERR_SS_DECODE' }
      await assert.rejects((await ask(begun)).text(), refused)
      const reply = await ask(begun)
      assert.throws(() => reply.toResponse(), refused)
      const other = await ask(begun)
      assert.throws(() => other.body, refused)
      await nothingOpen()
    })

    test('what is not known, and decode: false, leave it as it is', async () => {
      for (const coding of ['compress', 'gzip, aes128gcm', 'identity', ''])
        assert.equal(await (await ask({ coding, body: Buffer.from('as is') })).text(), 'as is')
      const body = zlib.gzipSync('x')
      const reply = await ask({ coding: 'gzip', body }, { decode: false })
      assert.ok((await reply.bytes()).equals(body))
    })

    for (const [coding, encode] of Object.entries(encoders)) {
      test(`${coding} that is cut short, or damaged, rejects`, async () => {
        const whole = encode(bytes)
        const error = { code: 'ERR_SS_DECODE', message: /'get' is not what its content-encoding/ }
        const cut = { coding, body: whole.subarray(0, -5) }
        await assert.rejects((await ask(cut)).bytes(), error)
        const response = (await ask(cut)).toResponse()
        await assert.rejects(response.arrayBuffer(), error)
        const damaged = { coding, body: Buffer.from('this is plain text') }
        await assert.rejects((await ask(damaged)).text(), error)
        await nothingOpen()
      })
    }

    test('no payload has no coding to undo', async () => {
      for (const of of [
        { coding: 'gzip' },
        { coding: 'br, gzip', status: 204 },
        { coding: 'gzip', status: 304 },
      ]) {
        const reply = await ask(of)
        assert.equal(await reply.text(), '')
        const response = (await ask(of)).toResponse()
        assert.equal(await response.text(), '')
      }
      answer = { coding: 'gzip', body: zlib.gzipSync('x') }
      assert.equal(await (await context.request('head')).text(), '')
    })

    test('a payload that inflates without end takes no memory', async () => {
      // A MiB of zeros in about 1 KiB, over and over, as members of one gzip.
      const member = zlib.gzipSync(Buffer.alloc(1024 * 1024))
      const block = Buffer.concat(Array(16).fill(member))
      const endless = (function* () {
        for (;;) yield block
      })()
      const reply = await ask({ coding: 'gzip', endless })
      const before = process.memoryUsage().rss
      let received = 0
      for await (const piece of reply.body) {
        received += piece.length
        if (received > 256 * 1024 * 1024) break
        // Slower than it comes.
        await new Promise(setImmediate)
      }
      assert.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024)
    })

    test('leaving it, at any time, ends the transaction and what waits', async () => {
      const begun = { coding: 'gzip', body: zlib.gzipSync(bytes).subarray(0, 10), stalls: true }
      const reading = (await ask(begun)).body[Symbol.asyncIterator]()
      const waiting = reading.next()
      await reading.return?.()
      for (const next of [waiting, reading.next()])
        assert.deepEqual(await next, { done: true, value: undefined })
      const response = (await ask(begun)).toResponse()
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      const pending = reader.read()
      await reader.cancel()
      assert.equal((await pending).done, true)
      await nothingOpen()
    })
  })
