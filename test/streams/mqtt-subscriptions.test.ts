import assert from 'node:assert/strict'
import { on, once } from 'node:events'
import type { Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { connectAsync, type MqttClient } from 'mqtt'
import { generate } from 'mqtt-packet'
import {
  type MqttRelay,
  type Peer,
  startAedes,
  startMosquitto,
  startMqttRelay,
  startSubscriptionBroker,
} from '../peers/index.js'
import { perProtocol, policyOf } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

function policyFor(peer: Pick<Peer, 'port'>) {
  const { mqtt_topic, ...subscriber } = perProtocol.mqtt
  const of = (more = {}) => ({ endpoint: 'localhost', port: peer.port, ...subscriber, ...more })
  return policyOf({
    qos0: of({ mqtt_qos: 0 }),
    qos1: of(),
    both: of({ mqtt_topic }),
    kept0: of({ mqtt_clean_start: false, mqtt_qos: 0 }),
    kept1: of({ mqtt_clean_start: false }),
    keptBoth: of({ mqtt_clean_start: false, mqtt_topic }),
  })
}

/** All that the stream hears, from now on. */
function textsOf(stream: SecureStream): string[] {
  const texts: string[] = []
  stream.on('message', (message) => texts.push(message.text()))
  return texts
}

/** Settles when the stream has heard it. */
async function hears(stream: SecureStream, text: string): Promise<void> {
  const signal = AbortSignal.timeout(30_000)
  for await (const [message] of on(stream, 'message', { signal }))
    if (message.text() === text) return
}

let clients = 0

for (const [name, start] of [
  ['mosquitto', startMosquitto],
  ['aedes', startAedes],
] as const)
  describe(`an MQTT subscription at ${name}`, { timeout: 60_000 }, () => {
    let broker: Peer
    let elsewhere: MqttClient
    before(async () => {
      broker = await start()
      elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
    })
    after(async () => {
      await elsewhere.endAsync()
      await broker.close()
    })

    const say = (topic: string, payload: string, retain = false) =>
      elsewhere.publishAsync(`test/${topic}`, payload, { qos: 1, retain })

    /** Topics are those of one test only. */
    async function connected(
      use: (
        subscribe: (type: string, topic: string) => Promise<SecureStream>,
        relay: MqttRelay,
        context: Context,
      ) => Promise<void>,
      mqttClientId?: string,
    ) {
      await using relay = await startMqttRelay(broker)
      const context = await openContext({
        policy: policyFor(relay),
        ...(mqttClientId && { blobs: { mqttClientId } }),
      })
      const subscribe = async (type: string, topic: string) => {
        const stream = context.stream(type, { metadata: { topic } })
        await stream.connect()
        return stream
      }
      try {
        await use(subscribe, relay, context)
      } finally {
        context.destroy()
      }
      assert.equal(relay.connections, 1)
    }

    test('is cancelled with the last stream that has it', () =>
      connected(async (subscribe, relay) => {
        const other = await subscribe('both', 'cancelled/other')
        const first = await subscribe('qos1', 'cancelled')
        const second = await subscribe('qos1', 'cancelled')
        first.destroy()
        // Whatever came of that has left before this is acknowledged.
        await other.send('x')
        assert.deepEqual(relay.unsubscribed, [])
        second.destroy()
        await relay.cancelled(1)
        assert.deepEqual(relay.unsubscribed, ['test/cancelled'])

        await say('cancelled', 'for nobody')
        const heard = hears(other, 'for other')
        await say('cancelled/other', 'for other')
        await heard
        const topics = relay.fromBroker.flatMap((packet) =>
          packet.cmd === 'publish' ? packet.topic : [],
        )
        assert.ok(!topics.includes('test/cancelled'))
      }))

    test('is cancelled when its stream is disconnected, and made again with it', () =>
      connected(async (subscribe, relay) => {
        await subscribe('qos1', 'disconnected/other')
        const stream = await subscribe('qos1', 'disconnected')
        stream.disconnect()
        await relay.cancelled(1)
        await stream.connect()
        const heard = hears(stream, 'again')
        await say('disconnected', 'again')
        await heard
      }))

    test('lives on in a stream that takes the place of another at once', () =>
      connected(async (subscribe, relay) => {
        await subscribe('qos1', 'replaced/other')
        let stream = await subscribe('qos1', 'replaced')
        for (let n = 0; n < 20; n++) {
          stream.destroy()
          // Before or after the cancellation has left.
          if (n % 2 === 1) await relay.cancelled(relay.unsubscribed.length + 1)
          stream = await subscribe('qos1', 'replaced')
          const heard = hears(stream, `message ${n}`)
          await say('replaced', `message ${n}`)
          await heard
        }
      }))

    test('is not cancelled on a connection that ends', () =>
      connected(async (subscribe, relay, context) => {
        const streams = [await subscribe('qos1', 'ends/1'), await subscribe('qos1', 'ends/2')]
        const closed = once([...relay.sockets][0] as Socket, 'close')
        for (const stream of streams) stream.destroy()
        await context.close()
        await closed
        assert.deepEqual(relay.unsubscribed, [])
      }))

    test('is made for each filter, and streams whose filters overlap hear all once', () =>
      connected(async (subscribe, relay) => {
        await say('overlap/a/b', 'kept', true)
        const wide = await subscribe('qos0', 'overlap/#')
        const middle = await subscribe('qos1', 'overlap/+/b')
        const narrow = await subscribe('qos1', 'overlap/a/b')
        assert.deepEqual(relay.subscribed, [
          'test/overlap/# 0',
          'test/overlap/+/b 1',
          'test/overlap/a/b 1',
        ])
        assert.equal(String(await nextMessage(narrow)), 'kept')

        const streams = [wide, middle, narrow]
        const texts = streams.map(textsOf)
        const ends = streams.map((stream) => hears(stream, 'end'))
        for (const text of ['live', 'live', 'end']) await say('overlap/a/b', text)
        await Promise.all(ends)
        for (const heard of texts)
          assert.deepEqual(
            heard.filter((text) => text !== 'kept'),
            ['live', 'live', 'end'],
          )

        wide.destroy()
        await relay.cancelled(1)
        assert.deepEqual(relay.unsubscribed, ['test/overlap/#'])
        const still = [middle, narrow].map((stream) => hears(stream, 'still'))
        await say('overlap/a/b', 'still')
        await Promise.all(still)
      }))

    test('of a second stream brings it what is retained, and the first nothing', () =>
      connected(async (subscribe) => {
        await say('retained', 'kept', true)
        const first = await subscribe('qos1', 'retained')
        assert.equal(String(await nextMessage(first)), 'kept')
        const texts = textsOf(first)
        const second = await subscribe('qos1', 'retained')
        assert.equal(String(await nextMessage(second)), 'kept')
        const heard = [first, second].map((stream) => hears(stream, 'changed'))
        await say('retained', 'changed', true)
        await Promise.all(heard)
        assert.deepEqual(texts, ['changed'])
      }))

    test('has the highest QoS of its streams', () =>
      connected(async (subscribe, relay) => {
        for (const type of ['qos0', 'qos1', 'qos0']) await subscribe(type, 'levels')
        assert.deepEqual(relay.subscribed, ['test/levels 0', 'test/levels 1', 'test/levels 1'])
      }))

    test('in a session that is kept is there the next time, unless its QoS is 0', async () => {
      const id = `subscriptions-${++clients}`
      await connected(async (subscribe, relay) => {
        const other = await subscribe('keptBoth', 'session/other')
        for (const type of ['kept1', 'kept0']) {
          const stream = await subscribe(type, `session/${type}`)
          stream.destroy()
        }
        await relay.cancelled(1)
        await other.send('x')
        assert.deepEqual(relay.unsubscribed, ['test/session/kept0'])
      }, id)
      await say('session/kept1', 'meanwhile')
      await connected(async (_subscribe, _relay, context) => {
        const stream = context.stream('kept1', { metadata: { topic: 'session/kept1' } })
        const heard = hears(stream, 'meanwhile')
        await stream.connect()
        await heard
      }, id)
    })
  })

describe('a broker of the test', { timeout: 60_000, concurrency: true }, () => {
  const message = (payload: string) =>
    generate({ cmd: 'publish', topic: 'test/t', payload, qos: 0, dup: false, retain: false })

  test('that is in the middle of a message when a stream comes: that gets no half of it', async () => {
    const long = message('x'.repeat(1000))
    const half = 500
    await using peer = await startSubscriptionBroker((suback, _filter, number) =>
      number === 1
        ? [suback, long.subarray(0, half)]
        : [long.subarray(half), suback, message('whole')],
    )
    await using context = await openContext({ policy: policyFor(peer) })
    const first = context.stream('qos1', { metadata: { topic: 't' } })
    const connected = first.connect()
    await first.chunks().next()
    await using second = context.stream('qos1', { metadata: { topic: 't' } })
    await second.connect()
    assert.equal(String(await nextMessage(second)), 'whole')
    await connected
    first.destroy()
  })

  test('that sends a copy for each subscription: each stream gets all copies', async () => {
    await using peer = await startSubscriptionBroker((suback, _filter, number) =>
      number === 1 ? [suback] : [suback, message('live'), message('live'), message('end')],
    )
    await using context = await openContext({ policy: policyFor(peer) })
    const wide = context.stream('qos1', { metadata: { topic: '#' } })
    await wide.connect()
    const narrow = context.stream('qos1', { metadata: { topic: 't' } })
    const streams = [wide, narrow]
    const texts = streams.map(textsOf)
    const ends = streams.map((stream) => hears(stream, 'end'))
    await narrow.connect()
    await Promise.all(ends)
    assert.deepEqual(texts, [
      ['live', 'live', 'end'],
      ['live', 'live', 'end'],
    ])
  })

  test('that is silent about a subscription: the attempt fails', async () => {
    await using peer = await startSubscriptionBroker(() => [])
    await using context = await openContext({ policy: policyFor(peer) })
    const stream = context.stream('qos1', { metadata: { topic: 't' } })
    await assert.rejects(stream.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
  })

  test('that is silent about a cancellation: the topic is subscribed to nevertheless', async () => {
    await using peer = await startSubscriptionBroker((suback) => [suback])
    await using context = await openContext({ policy: policyFor(peer) })
    const streams = ['other', 't'].map((topic) => context.stream('qos1', { metadata: { topic } }))
    for (const stream of streams) await stream.connect()
    streams[1]?.destroy()
    const again = context.stream('qos1', { metadata: { topic: 't' } })
    await again.connect()
  })
})
