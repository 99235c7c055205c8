/** Transactions whose clients leave, wait, or ask for more, and servers that are closed amid them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { DisconnectedError, type SecureStreamError, type Transaction } from 'lws-secure-streams'
import { exchange } from '../support/native-http-server.js'
import { serveHttp } from './servers.js'

const raw = (target: string, ...fields: string[]) =>
  ['GET ', target, ' HTTP/1.1\r\nHost: a\r\nConnection: close\r\n', ...fields, '\r\n'].join('')

describe('a transaction', { timeout: 60_000 }, () => {
  test('that its client leaves rejects what is written, and its body', async () => {
    let body: Promise<unknown> = Promise.resolve()
    let written: Promise<unknown> = Promise.resolve()
    await using site = await serveHttp({
      transaction(txn) {
        body = new Response(txn.body).text().catch((error) => error)
        written = (async () => {
          for (;;) await txn.write(Buffer.alloc(100_000))
        })().catch((error) => error)
      },
    })
    const request = http.request(site.url, { method: 'POST' })
    request.write('begun')
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.on('error', () => {})
    await once(response, 'data')
    response.destroy()
    assert.ok((await written) instanceof DisconnectedError)
    assert.ok((await body) instanceof DisconnectedError)
  })

  test('keeps a client from sending what nobody takes', async () => {
    let transaction: Transaction | undefined
    await using site = await serveHttp({
      transaction: (txn) => {
        transaction = txn
      },
    })
    const request = http.request(site.url, { method: 'POST' })
    const piece = Buffer.alloc(1024 * 1024)
    let pieces = 0
    while (request.write(piece) || (await Promise.race([once(request, 'drain'), full()]))) pieces++
    assert.ok(pieces < 40, `${pieces} MiB`)
    request.end()
    let length = 0
    for await (const data of (transaction as unknown as Transaction).body) length += data.length
    assert.equal(length, (pieces + 1) * piece.length)
    await transaction?.ack().end()
    const [response] = await once(request, 'response')
    assert.equal(response.statusCode, 200)

    // The socket takes no more when turns of the loop change nothing.
    async function full(): Promise<false> {
      for (let n = 0; n < 2000; n++) await turn()
      return false
    }
  })

  for (const length of [100_000, 20_000_000])
    test(`is answered before the ${length} bytes of its body have come, and the next one is served`, async () => {
      let read: Promise<unknown> | undefined
      await using site = await serveHttp({
        transaction(txn) {
          if (txn.url === '/1') read = new Response(txn.body).text().catch((error) => error)
          return txn.ack().end(txn.url)
        },
      })
      const upload = `POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`
      const response = await exchange(site.server.port, upload, 'x'.repeat(length), raw('/2'))
      assert.deepEqual(response.match(/\r\n\r\n\/\d/g), ['\r\n\r\n/1', '\r\n\r\n/2'])
      assert.ok((await read) instanceof DisconnectedError)
    })

  test('is answered before its body has come, which nobody reads', async () => {
    await using site = await serveHttp({
      transaction: async (txn) => {
        // It has come as far as it may.
        for (let n = 0; n < 500; n++) await turn()
        return txn.ack().end(txn.url)
      },
    })
    const upload = 'POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n'
    const response = await exchange(site.server.port, upload + 'x'.repeat(20_000_000) + raw('/2'))
    assert.deepEqual(response.match(/\r\n\r\n\/\d/g), ['\r\n\r\n/1', '\r\n\r\n/2'])
  })

  test('gets its response although it has ended its side', async () => {
    await using site = await serveHttp({
      async transaction(txn) {
        for (let n = 0; n < 5; n++) await turn()
        return txn.ack().end('late')
      },
    })
    const socket = net.connect({ port: site.server.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.end(raw('/'))
    assert.match(String(Buffer.concat(await socket.toArray())), /\r\n\r\nlate$/)
  })

  test('whose client has left is no exception of the program, awaited or not', async () => {
    const uncaught: unknown[] = []
    process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error))
    try {
      for (const handler of [
        async (txn: Transaction) => {
          for (;;) await txn.write(Buffer.alloc(100_000))
        },
        (txn: Transaction) => {
          for (let n = 0; n < 100; n++) txn.write(Buffer.alloc(100_000))
          txn.end()
        },
        async (txn: Transaction) => {
          txn.write('begun')
          await new Response(txn.body).text()
        },
      ]) {
        let over = () => {}
        const isOver = new Promise<void>((resolve) => {
          over = resolve
        })
        await using site = await serveHttp({
          connection: (stream) => stream.life.whenOver(over),
          transaction: handler,
        })
        const request = http.request(site.url, { method: 'POST' }).on('error', () => {})
        request.write('begun')
        const [response] = (await once(request, 'response')) as [http.IncomingMessage]
        response.on('error', () => {})
        await once(response, 'data')
        response.destroy()
        await isOver
        for (let n = 0; n < 5; n++) await turn()
      }
    } finally {
      process.setUncaughtExceptionCaptureCallback(null)
    }
    assert.deepEqual(uncaught, [])
  })

  test('whose client has left cancels the Response that it was to have', async () => {
    let cancelled = (_: unknown) => {}
    const isCancelled = new Promise((resolve) => {
      cancelled = resolve
    })
    await using site = await serveHttp({
      transaction: (txn) =>
        txn.respond(
          new Response(
            new ReadableStream({
              start: (controller) => controller.enqueue(Buffer.from('first')),
              cancel: cancelled,
            }),
          ),
        ),
    })
    const [response] = (await once(http.get(site.url), 'response')) as [http.IncomingMessage]
    response.on('error', () => {})
    await once(response, 'data')
    response.destroy()
    assert.ok((await isCancelled) instanceof DisconnectedError)
  })

  test('refuses what its length has no room for, and what is sent past it', async () => {
    const errors: unknown[] = []
    await using site = await serveHttp({
      async transaction(txn) {
        const note = ({ code }: SecureStreamError) => errors.push(code)
        await txn.stream.send('past it').catch(note)
        txn.ack(undefined, { headers: { 'content-length': '3' } })
        await txn.write('abc')
        await txn.write('d').catch(note)
        await txn.end()
      },
    })
    for (let n = 0; n < 2; n++) assert.equal(await (await fetch(site.url)).text(), 'abc')
    assert.deepEqual(errors.slice(0, 2), ['ERR_SS_CANNOT_SEND', 'ERR_SS_TOO_LONG'])
  })
})

describe('close()', { timeout: 60_000 }, () => {
  test('lets a transaction end, and ends idle connections', async () => {
    let begun = () => {}
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve
    })
    let answer = () => {}
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve
    })
    await using site = await serveHttp({
      async transaction(txn) {
        if (txn.url === '/slow') {
          begun()
          await mayAnswer
        }
        await txn.ack().end(txn.url)
      },
    })
    const agent = new http.Agent({ keepAlive: true })
    const [idle] = (await once(http.get(`${site.url}/idle`, { agent }), 'response')) as [
      http.IncomingMessage,
    ]
    await idle.toArray()
    const slow = http.get(`${site.url}/slow`)
    await hasBegun
    const closed = site.server.close()
    answer()
    const [response] = (await once(slow, 'response')) as [http.IncomingMessage]
    assert.equal(String(Buffer.concat(await response.toArray())), '/slow')
    await closed
    await assert.rejects(fetch(site.url))
    agent.destroy()
  })
})
