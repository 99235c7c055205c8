/** What a server of h2 takes of its clients, at most. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { H2Client, responseOf } from './h2-client.js'
import { serveH2, settled } from './h2-site.js'

describe('the limits of a server of h2', { timeout: 30_000 }, () => {
  test('takes as many streams at once as its limits say', async () => {
    for (const [limits, most] of [
      [{}, 100],
      [{ streamsPerConnection: 3 }, 3],
    ] as const) {
      const go = settled()
      let at = 0
      let peak = 0
      await using site = await serveH2({
        limits,
        async transaction(txn) {
          peak = Math.max(peak, ++at)
          if (at === most) go.settle()
          await go.promise
          at--
          return txn.ack().end()
        },
      })
      await using client = new H2Client(site.url)
      await once(client.session, 'remoteSettings')
      assert.equal(client.session.remoteSettings.maxConcurrentStreams, most)
      // Those that are too many wait in this client.
      const all = await Promise.all(Array.from({ length: 2 * most }, () => client.ask()))
      assert.ok(all.every(({ status }) => status === 200))
      assert.equal(peak, most)
    }
  })

  test('keeps to its other limits', async () => {
    await using site = await serveH2({
      limits: { headerBytes: 1000, bodyBytes: 1000, requestTimeout: 200, headersTimeout: 5000 },
      async transaction(txn) {
        const text = await new Response(txn.body).text().catch(() => undefined)
        if (text !== undefined) await txn.ack().end('all')
      },
    })
    await using client = new H2Client(site.url)
    const post = { ':method': 'POST' }
    assert.equal((await client.ask('/', {}, 'x'.repeat(1000))).status, 200)
    assert.equal((await client.ask('/', { 'x-a': 'x'.repeat(1000) })).status, 431)
    const sized = client.begin('/', { ...post, 'content-length': 1001 })
    assert.equal((await responseOf(sized)).status, 413)
    const unsized = client.begin('/', post)
    unsized.write('x'.repeat(1001))
    assert.equal((await responseOf(unsized)).status, 413)
    const slow = client.begin('/', post)
    slow.write('x')
    assert.equal((await responseOf(slow)).status, 408)
    assert.equal((await client.ask()).status, 200)
  })
})
