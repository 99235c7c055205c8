import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startHttp1, startHttp2, startWebSocket } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')

describe('an endpoint', { timeout: 60_000 }, () => {
  /** What is asked for, by `protocol` at `endpoint`. */
  async function asksFor(protocol: 'h1' | 'h2' | 'ws', endpoint: (port: number) => string) {
    const host = endpoint(1).includes('::1') ? '::1' : '127.0.0.1'
    const starts = { h1: startHttp1, h2: startHttp2, ws: startWebSocket }
    await using peer = await starts[protocol]({ host })
    const more = { endpoint: endpoint(peer.port), http_url: 'from/the/policy?x=1' }
    await using context = await openContext({
      policy: policyOf({ it: streamtype(protocol, peer, more) }),
    })
    if ('urls' in peer) {
      await using stream = context.stream('it')
      await stream.connect()
      return peer.urls[0]
    }
    await (await context.request('it', { body: 'x' })).bytes()
    return peer.requests[0]?.url
  }

  const withoutPath = { '::1': () => '::1', '[::1]': () => '[::1]', 'host:port': atPort }
  function atPort(port: number) {
    return `localhost:${port}`
  }

  for (const protocol of ['h1', 'h2', 'ws'] as const)
    for (const [what, endpoint] of Object.entries(withoutPath)) {
      const skip = what.includes('::1') && !hasIpv6 && 'there is no ::1 here'
      test(`${what} leaves the path of ${protocol} to the policy`, { skip }, async () => {
        assert.equal(await asksFor(protocol, endpoint), '/from/the/policy?x=1')
      })
    }

  test('that is a URL has a path of its own', async () => {
    const endpoint = (port: number) => `http://localhost:${port}/its/own`
    assert.equal(await asksFor('h1', endpoint), '/its/own')
    assert.equal(await asksFor('h1', (port) => `http://localhost:${port}/`), '/')
  })
})
