import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'
import { disposedAfterSuite } from '../support/suite-peers.js'

describe('the stack of an error names who waits', { timeout: 20_000 }, () => {
  const peers = disposedAfterSuite()
  let context: Context

  before(async () => {
    const dead = await deadPort()
    peers.push(dead)
    context = await openContext({
      policy: policyOf({
        http: streamtype('h1', dead, { http_method: 'GET' }),
        ws: streamtype('ws', dead),
      }),
    })
  })
  after(() => context.destroy())

  const waits: Record<string, () => Promise<unknown>> = {
    'for a reply': () => context.request('http'),
    'for its message to be sent': () => context.stream('ws').send('it'),
    'until it is destroyed': () => {
      const stream = context.stream('ws')
      const sent = stream.send('it')
      stream.destroy()
      return sent
    },
  }
  for (const [what, wait] of Object.entries(waits))
    test(what, async () => {
      async function theCaller() {
        await wait()
      }
      await assert.rejects(theCaller(), ({ stack, message }: Error) => {
        assert.ok(stack?.includes(message))
        assert.match(stack ?? '', /at async theCaller /)
        return true
      })
    })

  test('of several that wait for one error, none, and what made it if nobody waits', async () => {
    const stream = context.stream('ws')
    const all = [1, 2].map((n) => stream.send(`${n}`))
    const outcomes = await Promise.allSettled([...all, context.request('http')])
    for (const outcome of outcomes) {
      assert.ok(outcome.status === 'rejected')
      assert.match(outcome.reason.stack, /\n +at /)
    }
  })

  test('but what a signal was aborted with is left as it is', async () => {
    const reason = new Error('enough')
    const { stack } = reason
    const aborter = new AbortController()
    const reply = context.request('http', { signal: aborter.signal })
    aborter.abort(reason)
    await assert.rejects(reply, (error: Error) => error === reason && error.stack === stack)
  })
})
