/** How long a server of h1 waits for what, by the clock: its limit for a silent client is 15 s. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Transaction } from 'lws-secure-streams'
import { serveHttp } from './servers.js'

const LIMIT = 15_000
const LONGER = LIMIT + 3000

async function lengthOf({ body }: Transaction): Promise<number> {
  let length = 0
  for await (const data of body) length += data.length
  return length
}

/** The text of the response to what `write` sends. */
async function upload(url: string, write: (request: http.ClientRequest) => unknown) {
  const request = http.request(url, { method: 'POST' })
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>
  await Promise.all([write(request), answered])
  const [response] = await answered
  return String(Buffer.concat(await response.toArray()))
}

describe('a server of h1 waits', { timeout: 60_000, concurrency: true }, () => {
  test('for an upload that takes long', async () => {
    await using site = await serveHttp({
      transaction: async (txn) => txn.ack().end(`${await lengthOf(txn)}`),
    })
    const text = await upload(site.url, async (request) => {
      for (let n = 0; n < 9; n++) {
        request.write('x')
        await wait(LONGER / 9)
      }
      request.end()
    })
    assert.equal(text, '9')
  })

  test('for a handler that takes its time to read', async () => {
    await using site = await serveHttp({
      async transaction(txn) {
        await wait(LONGER)
        await txn.ack().end(`${await lengthOf(txn)}`)
      },
    })
    const text = await upload(site.url, (request) => request.end(Buffer.alloc(20_000_000)))
    assert.equal(text, '20000000')
  })

  test('for a handler that takes its time to answer', async () => {
    await using site = await serveHttp({
      async transaction(txn) {
        await wait(LONGER)
        await txn.ack().end('late')
      },
    })
    assert.equal(await (await fetch(site.url)).text(), 'late')
  })

  test('no longer than its limit for a client that is silent amid its body', async () => {
    await using site = await serveHttp({
      transaction: async (txn) => txn.ack().end(`${await lengthOf(txn)}`),
    })
    const begun = performance.now()
    const request = http.request(site.url, { method: 'POST' })
    request.write('x')
    const [{ statusCode }] = await once(request, 'response')
    assert.equal(statusCode, 408)
    assert.ok(performance.now() - begun > LIMIT - 1500)
    request.destroy()
  })
})
