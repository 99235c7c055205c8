// Replies as standard Responses.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  type Http1Peer,
  type Http2Peer,
  patternBytes,
  startHttp1,
  startHttp2,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

for (const protocol of ['h1', 'h2'] as const)
  describe(`toResponse() on ${protocol}`, { timeout: 60_000 }, () => {
    let peer: Http1Peer | Http2Peer
    let context: Context

    before(async () => {
      peer = await (protocol === 'h1' ? startHttp1() : startHttp2())
      const get = streamtype(protocol, peer, {
        http_method: 'GET',
        allow_redirects: true,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        http_url: '${path}',
        metadata: [{ path: '' }],
      })
      context = await openContext({ policy: policyOf({ get }) })
    })
    after(async () => {
      await context.close()
      await peer.close()
    })
    const get = (path: string) => context.request('get', { metadata: { path } })

    test('has what fetch() would give', async () => {
      const response = (await get('bytes/200000')).toResponse()
      assert.ok(response instanceof Response)
      assert.deepEqual([response.status, response.ok, response.redirected], [200, true, false])
      assert.equal(response.url, `http://localhost:${peer.port}/bytes/200000`)
      assert.equal(response.headers.get('content-type'), 'text/x-test')
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(patternBytes(200_000)))
      const redirected = (await get('redirect/302/there')).toResponse()
      assert.equal(redirected.redirected, true)
      assert.equal(redirected.url, `http://localhost:${peer.port}/there`)
      assert.equal(await redirected.text(), 'GET /there')
    })

    for (const status of [204, 205, 304])
      test(`${status} has no body`, async () => {
        const response = (await get(`status/${status}`)).toResponse()
        assert.equal(response.status, status)
        assert.equal(response.body, null)
        assert.equal(await response.text(), '')
      })

    // node:http2 sends no such status.
    const skip = protocol === 'h2'
    test('a status that Response does not know is what it is', { skip }, async () => {
      const response = (await get('status/999')).toResponse()
      assert.deepEqual([response.status, response.ok], [999, false])
      assert.equal(await response.text(), 'GET /status/999')
    })

    test('a clone has all of it, too', async () => {
      const response = (await get('status/404')).toResponse()
      const clone = response.clone()
      assert.equal(clone.url, response.url)
      assert.equal(clone.status, 404)
      assert.equal(await clone.text(), await response.text())
    })

    test('has the payload from then on', async () => {
      const reply = await get('x')
      const response = reply.toResponse()
      assert.throws(() => reply.toResponse(), { code: 'ERR_INVALID_STATE' })
      await assert.rejects(reply.text(), { code: 'ERR_INVALID_STATE' })
      assert.equal(await response.text(), 'GET /x')
    })

    test('an answer that is cut short rejects', async () => {
      const response = (await get('truncate')).toResponse()
      await assert.rejects(response.text(), { code: 'ERR_SS_DISCONNECTED' })
    })

    test('cancelling the body, or a signal, ends the transaction', async () => {
      const endless = `keystream/${2 ** 40}`
      const response = (await get(endless)).toResponse()
      await response.body?.cancel()
      const unread = (await get(endless)).toResponse()
      const reader = unread.body?.getReader()
      await reader?.read()
      await reader?.cancel()
      const controller = new AbortController()
      const { signal } = controller
      const aborted = await context.request('get', { metadata: { path: endless }, signal })
      const reading = aborted.toResponse().arrayBuffer()
      const reason = new Error('enough')
      controller.abort(reason)
      await assert.rejects(reading, (error) => error === reason)
      while (context.stats.streams > 0) await new Promise(setImmediate)
    })
  })
