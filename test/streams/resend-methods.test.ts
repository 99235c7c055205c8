import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startHandling } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

describe('with the option resend, what was lost with its connection', { timeout: 20_000 }, () => {
  for (const protocol of ['h1', 'h2'] as const)
    for (const [method, isSentAgain] of [
      ['PUT', true],
      ['POST', false],
      ['PATCH', false],
    ] as const)
      test(`${protocol} ${method}: ${isSentAgain ? 'is sent again' : 'is not'}`, async () => {
        let requests = 0
        await using peer = await startHandling(protocol, (request, response) => {
          const isFirst = ++requests === 1
          request.resume().on('end', () => {
            if (isFirst) peer.dropConnections()
            else response.end()
          })
        })
        const it = streamtype(protocol, peer, { http_method: method })
        await using context = await openContext({ policy: policyOf({ it }) })
        await using stream = context.stream('it', { resend: true })
        const sent = stream.send('x'.repeat(100_000))
        if (isSentAgain) await sent
        else await assert.rejects(sent, { code: 'ERR_SS_DISCONNECTED' })
        assert.equal(requests, isSentAgain ? 2 : 1)
      })
})
