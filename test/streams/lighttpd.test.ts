import assert from 'node:assert/strict'
import http, { type ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startLighttpd } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, quickRetry, streamtype } from '../support/policies.js'

/** As many as lighttpd takes on a connection. */
const SLOTS = 8
const REQUESTS = 20

describe('lighttpd', { timeout: 60_000 }, () => {
  for (const isRetried of [false, true])
    test(`stopped gracefully amid requests of h2 leaves none pending, ${isRetried ? 'with' : 'without'} retry`, async () => {
      const held: ServerResponse[] = []
      let onFull = () => {}
      const full = new Promise<void>((resolve) => {
        onFull = resolve
      })
      await using backend = await ServerPeer.listen(
        http.createServer((_request, response) => {
          if (held.push(response) === SLOTS) onFull()
        }),
      )
      await using peer = await startLighttpd(backend)
      const { retry: _, ...without } = streamtype('h2', peer, { http_method: 'GET' })
      const it = isRetried ? { ...without, retry: 'quick' } : without
      await using context = await openContext({
        policy: { ...policyOf({ it }), retry: [{ quick: quickRetry }] },
      })
      const ended = Array.from({ length: REQUESTS }, async () => {
        try {
          return await (await context.request('it')).text()
        } catch (error) {
          return error as Error & { code: string; cause: Error }
        }
      })
      await full
      await peer.stopGracefully()
      for (const response of held) response.end('answer')
      // Those that wait are sent to a port that nobody listens at any more.
      const ends = await Promise.all(ended)
      const failed = ends.filter((end) => typeof end !== 'string')
      assert.equal(failed.length, REQUESTS - SLOTS)
      for (const { code, message } of failed) {
        assert.equal(code, 'ERR_SS_ALL_RETRIES_FAILED')
        assert.match(message, /refused/)
      }
    })
})
