/** How transactions of h1 end when something does not go as it should: their handler, their client, or their server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { DestroyedError, type Server, type Transaction } from 'lws-secure-streams'
import { exchange } from '../support/native-http-server.js'
import { connectTo, serveHttp } from './servers.js'

const get = (target: string, version = '1.1') => `GET ${target} HTTP/${version}\r\nHost: a\r\n\r\n`

/** What the program would end by, while `run` runs. */
async function uncaughtDuring(run: () => Promise<unknown>): Promise<unknown[]> {
  const uncaught: unknown[] = []
  const rejected = (reason: unknown) => uncaught.push(reason)
  process.setUncaughtExceptionCaptureCallback(rejected)
  process.on('unhandledRejection', rejected)
  try {
    await run()
    for (let n = 0; n < 5; n++) await turn()
  } finally {
    process.setUncaughtExceptionCaptureCallback(null)
    process.off('unhandledRejection', rejected)
  }
  return uncaught
}

/** A Response whose body says nothing, and when that was cancelled. */
function silent(): { response: Response; cancelled: Promise<unknown> } {
  let cancel = (_: unknown) => {}
  const cancelled = new Promise((resolve) => {
    cancel = resolve
  })
  const body = new ReadableStream({ pull: () => new Promise(() => {}), cancel })
  return { response: new Response(body), cancelled }
}

describe('a standard Response', { timeout: 30_000 }, () => {
  test('whose stream is silent has its head sent', async () => {
    await using site = await serveHttp({
      transaction: (txn) => txn.respond(silent().response),
    })
    for (const method of ['GET', 'HEAD']) {
      const client = new AbortController()
      const { status } = await fetch(site.url, { method, signal: client.signal })
      assert.equal(status, 200)
      client.abort()
    }
  })

  test('is cancelled when its client has left before', async () => {
    const { response, cancelled } = silent()
    let answered: Promise<unknown> = Promise.resolve()
    await using site = await serveHttp({
      async transaction(txn) {
        await once(txn.request.signal, 'abort')
        answered = assert.rejects(txn.respond(response), { code: 'ERR_SS_DISCONNECTED' })
      },
    })
    const client = await connectTo(site.server)
    client.socket.write(get('/'))
    while (site.server.clients.size === 0) await turn()
    client.socket.resetAndDestroy()
    await cancelled
    await answered
  })

  test('is cancelled when there is a response already', async () => {
    const { response, cancelled } = silent()
    await using site = await serveHttp({
      async transaction(txn) {
        await txn.end('first')
        await assert.rejects(txn.respond(response), { code: 'ERR_SS_RESPONSE_OVER' })
      },
    })
    assert.equal(await (await fetch(site.url)).text(), 'first')
    await cancelled
  })

  test('may fail while a slow client takes what came before', async () => {
    let fail = () => {}
    const failed = new Promise<void>((resolve) => {
      fail = resolve
    })
    const body = () =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new Uint8Array(20_000_000))
          failed.then(() => controller.error(new Error('the source')))
        },
      })
    let answered: Promise<void> = Promise.resolve()
    await using site = await serveHttp({
      transaction(txn) {
        answered = txn.respond(new Response(body()))
        answered.catch(() => {})
      },
    })
    const uncaught = await uncaughtDuring(async () => {
      const [response] = (await once(http.get(site.url), 'response')) as [http.IncomingMessage]
      fail()
      for (let n = 0; n < 10; n++) await turn()
      await assert.rejects(response.toArray(), { code: 'ECONNRESET' })
      await assert.rejects(answered, { message: 'the source' })
    })
    assert.deepEqual(uncaught, [])
  })
})

describe('a server that closes', { timeout: 30_000 }, () => {
  test('lets the request that is there be the last, and says so', async () => {
    const urls: string[] = []
    let closed: Promise<void> = Promise.resolve()
    await using site = await serveHttp({
      async transaction(txn) {
        urls.push(txn.url)
        closed = site.server.close()
        await turn()
        await txn.end('x'.repeat(1000))
      },
    })
    const more = `POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'y'.repeat(1_000_000)}`
    const response = await exchange(site.server.port, get('/1') + more)
    await closed
    assert.match(response, /^connection: close\r$/m)
    assert.ok(response.endsWith(`\r\n\r\n${'x'.repeat(1000)}`))
    assert.deepEqual(urls, ['/1'])
  })

  test('wants options', async () => {
    await using site = await serveHttp({ transaction() {} })
    const nothing = null as unknown as object
    assert.throws(() => site.server.close(nothing), { code: 'ERR_INVALID_ARG_TYPE' })
  })

  for (const [name, end] of [
    ['destroyed', (server: Server) => server.destroy(new Error('enough'))],
    ['aborted', (_: Server, signal: AbortController) => signal.abort(new Error('enough'))],
  ] as const)
    test(`and is ${name}, is no exception of the program, nor the doing of a client`, async () => {
      const stop = new AbortController()
      const reasons: unknown[] = []
      const waiting = async (txn: Transaction) => {
        txn.request.signal.addEventListener('abort', () => reasons.push(txn.request.signal.reason))
        try {
          for await (const _ of txn.body) await txn.write('so far')
        } catch (error) {
          reasons.push(error)
          throw error
        }
      }
      await using site = await serveHttp({ transaction: waiting, signal: stop.signal })
      const uncaught = await uncaughtDuring(async () => {
        const client = net.connect({ port: site.server.port, host: '127.0.0.1' })
        client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
        await once(client, 'data')
        end(site.server, stop)
        await once(client.on('error', () => {}).resume(), 'close')
      })
      assert.deepEqual(uncaught, [])
      assert.equal(reasons.length, 2)
      for (const reason of reasons) {
        const error = name === 'destroyed' ? (reason as Error).cause : reason
        assert.equal((error as Error).message, 'enough')
        assert.equal(reason instanceof DestroyedError, name === 'destroyed')
      }
    })
})

describe('a transaction', { timeout: 30_000 }, () => {
  test('whose handler fails behind end() has its response', async () => {
    const uncaught = await uncaughtDuring(async () => {
      await using site = await serveHttp({
        transaction(txn) {
          txn.end('all of it')
          throw new Error('too late')
        },
      })
      assert.equal(await (await fetch(site.url)).text(), 'all of it')
    })
    assert.equal(uncaught.length, 1)
  })

  test('of HTTP/1.0 has no interim response', async () => {
    await using site = await serveHttp({
      transaction(txn) {
        txn.writeEarlyHints({ link: '</a.css>; rel=preload' })
        return txn.end('old')
      },
    })
    assert.match(
      await exchange(site.server.port, get('/', '1.0')),
      /^HTTP\/1.0 200 .*\r\n\r\nold$/s,
    )
  })

  test('has headers of any name', async () => {
    const name = 'x'.repeat(1000)
    await using site = await serveHttp({
      transaction: (txn) => txn.ack(undefined, { headers: { [name]: 'y' } }).end(),
    })
    const { headers } = await fetch(site.url)
    assert.equal(headers.get(name), 'y')
  })
})
