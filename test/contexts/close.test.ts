import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { starts } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { ownTopic, policyOf, protocols, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

describe('close()', { timeout: 30_000 }, () => {
  for (const protocol of protocols) {
    test(`sends what is queued on ${protocol}`, async () => {
      await using peer = await starts[protocol]()
      const context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
      })
      const stream = context.stream('it', ownTopic(protocol))
      const queued = ['a', 'b', 'c'].map((text) => stream.send(text))
      await context.close()
      await Promise.all(queued)
    })

    test(`sends on ${protocol} what was given to a stream that has sent before`, async () => {
      await using peer = await starts[protocol]()
      const context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
      })
      const stream = context.stream('it', ownTopic(protocol))
      await stream.send('a')
      const last = stream.send('b')
      await context.close()
      await last
    })

    test(`does not wait for the next attempt on ${protocol}`, async () => {
      await using dead = await deadPort()
      const policy = policyOf({ it: streamtype(protocol, dead) })
      policy.retry = [{ quick: { backoff: [600_000], conceal: 1 } }]
      const context = await openContext({ policy })
      const stream = context.stream('it', ownTopic(protocol))
      const sent = assert.rejects(stream.send('a'), { code: 'ERR_SS_DESTROYED' })
      await nextState(stream, 'UNREACHABLE')
      await context.close()
      await sent
    })
  }

  test('may be called again and again', async () => {
    const warnings: unknown[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    await using silent = await starts.raw({ accept: () => {} })
    const context = await openContext({ policy: policyOf({ it: streamtype('ws', silent) }) })
    const sent = assert.rejects(context.stream('it').send('a'))
    const closings = Array.from({ length: 20 }, () => context.close())
    context.destroy()
    await Promise.all([sent, ...closings])
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    assert.deepEqual(warnings, [])
  })
})
