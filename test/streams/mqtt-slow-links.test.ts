import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { type SlowRelay, startMosquitto, startSlowRelay } from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const KEEP_ALIVE = 2

describe('an mqtt connection over a slow link', { timeout: 120_000, concurrency: true }, () => {
  const { file } = temporaryFolder()

  async function withLink(
    rate: number,
    use: (context: Context, relay: SlowRelay) => Promise<void>,
  ): Promise<void> {
    // It takes a part of a message for a sign of life.
    await using broker = await startMosquitto()
    const path = file(randomUUID())
    await using relay = await startSlowRelay(broker, path, { fromClient: rate })
    const slow = { endpoint: `+${path}`, mqtt_keep_alive: KEEP_ALIVE }
    await using context = await openContext({
      policy: policyOf({
        qos1: streamtype('mqtt', broker, slow),
        qos0: streamtype('mqtt', broker, { ...slow, mqtt_qos: 0 }),
        patient: streamtype('mqtt', broker, { ...slow, mqtt_qos: 0, mqtt_keep_alive: 60 }),
      }),
    })
    await use(context, relay)
  }

  for (const qos of ['qos0', 'qos1'])
    test(`lasts for an upload of three times the keep alive, for all streams: ${qos}`, () =>
      withLink(500_000, async (context, relay) => {
        const stream = context.stream(qos, ownTopic('mqtt'))
        const other = context.stream(qos, ownTopic('mqtt'))
        const states = [stream, other].map(traceStates)
        await Promise.all([stream.connect(), other.connect()])
        const payload = Buffer.alloc(3 * KEEP_ALIVE * 500_000, 'uploaded')
        const begun = performance.now()
        const sent = stream.send(payload)
        const behind = other.send('behind it')
        assert.ok(payload.equals(await nextMessage(stream)))
        assert.ok(performance.now() - begun > 1750 * KEEP_ALIVE)
        await Promise.all([sent, behind])
        assert.equal(String(await nextMessage(other)), 'behind it')
        assert.ok(!states.flat().includes('DISCONNECTED'))
        assert.equal(relay.connections, 1)
      }))

  test('lasts for many messages that together take as long', () =>
    withLink(250_000, async (context, relay) => {
      const stream = context.stream('qos1', ownTopic('mqtt'))
      await stream.connect()
      const payload = Buffer.alloc((2 * KEEP_ALIVE * 250_000) / 20)
      await Promise.all(Array.from({ length: 20 }, () => stream.send(payload)))
      assert.equal(relay.connections, 1)
    }))

  test('is given up when nothing moves any more, amid an upload too', () =>
    withLink(500_000, async (context, relay) => {
      const stream = context.stream('qos1', ownTopic('mqtt'))
      await stream.connect()
      relay.holds = true
      const lost = nextState(stream, 'DISCONNECTED')
      const sent = stream.send(Buffer.alloc(4_000_000))
      await assert.rejects(sent, { code: 'ERR_SS_DISCONNECTED' })
      await lost
      assert.match(stream.lastError?.message ?? '', /did not answer a ping/)
    }))

  // libwebsockets waits 15 s for a SUBACK.
  test('is subscribed on behind what takes long to arrive', () =>
    withLink(10_000, async (context, relay) => {
      const stream = context.stream('patient', ownTopic('mqtt'))
      await stream.connect()
      // The socket has it.
      await stream.send(Buffer.alloc(200_000))
      const late = context.stream('patient', ownTopic('mqtt'))
      const states = traceStates(late)
      await late.connect()
      assert.ok(!states.includes('UNREACHABLE'))
      assert.equal(relay.connections, 1)
    }))
})
