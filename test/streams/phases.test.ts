import assert from 'node:assert/strict'
import { constants } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Client } from 'aedes'
import { openContext, type SecureStream } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Cut,
  type Peer,
  startAedes,
  startCuttingRelay,
  starts,
  type TlsIdentity,
} from '../peers/index.js'
import {
  ownTopic,
  type ProtocolName,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

const startsWith: Record<ProtocolName, (options: { tls?: TlsIdentity }) => Promise<Peer>> = starts
const ATTEMPTS = 3
const retry = [{ quick: { backoff: [1], conceal: ATTEMPTS - 1, jitterpc: 1 } }]

const afterHeaders = (said: Buffer) => said.indexOf('\r\n\r\n') + 4

/** Where the first h2 frame ends that is as it should be. */
function afterFrame(said: Buffer, isIt: (type: number, flags: number) => boolean): number {
  for (let at = 0; at < said.length; ) {
    const end = at + 9 + said.readUIntBE(at, 3)
    if (isIt(said[at + 3] as number, said[at + 4] as number)) return end
    at = end
  }
  throw new Error('no such frame')
}

// How much of what the server says makes the stream CONNECTED, and acknowledges its message.
const CONNACK = 4
const SUBACK = 5
const PUBACK = 4
const phases: Record<ProtocolName, (said: Buffer) => { connected: number; acknowledged?: number }> =
  {
    h1: (said) => ({ connected: afterHeaders(said), acknowledged: said.length }),
    h2: (said) => ({
      connected: afterFrame(said, (type) => type === 1),
      acknowledged: afterFrame(said, (type, flags) => type === 0 && (flags & 1) === 1),
    }),
    ws: (said) => ({ connected: afterHeaders(said) }),
    mqtt: () => ({ connected: CONNACK + SUBACK, acknowledged: CONNACK + SUBACK + PUBACK }),
    raw: () => ({ connected: 0 }),
  }

interface Outcome {
  settled: string
  states: string
}

const sent = 'sent'
const failed = 'ERR_SS_ALL_RETRIES_FAILED'
const attempt = 'POLL CONNECTING'
const neverConnected: Outcome = {
  settled: failed,
  states: `CREATING ${`${attempt} UNREACHABLE `.repeat(ATTEMPTS)}ALL_RETRIES_FAILED`,
}
const cutOff: Outcome = {
  settled: 'ERR_SS_DISCONNECTED',
  states: `CREATING ${attempt} CONNECTED DISCONNECTED`,
}
const handedOver: Outcome = { settled: sent, states: cutOff.states }
const acknowledgedFirst: Outcome = {
  settled: sent,
  states: `CREATING ${attempt} CONNECTED QOS_ACK_REMOTE DISCONNECTED`,
}

/** Sends a message, and waits until nothing more will become of it. */
async function outcomeOf(stream: SecureStream): Promise<Outcome> {
  const states = traceStates(stream)
  const settled = await stream.send('hello').then(
    () => sent,
    (error) => error.code,
  )
  if (!['DISCONNECTED', 'ALL_RETRIES_FAILED'].includes(String(states.at(-1))))
    await nextState(stream, 'DISCONNECTED')
  return { settled, states: states.join(' ') }
}

/** What was made for a message may be over before lws has asked for it: then it is made again. */
function isRaceAtConnected({ settled, states }: Outcome): boolean {
  const each = new RegExp(`^CREATING( ${attempt} CONNECTED DISCONNECTED)+( ALL_RETRIES_FAILED)?$`)
  return each.test(states) && [sent, failed, cutOff.settled].includes(settled)
}

async function openThroughRelay(protocol: ProtocolName, secure: boolean) {
  const authority = await CertificateAuthority.create()
  // What a server says when it goes on with a session is shorter.
  const tls = { ...(await authority.issue()), secureOptions: constants.SSL_OP_NO_TICKET }
  const peer = await startsWith[protocol](secure ? { tls } : {})
  const relay = await startCuttingRelay(peer)
  const definition = streamtype(protocol, relay, {
    opportunistic: true,
    // A POST would not be repeated: test/field/h1-never-twice.test.ts has those.
    ...((protocol === 'h1' || protocol === 'h2') && { http_method: 'PUT' }),
    ...(secure && { tls: true }),
  })
  const policy = { ...policyOf({ it: definition }, authority), retry }
  // A context of its own, so that no idle connection of it is left.
  const whole = await openContext({ policy })
  const stream = whole.stream('it', ownTopic(protocol))
  await stream.send('hello')
  await nextMessage(stream)
  stream.destroy()
  await whole.close()
  const said = relay.said

  const context = await openContext({ policy })
  return {
    relay,
    context,
    said,
    async [Symbol.asyncDispose]() {
      await context.close()
      await relay.close()
      await peer.close()
    },
  }
}

for (const protocol of protocols)
  describe(`a connection that ends in any phase of ${protocol}`, { timeout: 60_000 }, () => {
    for (const cut of ['close', 'reset'] as Cut[])
      test(`by a ${cut}: the states say which, and send() tells the same`, async () => {
        await using through = await openThroughRelay(protocol, false)
        const { relay, context, said } = through
        const { connected, acknowledged } = phases[protocol](said)
        relay.cut = cut
        for (let at = 0; at < said.length; at++) {
          relay.cutAfter = at
          const stream = context.stream('it', ownTopic(protocol))
          const outcome = await outcomeOf(stream)
          stream.destroy()
          const complete = protocol === 'h2' && at >= (acknowledged ?? 0)
          if (protocol !== 'raw' && !complete) assert.equal(stream.stats.messagesReceived, 0)

          const afterwards = acknowledged === undefined ? handedOver : cutOff
          let expected = neverConnected
          if (at >= connected) expected = afterwards
          if (acknowledged !== undefined && at >= acknowledged) expected = acknowledgedFirst
          const overtaken = [neverConnected, afterwards, expected]
          // A reset may overtake what was said before it.
          const possible = cut === 'reset' && at > 0 ? overtaken : [expected]
          const fits =
            possible.some(
              ({ settled, states }) => settled === outcome.settled && states === outcome.states,
            ) ||
            ((at === connected || cut === 'reset') && isRaceAtConnected(outcome))
          if (!fits) assert.deepEqual({ at, ...outcome }, { at, ...expected })
        }
      })

    test('with TLS, from the middle of the handshake on', async () => {
      await using through = await openThroughRelay(protocol, true)
      const { relay, context, said } = through
      let wasConnected = false
      for (let at = 0; at < said.length - 40; at += 97) {
        relay.cutAfter = at
        const stream = context.stream('it', ownTopic(protocol))
        const outcome = await outcomeOf(stream)
        stream.destroy()
        const isConnected = outcome.states.includes(' CONNECTED')
        assert.ok(isConnected || !wasConnected, `at ${at}`)
        wasConnected = isConnected
        if (!isConnected) assert.deepEqual({ at, ...outcome }, { at, ...neverConnected })
      }
    })
  })

for (const protocol of ['h1', 'h2'] as const)
  test(`request() on ${protocol} tells an answer that never came from one that broke off`, async () => {
    await using through = await openThroughRelay(protocol, false)
    const { relay, context, said } = through
    const { connected, acknowledged } = phases[protocol](said)
    for (const at of [0, connected - 1]) {
      relay.cutAfter = at
      await assert.rejects(context.request('it', { body: 'hello' }), { code: failed })
    }
    for (const at of [connected, (acknowledged ?? 0) - 1]) {
      relay.cutAfter = at
      const reply = await context.request('it', { body: 'hello' })
      assert.equal(reply.acked, true)
      await assert.rejects(reply.bytes(), { code: cutOff.settled })
    }
  })

describe('what an MQTT broker refuses', { timeout: 20_000 }, () => {
  const notAuthorized = 5
  const badUserOrPassword = 4

  for (const [returnCode, says] of [
    [badUserOrPassword, /refused user name or password/],
    [notAuthorized, /not authorized/],
  ] as const)
    test(`a client, with return code ${returnCode}`, async () => {
      await using peer = await startAedes()
      peer.broker.authenticate = (_client, _user, _password, done) =>
        done(Object.assign(new Error('no'), { returnCode }), false)
      await using context = await openContext({
        policy: { ...policyOf({ it: streamtype('mqtt', peer) }), retry },
      })
      await using stream = context.stream('it', ownTopic('mqtt'))
      const states = traceStates(stream)
      const error = await stream.send('hello').catch((error) => error)
      assert.equal(error.code, failed)
      assert.match(error.message, says)
      assert.equal(states.join(' '), neverConnected.states)
    })

  test('a subscription, which is no concern of other streams', async () => {
    await using peer = await startAedes()
    const asked: string[] = []
    const clients = new Set<Client>()
    peer.broker.on('client', (client) => clients.add(client))
    peer.broker.authorizeSubscribe = (_client, subscription, done) => {
      asked.push(subscription.topic)
      done(null, subscription.topic.endsWith('forbidden') ? null : subscription)
    }
    await using context = await openContext({
      policy: { ...policyOf({ it: streamtype('mqtt', peer) }), retry },
    })
    await using allowed = context.stream('it', { metadata: { topic: 'allowed' } })
    const states = traceStates(allowed)
    await allowed.send('before')
    assert.equal(String(await nextMessage(allowed)), 'before')

    await using refused = context.stream('it', { metadata: { topic: 'forbidden' } })
    const error = await refused.send('hello').catch((error) => error)
    assert.equal(error.code, failed)
    assert.match(error.message, /refused the subscription/)
    assert.equal(asked.filter((topic) => topic.endsWith('forbidden')).length, ATTEMPTS)

    await allowed.send('after')
    assert.equal(String(await nextMessage(allowed)), 'after')
    assert.ok(!states.includes('DISCONNECTED'))
    assert.equal(clients.size, 1)
  })
})
