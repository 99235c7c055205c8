/** Handlers that answer with a standard Response. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Server, Transaction } from 'lws-secure-streams'
import { exchange } from '../support/native-http-server.js'
import { fetched, uncaught } from './fetched.js'
import { H2Client } from './h2-client.js'
import { serveHttp } from './servers.js'

describe('the response to a transaction', { timeout: 60_000 }, () => {
  test('is a standard Response', async () => {
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(Buffer.from('a'))
        for (let n = 0; n < 5; n++) await turn()
        controller.enqueue(Buffer.from('b'))
        controller.close()
      },
    })
    const response = await fetched((txn) =>
      txn.respond(new Response(body, { status: 203, headers: { 'x-y': 'z' } })),
    )
    assert.equal(response.status, 203)
    assert.equal(response.headers.get('x-y'), 'z')
    assert.equal(await response.text(), 'ab')
  })

  test('is a Response whose length is known where all of it is there', async () => {
    const response = await fetched((txn) => txn.respond(new Response('all of it')))
    assert.equal(response.headers.get('content-length'), '9')
    assert.equal((await fetched((txn) => txn.respond(new Response(null)))).status, 200)
  })

  test('is a Response that fails, which ends the connection', async () => {
    const reason = new Error('cannot go on')
    const told = uncaught()
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('a')),
      async pull(controller) {
        for (let n = 0; n < 5; n++) await turn()
        controller.error(reason)
      },
    })
    await assert.rejects(fetched((txn) => txn.respond(new Response(body))))
    assert.equal(await told, reason)
  })

  test('is 500 for a Response that fails before any of it has left', async () => {
    const reason = new Error('cannot begin')
    const told = uncaught()
    const body = new ReadableStream({ pull: (controller) => controller.error(reason) })
    const response = await fetched((txn) => txn.respond(new Response(body)))
    assert.equal(response.status, 500)
    assert.equal(await told, reason)
  })
})

describe('a response of a length that was said', { timeout: 30_000 }, () => {
  const headers = { 'content-length': '6' }
  // Behind its last byte the connection ends, or has another request, and then the handler goes on.
  const ways: Record<string, (txn: Transaction) => Promise<void>> = {
    'by write() and end()': async (txn) => {
      const over = once(txn.stream, 'state')
      await txn.ack(undefined, { headers }).write('abc')
      await txn.write('def')
      await over
      await txn.end()
      await assert.rejects(txn.end())
    },
    'by a Response whose stream ends later': (txn) => {
      const over = once(txn.stream, 'state')
      const source = async function* () {
        yield Buffer.from('abc')
        await turn()
        yield Buffer.from('def')
        await over
      }
      return txn.respond(new Response(ReadableStream.from(source()), { headers }))
    },
  }
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n'
  const clients: Record<string, (site: { url: string; server: Server }) => Promise<unknown>> = {
    'on a connection that ends': ({ server }) =>
      exchange(server.port, `${get}Connection: close\r\n\r\n`),
    'before another request': ({ server }) =>
      exchange(server.port, `${get}\r\n${get}Connection: close\r\n\r\n`),
    'on h2': async ({ url }) => {
      await using client = new H2Client(url)
      assert.equal(String((await client.ask()).body), 'abcdef')
    },
  }
  for (const [way, answer] of Object.entries(ways))
    for (const [where, ask] of Object.entries(clients))
      test(`is whole ${way}, ${where}`, async () => {
        const outcomes: Promise<boolean>[] = []
        const handle = async (txn: Transaction) => {
          const { signal } = txn.request
          await answer(txn)
          return signal.aborted
        }
        await using site = await serveHttp(
          {
            transaction(txn) {
              const outcome = handle(txn)
              outcomes.push(outcome)
              return outcome
            },
          },
          { protocol: 'h2' },
        )
        await ask(site)
        for (const isAborted of await Promise.all(outcomes)) assert.equal(isAborted, false)
      })
})
