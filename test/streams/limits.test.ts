import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { BlackHole } from '../support/black-hole.js'
import { ownTopic, policyOf, protocols, streamtype } from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

const reason = Object.assign(new Error('enough'), { code: 'MINE' })
const onLinux = { skip: process.platform === 'linux' ? false : 'needs the backlog of Linux' }

// Long after every test has ended: what ends an attempt here is never lws's own limit.
const isOver: Record<string, { code: string; end(stream: SecureStream, abort: () => void): void }> =
  {
    'startTimeout()': { code: 'ERR_SS_TIMEOUT', end: (stream) => stream.startTimeout(20) },
    "the policy's timeout_ms": { code: 'ERR_SS_TIMEOUT', end: (stream) => stream.startTimeout() },
    'disconnect()': { code: 'ERR_SS_DISCONNECTED', end: (stream) => stream.disconnect() },
    'destroy()': { code: 'ERR_SS_DESTROYED', end: (stream) => stream.destroy() },
    'its signal': { code: 'MINE', end: (_stream, abort) => abort() },
  }

describe('an attempt to reach a peer that does not answer', { timeout: 60_000, ...onLinux }, () => {
  let hole: BlackHole
  let context: Context
  before(async () => {
    hole = await BlackHole.start()
    const definitions = protocols.map((protocol) => [
      protocol,
      streamtype(protocol, hole, { endpoint: '127.0.0.1', timeout_ms: 30 }),
    ])
    context = await openContext({ policy: policyOf(Object.fromEntries(definitions)) })
  })
  after(async () => {
    context.destroy()
    await context.close()
    await hole.close()
  })

  for (const protocol of protocols) {
    for (const [by, { code, end }] of Object.entries(isOver))
      test(`${protocol}: is ended by ${by}, and so is what waits for it`, async () => {
        const controller = new AbortController()
        const { signal } = controller
        await using stream = context.stream(protocol, { ...ownTopic(protocol), signal })
        const states = traceStates(stream)
        const sent = stream.send('x')
        const read = stream[Symbol.asyncIterator]().next()
        await nextState(stream, 'CONNECTING')
        end(stream, () => controller.abort(reason))
        await assert.rejects(sent, { code })
        assert.ok(!states.includes('CONNECTED'))
        stream.destroy()
        await read.catch((error) => assert.equal(error, reason))
      })

    test(`${protocol}: goes on when its timeout is cancelled, or its send() given up`, async () => {
      await using stream = context.stream(protocol, ownTopic(protocol))
      const states = traceStates(stream)
      const controller = new AbortController()
      const given = stream.send('x', { signal: controller.signal })
      await nextState(stream, 'CONNECTING')
      stream.startTimeout(1)
      stream.cancelTimeout()
      // Another stream's time is over meanwhile, which was set later.
      await using other = context.stream(protocol, ownTopic(protocol))
      other.send('x').catch(() => {})
      other.startTimeout(10)
      await nextState(other, 'TIMEOUT')
      assert.ok(!states.includes('TIMEOUT'))
      controller.abort(reason)
      await assert.rejects(given, { code: 'MINE' })
      assert.equal(stream.destroyed, false)
    })
  }

  for (const protocol of ['h1', 'h2'] as const)
    test(`request() on ${protocol}: is ended by its timeout, and by its signal`, async () => {
      await assert.rejects(context.request(protocol, { body: 'x', timeout: 20 }), {
        code: 'ERR_SS_TIMEOUT',
      })
      const controller = new AbortController()
      const given = context.request(protocol, { body: 'x', signal: controller.signal })
      setImmediate(() => controller.abort(reason))
      await assert.rejects(given, { code: 'MINE' })
      await assert.rejects(context.request(protocol, { signal: AbortSignal.abort(reason) }), {
        code: 'MINE',
      })
    })
})
