// A connection that its server ends just when the next request is on its way, as all servers do with idle ones.
// A client cannot know which of the two was first. Those that sent a POST again did it twice (nahi/httpclient
// #142, oven-sh/bun #28706, and what was asked of request-retry, #145, and InsForge, #1813), and those that sent
// nothing again failed where they need not (nodejs/node #47130, golang/go #22158). On h2 there is a GOAWAY that
// says which requests were not looked at, if the client reads it (nodejs/node #55888, httpcore #654).

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { type RaceEnd, startRacing } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const TIMES = 60
const MICROSECONDS = 300
const races: ['h1' | 'h2', RaceEnd][] = [
  ['h1', 'reset'],
  ['h1', 'end'],
  ['h2', 'reset'],
  ['h2', 'end'],
  ['h2', 'goaway'],
]

describe('a request that races with the end of its connection', { timeout: 60_000 }, () => {
  for (const [protocol, end] of races)
    for (const method of ['POST', 'PUT', 'GET'])
      test(`is done once, or not at all if it must not be repeated: ${protocol}, ${end}, ${method}`, async () => {
        await using peer = await startRacing({ protocol, end, spread: MICROSECONDS })
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        const target = { http_method: method, http_url: '${n}', metadata: [{ n: '' }] }
        await using context = await openContext({
          policy: policyOf({ it: streamtype(protocol, peer, target) }),
        })
        const failed = new Set<string>()
        for (let n = 0; n < TIMES; n++) {
          const metadata = { n: `${n}` }
          try {
            const body = method === 'GET' ? {} : { body: 'x'.repeat((n % 5) * 10_000 + 1) }
            const reply = await context.request('it', { metadata, ...body })
            // The end of the connection may take that of the answer with it.
            if (end === 'goaway') assert.equal(await reply.text(), 'done')
            else await reply.text().catch(() => {})
          } catch (error) {
            assert.equal((error as { code: unknown }).code, 'ERR_SS_DISCONNECTED')
            assert.equal(method, 'POST')
            failed.add(`/${n}`)
          }
        }
        const { asked, connections } = await peer.seen()
        assert.ok(connections > TIMES / 4, `${connections} connections`)
        for (let n = 0; n < TIMES; n++) {
          const times = asked.get(`/${n}`) ?? 0
          if (method === 'POST') assert.ok(times === 1 || (times === 0 && failed.has(`/${n}`)))
          else assert.ok(times >= 1)
        }
        if (end === 'goaway') assert.equal(failed.size, 0)
      })
})
