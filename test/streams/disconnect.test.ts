import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { startHoldingRelay, starts, startWebSocket } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import {
  ownTopic,
  type ProtocolName,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'
import { standstill } from '../support/standstill.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'
import { portsOfPeers } from '../support/suite-peers.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const MINUTES = 600_000
// biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
const hanging = { http_url: '${path}', metadata: [{ path: '' }] }

describe('after disconnect()', { timeout: 60_000 }, () => {
  const ports = portsOfPeers(starts)
  let context: Context

  before(async () => {
    const withoutRetry = (protocol: ProtocolName) => {
      const { retry: _, ...definition } = streamtype(protocol, { port: ports[protocol] })
      return definition
    }
    const each = (name: string, more = {}) =>
      protocols.map((protocol) => [`${protocol} ${name}`, { ...withoutRetry(protocol), ...more }])
    const policy = policyOf(
      Object.fromEntries([
        ...each('once'),
        ...each('patient', { retry: 'patient' }),
        ...each('nailed up', { retry: 'patient', nailed_up: true, opportunistic: false }),
        ...(['h1', 'h2'] as const).map((protocol) => [
          `${protocol} hanging`,
          { ...withoutRetry(protocol), ...hanging },
        ]),
      ]),
    )
    policy.retry = [{ patient: { backoff: [MINUTES], conceal: 1 } }]
    context = await openContext({ policy })
  })
  after(() => context.destroy())

  async function echoes(stream: SecureStream, text: string): Promise<void> {
    await stream.send(text)
    assert.equal(String(await nextMessage(stream)), text)
  }

  for (const protocol of protocols)
    for (const policy of ['once', 'patient']) {
      const open = () => context.stream(`${protocol} ${policy}`, ownTopic(protocol))

      test(`of a ${protocol} stream (${policy}), what is sent makes the next connection`, async () => {
        await using stream = open()
        const states = traceStates(stream)
        for (const text of ['one', 'two', 'three']) {
          await stream.connect()
          stream.disconnect()
          await echoes(stream, text)
        }
        for (const state of ['ALL_RETRIES_FAILED', 'TIMEOUT'] as const)
          assert.ok(!states.includes(state), states.join())
      })

      test(`of a ${protocol} stream (${policy}) that connects, it does so as well`, async () => {
        await using stream = open()
        for (const text of ['one', 'two', 'three']) {
          const sent = assert.rejects(stream.send('lost'), { code: 'ERR_SS_DISCONNECTED' })
          stream.disconnect()
          await sent
          await echoes(stream, text)
        }
      })

      test(`connect() of a ${protocol} stream (${policy}) makes a connection`, async () => {
        await using stream = open()
        await stream.connect()
        const { connections } = stream.stats
        stream.disconnect()
        await stream.connect()
        assert.equal(stream.stats.connections, connections + 1)
      })
    }

  for (const protocol of ['ws', 'mqtt', 'raw'] as const)
    test(`a ${protocol} stream that is nailed up connects at once`, async () => {
      await using stream = context.stream(`${protocol} nailed up`, ownTopic(protocol))
      await nextState(stream, 'CONNECTED')
      const again = nextState(stream, 'CONNECTED')
      stream.disconnect()
      await again
    })

  for (const protocol of ['h1', 'h2'] as const) {
    test(`by a signal, on ${protocol}, the messages behind the one go on`, async () => {
      await using stream = context.stream(`${protocol} hanging`, { metadata: { path: 'hang' } })
      const aborter = new AbortController()
      const given = stream.send('up', { signal: aborter.signal })
      await nextState(stream, 'CONNECTING')
      stream.setMetadata('path', 'echo')
      const next = stream.send('next')
      aborter.abort(new Error('enough'))
      await assert.rejects(given, { message: 'enough' })
      await next
      assert.equal(String(await nextMessage(stream)), 'next')
    })

    test(`by a time limit, on ${protocol}, what is sent goes on`, async () => {
      await using stream = context.stream(`${protocol} hanging`, { metadata: { path: 'hang' } })
      const late = stream.send('late')
      stream.startTimeout(50)
      await assert.rejects(late, { code: 'ERR_SS_TIMEOUT' })
      stream.setMetadata('path', 'echo')
      await echoes(stream, 'next')
    })

    test(`connect(), or requestTx(), and send() are one ${protocol} transaction`, async () => {
      for (const call of ['connect', 'requestTx'] as const) {
        await using stream = context.stream(`${protocol} once`)
        const states = traceStates(stream)
        const connected = stream[call]()
        await echoes(stream, 'it')
        await connected
        assert.equal(states.filter((state) => state === 'CONNECTING').length, 1)
      }
    })
  }
})

test('connect() ends with the time limit of what it connects for', {
  timeout: 20_000,
}, async () => {
  await using silent = await starts.raw({ accept: () => {} })
  await using context = await openContext({ policy: policyOf({ it: streamtype('ws', silent) }) })
  await using stream = context.stream('it')
  const [connected, sent] = [stream.connect(), stream.send('it')]
  stream.startTimeout(50)
  for (const pending of [connected, sent]) await assert.rejects(pending, { code: 'ERR_SS_TIMEOUT' })
})

test('connect() of a destroyed stream rejects, and nobody has to wait for that', async () => {
  await using dead = await deadPort()
  await using context = await openContext({ policy: policyOf({ it: streamtype('ws', dead) }) })
  const stream = context.stream('it')
  stream.destroy()
  await assert.rejects(stream.connect(), { code: 'ERR_SS_DESTROYED' })
  // The test fails by what is not handled.
  stream.connect()
  await stream[Symbol.asyncDispose]()
})

test('what is unsent when disconnect() is called keeps nothing of the next connection', {
  timeout: 30_000,
}, async () => {
  await using peer = await startWebSocket({ echo: false })
  const socket = temporaryFolder().file('socket')
  await using relay = await startHoldingRelay(peer, { path: socket })
  const endpoint = { endpoint: `+${socket}`, port: 0, opportunistic: true }
  await using context = await openContext({
    policy: policyOf({ it: streamtype('ws', peer, endpoint) }),
  })
  let left = 0
  let asked = () => {}
  const stream = context.stream('it', {
    tx(stream, { room }) {
      asked()
      if (left === 0) return undefined
      if (--left > 0) stream.requestTx()
      return { data: Buffer.alloc(Math.min(room, 20_000)), som: true, eom: true }
    },
  })
  await stream.connect()
  relay.hold()
  left = 1000
  stream.requestTx()
  await standstill(() => left)
  assert.notEqual(left, 0)
  left = 0
  const nextTx = new Promise<void>((resolve) => {
    asked = resolve
  })
  stream.disconnect()
  stream.requestTx()
  // It is there still: what follows has to wait.
  relay.pass()
  await nextTx
  assert.equal(stream.state, 'CONNECTED')
  stream.destroy()
})
