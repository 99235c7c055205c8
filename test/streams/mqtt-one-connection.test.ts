import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MqttSettingsError, openContext, Return, type SecureStream } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Peer,
  startAedes,
  startMosquitto,
  startMqttRelay,
} from '../peers/index.js'
import { perProtocol, policyOf, quickRetry, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

type Definition = Parameters<typeof streamtype>[2]

const blobs = { mqttClientId: 'device-1' }

const onTopic = (topic: string) => ({ metadata: { topic } })

/** One streamtype for each of `differences`, named after its place. */
function differing(broker: Pick<Peer, 'port'>, differences: Definition[]) {
  return policyOf(
    Object.fromEntries(
      differences.map((more, n) => [`type${n}`, streamtype('mqtt', broker, more)] as const),
    ),
  )
}

describe('the streams of an MQTT client', { timeout: 120_000 }, () => {
  for (const [name, start] of [
    ['mosquitto', startMosquitto],
    ['aedes', startAedes],
  ] as const)
    test(`are 1,000 on one connection to ${name}, and each hears its own`, async () => {
      await using broker = await start()
      await using relay = await startMqttRelay(broker)
      await using context = await openContext({ policy: differing(relay, [{}]), blobs })
      const streams = Array.from({ length: 1000 }, (_, n) =>
        context.stream('type0', onTopic(`t${n}`)),
      )
      // All at once, and then one after the other.
      const early = streams.slice(0, 900)
      await Promise.all(early.map((stream) => stream.connect()))
      for (const stream of streams.slice(900)) await stream.connect()
      const heard = streams.map(nextMessage)
      await Promise.all(streams.map((stream, n) => stream.send(`message ${n}`)))
      assert.deepEqual(
        (await Promise.all(heard)).map(String),
        streams.map((_, n) => `message ${n}`),
      )
      assert.equal(relay.connections, 1)
    })

  test('are nothing to complain of', async () => {
    await using broker = await startMosquitto()
    await using context = await openContext({ policy: differing(broker, [{}]), blobs })
    const complaints: string[] = []
    context.on('log', ({ level, text }) => {
      if (level === 'error' || level === 'warn') complaints.push(text)
    })
    const streams = ['a', 'b'].map((topic) => context.stream('type0', onTopic(topic)))
    for (const stream of streams) await stream.send('x')
    streams[0]?.destroy()
    await streams[1]?.send('y')
    await context.close()
    assert.deepEqual(complaints, [])
  })

  test('share it whatever they want of it: the first counts', async () => {
    await using broker = await startAedes()
    const wishes: Definition[] = [
      {},
      { attr_low_latency: true },
      { attr_high_throughput: true, attr_low_cost: true },
      { attr_high_reliability: true, attr_priority: 5 },
    ]
    await using context = await openContext({ policy: differing(broker, wishes), blobs })
    const streams = wishes.map((_, n) => context.stream(`type${n}`, onTopic(`t${n}`)))
    await Promise.all(streams.map((stream) => stream.connect()))
    for (const stream of streams) await stream.send('x')
    assert.equal(broker.connections, 1)
  })

  test('share it when they come while it is made, and it fails at first', async () => {
    await using broker = await startAedes()
    const { port } = broker
    await broker.close()
    const retry = 'quick'
    const policy = {
      retry: [{ quick: { ...quickRetry, conceal: 1000 } }],
      s: [{ it: { endpoint: '127.0.0.1', port, retry, ...perProtocol.mqtt } }],
    }
    await using context = await openContext({ policy, blobs })
    const streams = Array.from({ length: 20 }, (_, n) => context.stream('it', onTopic(`t${n}`)))
    const connected = Promise.all(streams.map((stream) => stream.connect()))
    await nextState(streams[0] as SecureStream, 'UNREACHABLE')
    await using again = await startAedes({ port })
    await connected
    assert.equal(again.connections, 1)
  })
})

describe('what an MQTT client says of itself is said once', { timeout: 60_000 }, () => {
  const first: Definition = {
    mqtt_keep_alive: 60,
    mqtt_clean_start: true,
    mqtt_will_topic: 'wills',
    mqtt_will_message: 'gone',
    mqtt_will_qos: 1,
    mqtt_will_retain: false,
  }
  const { mqtt_will_topic, mqtt_will_message, mqtt_will_qos, mqtt_will_retain, ...willless } = first

  const cases: [string[], Definition][] = [
    [['mqtt_keep_alive'], { ...first, mqtt_keep_alive: 30 }],
    [['mqtt_clean_start'], { ...first, mqtt_clean_start: false }],
    [['mqtt_will_topic'], { ...first, mqtt_will_topic: 'other' }],
    [['mqtt_will_message'], { ...first, mqtt_will_message: 'gone.' }],
    [['mqtt_will_qos'], { ...first, mqtt_will_qos: 0 }],
    [['mqtt_will_retain'], { ...first, mqtt_will_retain: true }],
    [['mqtt_will_topic', 'mqtt_will_message', 'mqtt_will_qos'], willless],
  ]

  for (const [names, other] of cases)
    test(`${names.join(', ')}: a stream that has it otherwise is refused, and the first goes on`, async () => {
      await using broker = await startMosquitto()
      await using relay = await startMqttRelay(broker)
      await using context = await openContext({ policy: differing(relay, [first, other]), blobs })
      const connected = context.stream('type0', onTopic('first'))
      await connected.connect()
      const refused = context.stream('type1', onTopic('second'))
      const states = traceStates(refused)
      const isNamed = (error: Error) => {
        assert.ok(error instanceof MqttSettingsError)
        assert.equal(error.code, 'ERR_SS_MQTT_SETTINGS')
        assert.match(error.message, /'type1' .*'type0'/)
        const named = error.message.match(/(mqtt|tls)_\w+/g)
        assert.deepEqual(named, names)
        return true
      }
      await assert.rejects(refused.connect(), isNamed)
      await assert.rejects(refused.send('x'), isNamed)
      assert.ok(refused.lastError && isNamed(refused.lastError))
      // Another attempt would end in the same way.
      const once = ['CONNECTING', 'UNREACHABLE', 'ALL_RETRIES_FAILED']
      assert.deepEqual(states, ['CREATING', ...once, 'POLL', ...once])
      await connected.send('x')
      assert.equal(relay.connections, 1)

      // Without the first it can be had.
      connected.destroy()
      await refused.send('x')
      assert.equal(relay.connections, 2)
    })

  test('while the first is still connecting', async () => {
    await using broker = await startAedes()
    const policy = differing(broker, [first, { ...first, mqtt_keep_alive: 30 }])
    await using context = await openContext({ policy, blobs })
    const connected = context.stream('type0', onTopic('first')).connect()
    const refused = context.stream('type1', onTopic('second')).connect()
    await assert.rejects(refused, { code: 'ERR_SS_MQTT_SETTINGS' })
    await connected
  })

  test('without a client id too, and a stream with handlers hears of it', async () => {
    await using broker = await startAedes()
    const policy = differing(broker, [first, { ...first, mqtt_keep_alive: 30 }])
    await using context = await openContext({ policy })
    await context.stream('type0', onTopic('first')).connect()
    const stream = context.stream('type1', {
      ...onTopic('second'),
      state(self, state) {
        if (state === 'CREATING') self.requestTx()
        return state === 'ALL_RETRIES_FAILED' ? Return.DESTROY_ME : Return.OK
      },
    })
    await nextState(stream, 'DESTROYING')
    assert.equal((stream.lastError as MqttSettingsError).code, 'ERR_SS_MQTT_SETTINGS')
  })

  test('nor are other certificates trusted than those that the first did', async () => {
    const [authority, other] = await Promise.all(
      ['One CA', 'Other CA'].map((name) => CertificateAuthority.create(name)),
    )
    assert.ok(authority && other)
    await using broker = await startMosquitto({ tls: await authority.issue() })
    const policy = {
      retry: [{ quick: quickRetry }],
      certs: [{ ca: authority.policyCert }, { other: other.policyCert }],
      trust_stores: [
        { name: 'narrow', stack: ['ca'] },
        { name: 'wide', stack: ['ca', 'other'] },
      ],
      s: ['narrow', 'wide'].map((tls_trust_store) => ({
        [tls_trust_store]: { ...streamtype('mqtt', broker, { tls: true }), tls_trust_store },
      })),
    }
    await using context = await openContext({ policy, blobs })
    await context.stream('narrow', onTopic('first')).connect()
    await assert.rejects(context.stream('wide', onTopic('second')).connect(), /tls_trust_store/)
  })
})
