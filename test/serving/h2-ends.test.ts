/** How a server of h2 ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { describe, test } from 'node:test'
import { responseOf } from './h2-client.js'
import { connected, settled } from './h2-site.js'

const { NGHTTP2_NO_ERROR } = http2.constants

describe('a server of h2 that closes', { timeout: 30_000 }, () => {
  test('says GOAWAY, and lets transactions end', async () => {
    const go = settled()
    await using site = await connected(async (txn) => {
      txn.ack()
      await txn.write('begun')
      await go.promise
      return txn.end(' and ended')
    })
    const stream = site.client.begin()
    const response = responseOf(stream)
    await once(stream, 'readable')
    const goaway = once(site.client.session, 'goaway')
    const closed = site.server.close()
    assert.equal((await goaway)[0], NGHTTP2_NO_ERROR)
    go.settle()
    assert.equal(String((await response).body), 'begun and ended')
    await closed
  })

  test('says GOAWAY to clients without a request', async () => {
    await using site = await connected((txn) => txn.ack().end())
    await site.client.ask()
    const goaway = once(site.client.session, 'goaway')
    await site.server.close()
    await goaway
  })

  test('waits no longer than it is told', async () => {
    await using site = await connected((txn) => txn.ack().write('begun'))
    const stream = site.client.begin()
    stream.on('error', () => {})
    await once(stream, 'data')
    const began = Date.now()
    await site.server.close({ timeout: 100 })
    assert.ok(Date.now() - began < 5_000)
  })

  test('ends all at once by destroy()', async () => {
    await using site = await connected((txn) => txn.ack().write('begun'))
    const stream = site.client.begin()
    stream.on('error', () => {})
    await once(stream, 'data')
    const closed = once(site.client.session, 'close')
    site.server.destroy()
    await closed
  })
})
