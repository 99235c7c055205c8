/**
 * What users of other MQTT clients reported of sending, rebuilt:
 *
 * - MQTTnet 731 and Eclipse Paho for Java 310: to publish with QoS 1 where a message is handled, and to wait for
 *   that, never ended.
 * - Eclipse Paho for Python 914: a message that takes longer to arrive than the keep alive ended its connection.
 * - Eclipse Mosquitto's client 62 and MQTT-Client-Framework 169: over a slow link one message arrived several
 *   times, since it was repeated while it was still leaving, or its acknowledgement was.
 * - Eclipse Paho for Go 487 and for Java 85: what was sent again after a connection was lost lacked DUP, and a
 *   broker that takes this for a second use of the packet identifier hung up, for ever.
 * - Eclipse Paho for Python 900: the longest topic and the longest payload, each allowed, made a packet together
 *   whose length cannot be said, and the broker hung up.
 * - AWS IoT Device SDK for JavaScript 80 and 134: of the requests for device shadows that were made one behind the
 *   other some timed out, since an answer came before the subscription or after its end.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import type { AedesPublishPacket, Client } from 'aedes'
import { openContext } from 'lws-secure-streams'
import {
  startAedes,
  startMosquitto,
  startMqttRelay,
  startScriptedBroker,
  startSlowRelay,
} from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { nextMessage, traceStates } from '../support/states.js'
import { temporaryFolder } from '../support/temporary-folder.js'

describe('as users of other MQTT clients met it', { timeout: 120_000, concurrency: true }, () => {
  const { file } = temporaryFolder()

  for (const [name, start] of [
    ['mosquitto', startMosquitto],
    ['aedes', startAedes],
  ] as const)
    test(`who answers each message with QoS 1, and waits for that, gets the next: ${name}`, async () => {
      await using broker = await start()
      const asked = streamtype('mqtt', broker, {
        mqtt_topic: 'answers',
        mqtt_subscribe: 'questions',
      })
      const asking = streamtype('mqtt', broker, {
        mqtt_topic: 'questions',
        mqtt_subscribe: 'answers',
      })
      // Two clients, so that the questions do not stand in the way of the answers.
      await using context = await openContext({ policy: policyOf({ asked }) })
      await using other = await openContext({ policy: policyOf({ asking }) })
      const answering = context.stream('asked')
      const stream = other.stream('asking')
      await Promise.all([answering.connect(), stream.connect()])
      const count = 300
      const work = (async () => {
        let answered = 0
        for await (const question of answering) {
          await answering.send(question.text().slice(0, 10))
          if (++answered === count) break
        }
      })()
      const numbered = (n: number) => String(n).padStart(10, '0')
      const sent = Array.from({ length: count }, (_, n) => stream.send(numbered(n).padEnd(16_384)))
      const answers = (async () => {
        const texts: string[] = []
        for await (const answer of stream) if (texts.push(answer.text()) === count) break
        return texts
      })()
      await Promise.all([...sent, work])
      assert.deepEqual(
        await answers,
        Array.from({ length: count }, (_, n) => numbered(n)),
      )
    })

  test('a message may take longer to arrive than the keep alive', async () => {
    await using broker = await startMosquitto()
    const path = file(randomUUID())
    await using relay = await startSlowRelay(broker, path, { fromServer: 250_000 })
    const it = streamtype('mqtt', { port: 0 }, { endpoint: `+${path}`, mqtt_keep_alive: 10 })
    await using context = await openContext({ policy: policyOf({ it }) })
    const stream = context.stream('it', ownTopic('mqtt'))
    const states = traceStates(stream)
    await stream.connect()
    // Sixteen seconds' worth.
    const payload = Buffer.alloc(4_000_000, 'slowly')
    const [, received] = await Promise.all([stream.send(payload), nextMessage(stream)])
    assert.ok(payload.equals(received))
    assert.ok(!states.includes('DISCONNECTED'))
    assert.equal(relay.connections, 1)
  })

  test('a message arrives once, however slow the link', async () => {
    await using broker = await startMosquitto()
    await using spy = await startMqttRelay(broker)
    const path = file(randomUUID())
    await using relay = await startSlowRelay(spy, path, { fromClient: 50_000 })
    const it = streamtype('mqtt', { port: 0 }, { endpoint: `+${path}` })
    await using context = await openContext({ policy: policyOf({ it }) })
    const stream = context.stream('it', ownTopic('mqtt'))
    // Each takes eight seconds.
    await Promise.all([stream.send(Buffer.alloc(400_000)), stream.send(Buffer.alloc(400_000))])
    assert.equal(spy.fromClient.filter(({ cmd }) => cmd === 'publish').length, 2)
    assert.equal(relay.connections, 1)
  })

  test('a broker that knows packet identifiers from before is told that a message is sent again', async () => {
    const inFlight = new Set<number>()
    const refused: number[] = []
    await using broker = await startScriptedBroker(({ messageId = 0, dup }, it) => {
      if (inFlight.has(messageId) && !dup) refused.push(messageId)
      inFlight.add(messageId)
      if (refused.length > 0 || (broker.connections === 1 && inFlight.size === 5)) it.hangUp()
      if (broker.connections === 1) return
      inFlight.delete(messageId)
      it.acknowledge(messageId)
    })
    const { mqtt_subscribe: _, ...it } = streamtype('mqtt', broker, { mqtt_clean_start: false })
    await using context = await openContext({ policy: policyOf({ it }) })
    const stream = context.stream('it', { ...ownTopic('mqtt'), resend: true })
    const texts = Array.from({ length: 200 }, (_, n) => `message ${n}`)
    await Promise.all(texts.map((text) => stream.send(text)))
    assert.deepEqual(refused, [])
    assert.deepEqual(
      new Set(broker.published.map(({ payload }) => String(payload))),
      new Set(texts),
    )
  })

  test('each request for a device shadow is answered, those made in between too', async () => {
    await using broker = await startAedes()
    let n = 0
    broker.broker.on('publish', ({ topic, payload }: AedesPublishPacket, client: Client | null) => {
      if (!client) return
      const verdict = n++ % 3 ? 'accepted' : 'rejected'
      // At once, so that who subscribes too late has missed it.
      broker.broker.publish(
        {
          cmd: 'publish',
          topic: `${topic}/${verdict}`,
          payload,
          qos: 0,
          retain: false,
          dup: false,
        },
        () => {},
      )
    })
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
    const mqtt_topic = '$aws/things/lamp/shadow/name/${topic}/update'
    const { mqtt_subscribe: _, ...it } = streamtype('mqtt', broker, { mqtt_topic, aws_iot: true })
    await using context = await openContext({ policy: policyOf({ it }) })
    const streams = ['bright', 'dark'].map((topic) => context.stream('it', { metadata: { topic } }))
    await Promise.all(
      streams.map(async (stream) => {
        const asked: string[] = []
        const heard: string[] = []
        const sent: Promise<void>[] = []
        const ask = () => {
          asked.push(`request ${asked.length}`)
          sent.push(stream.send(asked.at(-1) as string))
        }
        ask()
        ask()
        for await (const answer of stream) {
          heard.push(answer.text())
          if (asked.length < 40) ask()
          if (heard.length === 40) break
        }
        await Promise.all(sent)
        assert.deepEqual(heard, asked)
      }),
    )
  })
})

// By itself: it takes so much memory that the time of others would stand still.
describe('as users of other MQTT clients met it with long packets', { timeout: 120_000 }, () => {
  test('the longest payload with a topic is refused, and the connection lives', async () => {
    await using broker = await startAedes()
    const { mqtt_subscribe: _, ...it } = streamtype('mqtt', broker)
    await using context = await openContext({ policy: policyOf({ it }) })
    const stream = context.stream('it', { metadata: { topic: 'A'.repeat(60_000) } })
    const states = traceStates(stream)
    await stream.connect()
    const longest = Buffer.alloc(2 ** 28 - 1)
    await assert.rejects(stream.send(longest), { code: 'ERR_SS_TOO_LONG' })
    await assert.rejects(stream.send(longest.subarray(0, -60_000)), { code: 'ERR_SS_NACK' })
    stream.setMetadata('topic', 'short')
    await stream.send('and on')
    assert.ok(!states.includes('DISCONNECTED'))
  })
})
