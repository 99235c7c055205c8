import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext, Return, type StateName } from 'lws-secure-streams'
import { type Peer, startRaw, starts } from '../peers/index.js'
import {
  ownTopic,
  type ProtocolName,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

const transactional = new Set<ProtocolName>(['h1', 'h2'])
const acknowledged = new Set<ProtocolName>(['h1', 'h2', 'mqtt'])

// Long enough for what is to come before it on any machine.
const WHILE = 1500

describe('the timer of startTimeout()', { timeout: 60_000, concurrency: true }, () => {
  for (const protocol of protocols) {
    test(`${protocol}: ends with what it was set for`, async () => {
      await using peer = await starts[protocol]()
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
      })
      await using stream = context.stream('it', ownTopic(protocol))
      const states = traceStates(stream)
      if (!transactional.has(protocol)) await stream.connect()
      stream.startTimeout(WHILE)
      await stream.send('x')
      if (!acknowledged.has(protocol)) {
        const disconnected = nextState(stream, 'DISCONNECTED')
        stream.disconnect()
        await disconnected
      }
      await using later = context.stream('it', ownTopic(protocol))
      later.startTimeout(WHILE)
      await nextState(later, 'TIMEOUT')
      assert.ok(!states.includes('TIMEOUT'))
    })

    test(`${protocol}: begins anew when it is set again, and is nothing without a time`, async () => {
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, { port: 1 }) }),
      })
      await using again = context.stream('it', ownTopic(protocol))
      await using without = context.stream('it', ownTopic(protocol))
      await using later = context.stream('it', ownTopic(protocol))
      const states = [again, without].map(traceStates)
      again.startTimeout(1)
      again.startTimeout(0x7fffffff)
      without.startTimeout()
      later.startTimeout(20)
      await nextState(later, 'TIMEOUT')
      for (const trace of states) assert.ok(!trace.includes('TIMEOUT'))
    })

    for (const [name, answer, wanted] of [
      ['OK', Return.OK, ['TIMEOUT']],
      ['DISCONNECT_ME', Return.DISCONNECT_ME, ['TIMEOUT', 'DISCONNECTED']],
      ['DESTROY_ME', Return.DESTROY_ME, ['TIMEOUT', 'DISCONNECTED', 'DESTROYING']],
    ] as const)
      test(`${protocol}: with handlers what follows is the handler's choice, ${name}`, async () => {
        // On h1 and h2 there is nothing to be connected without before the answer.
        const silent: Peer = transactional.has(protocol)
          ? await startRaw({ accept: (socket) => socket.resume() })
          : await starts[protocol]()
        await using peer = silent
        const context = await openContext({
          policy: policyOf({ it: streamtype(protocol, peer, { timeout_ms: 10 }) }),
        })
        const expected = transactional.has(protocol)
          ? wanted.filter((state) => state !== 'DISCONNECTED')
          : wanted
        const states: (StateName | number)[] = []
        await new Promise<void>((resolve) => {
          const ready = transactional.has(protocol) ? 'CONNECTING' : 'CONNECTED'
          context.stream('it', {
            ...ownTopic(protocol),
            state(stream, state) {
              if (state === 'CREATING') stream.requestTx(1)
              if (state === ready) stream.startTimeout()
              if (states.length > 0 || state === 'TIMEOUT') states.push(state)
              if (states.length === expected.length) resolve()
              return state === 'TIMEOUT' ? answer : undefined
            },
          })
        })
        assert.deepEqual(states, expected)
        context.destroy()
        await context.close()
      })
  }
})
