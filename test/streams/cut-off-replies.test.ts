// Replies whose context is destroyed while they are read: a part of one is not taken for the whole.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { openContext, type Reply } from 'lws-secure-streams'
import { startHandling } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const ways: Record<string, (reply: Reply) => Promise<unknown>> = {
  'text()': (reply) => reply.text(),
  'toResponse()': (reply) => reply.toResponse().text(),
  body: (reply) => Readable.from(reply.body).toArray(),
}

describe('a reply that is cut off by destroy()', { timeout: 60_000 }, () => {
  for (const protocol of ['h1', 'h2'] as const)
    for (const [way, read] of Object.entries(ways))
      test(`rejects on ${protocol}: ${way}`, async () => {
        await using peer = await startHandling(protocol, (_, response) => response.write('half'))
        const get = streamtype(protocol, peer, { http_method: 'GET' })
        await using context = await openContext({ policy: policyOf({ get }) })
        const reading = read(await context.request('get'))
        setImmediate(() => context.destroy())
        await assert.rejects(reading, { code: 'ERR_SS_DESTROYED' })
      })
})
