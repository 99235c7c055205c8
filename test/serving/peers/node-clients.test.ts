/** Clients in JavaScript of a server of h1 and ws, many requests at a time. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import autocannon from 'autocannon'
import { Client } from 'undici'
import WebSocket from 'ws'
import { bigBody, serveSite } from './site.js'

describe('clients of npm and Node', { timeout: 60_000 }, () => {
  let site: Awaited<ReturnType<typeof serveSite>>
  before(async () => {
    site = await serveSite()
  })
  after(() => site[Symbol.asyncDispose]())

  for (const [name, options] of [
    ['in pipelines', { pipelining: 10, expectBody: 'hello ' }],
    ['with bodies', { method: 'POST', body: 'x'.repeat(5000), url: '/echo' }],
    ['on connections that end', { headers: { connection: 'close' }, expectBody: 'hello ' }],
  ] as const)
    test(`autocannon is answered ${name}`, async () => {
      const { url, ...more } = { url: '/', ...options }
      const told = await autocannon({
        ...more,
        amount: 2000,
        connections: 20,
        url: site.url + url,
      })
      assert.deepEqual([told.errors, told.timeouts, told.non2xx, told.mismatches], [0, 0, 0, 0])
      // It sometimes ends before it has heard of the last ones, with any server.
      assert.ok(told['2xx'] > 500)
    })

  test('undici has its pipeline answered in order, with bodies among it', async () => {
    await using client = {
      client: new Client(site.url, { pipelining: 20 }),
      [Symbol.asyncDispose]() {
        return this.client.destroy()
      },
    }
    const all = Array.from({ length: 200 }, async (_, n) => {
      const isUpload = n % 5 === 0
      const { body } = await client.client.request({
        path: isUpload ? '/echo' : `/?n=${n}`,
        // What has a body is not repeated, and may wait for its turn.
        ...(isUpload ? { method: 'PUT', body: `hello ${n}`, idempotent: true } : { method: 'GET' }),
      })
      return body.text()
    })
    assert.deepEqual(
      await Promise.all(all),
      all.map((_, n) => `hello ${n}`),
    )
  })

  test('undici streams a body both ways', async () => {
    const client = new Client(site.url)
    const big = bigBody(8_000_000)
    const pieces = Readable.from(
      Array.from({ length: 80 }, (_, n) => big.subarray(n * 100_000, (n + 1) * 100_000)),
    )
    const { body } = await client.request({ path: '/echo', method: 'POST', body: pieces })
    assert.ok(big.equals(Buffer.from(await body.arrayBuffer())))
    await client.destroy()
  })

  test('others are served while undici leaves amid answers', async () => {
    const leaving = Array.from({ length: 50 }, async () => {
      const client = new Client(site.url)
      const { body } = await client.request({ path: '/big?length=50000000', method: 'GET' })
      await once(body, 'readable')
      await client.destroy()
    })
    const staying = Array.from({ length: 50 }, async (_, n) =>
      (await fetch(`${site.url}/?n=${n}`)).text(),
    )
    await Promise.all(leaving)
    assert.equal((await Promise.all(staying)).at(-1), 'hello 49')
  })

  test('node:http asks whether to continue, and is heard', async () => {
    const request = http.request(`${site.url}/digest`, {
      method: 'POST',
      headers: { expect: '100-continue', 'transfer-encoding': 'chunked' },
    })
    request.flushHeaders()
    await once(request, 'continue')
    request.end('abc')
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    assert.match(String(Buffer.concat(await response.toArray())), /^POST 3 ba7816bf/)
  })

  test('ws offers compression, and is answered without', async () => {
    const socket = new WebSocket(site.url.replace('http', 'ws'), 'chat', {
      perMessageDeflate: true,
    })
    await once(socket, 'open')
    const count = 2000
    const heard: string[] = []
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        heard.push(String(data))
        if (heard.length === count) resolve()
      })
    })
    for (let n = 0; n < count; n++) socket.send(`message ${n}`)
    await all
    assert.deepEqual(
      heard,
      Array.from({ length: count }, (_, n) => `message ${n}`),
    )
    socket.close()
    assert.equal((await once(socket, 'close'))[0], 1005)
  })
})
