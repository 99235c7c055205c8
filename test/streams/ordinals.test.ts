import assert from 'node:assert/strict'
import dns from 'node:dns/promises'
import { describe, test } from 'node:test'
import { openContext, type SecureStream, type StateName } from 'lws-secure-streams'
import { starts } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import {
  ownTopic,
  type ProtocolName,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'
import { nextMessage, nextState } from '../support/states.js'

const transactional = new Set<ProtocolName>(['h1', 'h2'])
const acknowledged = new Set<ProtocolName>(['h1', 'h2', 'mqtt'])

type Step = [state: StateName | number, ordinal: number]

function trace(stream: SecureStream): Step[] {
  const steps: Step[] = []
  stream.on('state', (state, ordinal) => steps.push([state, ordinal]))
  return steps
}

const failed = (ordinal: number): Step[] => [
  ['CREATING', 0],
  ...Array.from({ length: 3 }, (): Step[] => [
    ['POLL', 0],
    ['CONNECTING', 0],
    ['UNREACHABLE', ordinal],
  ]).flat(),
  ['ALL_RETRIES_FAILED', 0],
  ['DESTROYING', 0],
]

describe('each state has its ordinal', { timeout: 30_000 }, () => {
  for (const protocol of protocols) {
    test(`${protocol}: 0, when all goes well, and when time is over`, async () => {
      await using peer = await starts[protocol]()
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
      })
      const stream = context.stream('it', ownTopic(protocol))
      const steps = trace(stream)
      await stream.send('x')
      await nextMessage(stream)
      if (transactional.has(protocol) && stream.state !== 'DISCONNECTED')
        await nextState(stream, 'DISCONNECTED')
      stream.startTimeout(1)
      await nextState(stream, 'TIMEOUT')
      await stream[Symbol.asyncDispose]()
      const wanted: (StateName | false)[] = [
        'CREATING',
        'POLL',
        'CONNECTING',
        'CONNECTED',
        acknowledged.has(protocol) && 'QOS_ACK_REMOTE',
        transactional.has(protocol) && 'DISCONNECTED',
        'TIMEOUT',
        !transactional.has(protocol) && 'DISCONNECTED',
        'DESTROYING',
      ]
      assert.deepEqual(
        steps,
        wanted.filter(Boolean).map((state) => [state, 0]),
      )
    })

    test(`${protocol}: 0 for a peer that is not there`, async () => {
      await using nobody = await deadPort()
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, nobody, { endpoint: '127.0.0.1' }) }),
      })
      const stream = context.stream('it', ownTopic(protocol))
      const steps = trace(stream)
      await assert.rejects(stream.send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      await stream[Symbol.asyncDispose]()
      assert.deepEqual(steps, failed(0))
    })

    test(`${protocol}: 1 when nobody can be asked for the name, 0 when there is none`, async () => {
      const endpoint = 'nowhere.invalid'
      // Whether this machine can ask anybody is told by another.
      const { code } = await dns.lookup(endpoint).catch((error) => error)
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, { port: 1 }, { endpoint }) }),
      })
      const stream = context.stream('it', ownTopic(protocol))
      const steps = trace(stream)
      await assert.rejects(stream.send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      await stream[Symbol.asyncDispose]()
      assert.deepEqual(steps, failed(code === 'ENOTFOUND' ? 0 : 1))
    })

    test(`${protocol}: tx is told how often it was asked, over all connections`, async () => {
      await using peer = await starts[protocol]()
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
      })
      const ordinals: number[] = []
      let connections = 0
      await new Promise<void>((resolve) => {
        context
          .stream('it', {
            ...ownTopic(protocol),
            state(stream, state) {
              if (state === 'CREATING') stream.requestTx(1)
              if (state !== 'DISCONNECTED') return
              if (++connections < 3) stream.requestTx(1)
              else stream.destroy()
            },
            tx(_stream, { ordinal }) {
              ordinals.push(ordinal)
              return { data: 'x', som: true, eom: true }
            },
            rx(stream, data) {
              if (data.length > 0 && !transactional.has(protocol)) stream.disconnect()
            },
          })
          .on('state', (state) => state === 'DESTROYING' && resolve())
      })
      assert.ok(ordinals.length >= 3)
      assert.deepEqual(ordinals, [...ordinals.keys()])
    })
  }

  test('a state of http_resp_map has 0 as well', async () => {
    await using peer = await starts.h1()
    await using context = await openContext({
      policy: policyOf({
        it: streamtype('h1', peer, {
          http_url: '/status/404',
          http_resp_map: [{ 404: 1404 }],
        }),
      }),
    })
    const stream = context.stream('it')
    const steps = trace(stream)
    await assert.rejects(stream.send('x'), { code: 'ERR_SS_NACK', state: 1404 })
    assert.deepEqual(steps.slice(2, 6), [
      ['CONNECTING', 0],
      [1404, 0],
      ['CONNECTED', 0],
      ['QOS_NACK_REMOTE', 0],
    ])
  })
})
