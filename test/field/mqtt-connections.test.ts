// What was reported of how other MQTT clients fare with brokers, several subscriptions and one connection.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext, type SecureStream } from 'lws-secure-streams'
import { connectAsync } from 'mqtt'
import { generate } from 'mqtt-packet'
import {
  startAedes,
  startMosquitto,
  startMqttRelay,
  startSubscriptionBroker,
} from '../peers/index.js'
import { perProtocol, policyOf, quickRetry, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

const onTopic = (topic: string) => ({ metadata: { topic } })

const { mqtt_topic: _, ...subscriber } = perProtocol.mqtt

/** Streamtypes that listen to filters of their own. */
const listening = (port: number, filters: Record<string, string>) =>
  policyOf(
    Object.fromEntries(
      Object.entries(filters).map(([name, mqtt_subscribe]) => [
        name,
        {
          endpoint: 'localhost',
          port,
          retry: 'quick',
          ...subscriber,
          mqtt_subscribe,
          metadata: [],
        },
      ]),
    ),
  )

function textsOf(stream: SecureStream): string[] {
  const texts: string[] = []
  stream.on('message', (message) => texts.push(message.text()))
  return texts
}

const until = async (settled: () => boolean) => {
  while (!settled()) await new Promise((resolve) => setTimeout(resolve, 5))
}

// AWS IoT hangs up on who may not subscribe, without a reason. In issues 191 and 125 of its SDK for
// JavaScript, and 260 of that for Python, the client then connected and subscribed again without end, and
// all that shared its connection was cut each time.
describe('a subscription at which the broker hangs up', { timeout: 60_000 }, () => {
  test('and that never gives up leaves the others alone after the first time', async () => {
    await using peer = await startAedes()
    peer.broker.authorizeSubscribe = (_client, subscription, done) =>
      done(subscription.topic.endsWith('denied') ? new Error('denied') : null, subscription)
    const policy = policyOf({ it: streamtype('mqtt', peer) })
    policy.retry = [{ quick: { ...quickRetry, conceal: 65535 } }]
    await using context = await openContext({ policy, blobs: { mqttClientId: 'thing' } })
    const shadow = context.stream('it', onTopic('allowed'))
    await shadow.connect()
    const states = traceStates(shadow)
    const denied = context.stream('it', onTopic('denied'))
    denied.connect()
    await nextState(shadow, 'CONNECTED')
    for (let n = 0; n < 5; n++) await nextState(denied, 'UNREACHABLE')
    const heard = nextMessage(shadow)
    await shadow.send('still here')
    assert.equal(String(await heard), 'still here')
    assert.equal(states.filter((state) => state === 'DISCONNECTED').length, 1)
  })
})

// MQTT.js' pull request 351 and issue 728: code 128 in a SUBACK passed for a subscription that was granted,
// and its program waited for messages that never came.
test('a subscription that is answered with 128 has failed', { timeout: 30_000 }, async () => {
  await using peer = await startAedes()
  peer.broker.authorizeSubscribe = (_client, subscription, done) =>
    done(null, subscription.topic.endsWith('denied') ? null : subscription)
  const policy = policyOf({ it: streamtype('mqtt', peer) })
  await using context = await openContext({ policy })
  const other = context.stream('it', onTopic('allowed'))
  await other.connect()
  await assert.rejects(
    context.stream('it', onTopic('denied')).connect(),
    /refused the subscription \(0x80\) to 'test\/denied'/,
  )
  await other.send('x')
  assert.equal(peer.connections, 1)
})

// MQTT.js' issues 684 and 1585 and emqx's 151: two parts of a program that each connected with its client id
// ended each other's connection, for ever.
test('parts of a program with one client id do not take each other over', {
  timeout: 60_000,
}, async () => {
  await using broker = await startMosquitto()
  await using relay = await startMqttRelay(broker)
  const policy = policyOf({
    one: streamtype('mqtt', relay),
    two: streamtype('mqtt', relay, { attr_low_latency: true, nailed_up: true }),
  })
  await using context = await openContext({ policy, blobs: { mqttClientId: 'MyMQTT' } })
  const streams = ['one', 'two', 'one'].map((type, n) => context.stream(type, onTopic(`${n}`)))
  await Promise.all(streams.map((stream) => stream.connect()))
  // As after a network failure, several times.
  for (let n = 0; n < 3; n++) {
    const again = streams.map((stream) => nextState(stream, 'CONNECTED'))
    relay.dropConnections()
    await Promise.all(again)
  }
  for (const stream of streams) await stream.send('x')
  assert.equal(relay.connections, 4)
})

// paho.mqtt.python's issue 472, paho.mqtt.java's 367 and 965 and emqx's 4035: what came for $share/group/a/+
// or $queue/a/# has the topic a/b, so that no listener was found for it.
test('what comes for a shared subscription is heard', { timeout: 30_000 }, async () => {
  await using broker = await startMosquitto()
  const policy = listening(broker.port, {
    plus: '$share/group/+/+/c',
    exact: '$share/group/x/y',
    hash: '$share/other/z/#',
  })
  await using context = await openContext({ policy })
  const elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
  for (const [type, topic] of [
    ['plus', 'a/b/c'],
    ['exact', 'x/y'],
    ['hash', 'z'],
  ] as const) {
    const stream = context.stream(type)
    await stream.connect()
    const heard = nextMessage(stream)
    await elsewhere.publishAsync(topic, type, { qos: 1 })
    assert.equal(String(await heard), type)
  }
  await elsewhere.endAsync()
})

// mochi-mqtt's pull request 269: a client with $share/g1/a/b/c and a/b/c, and another one with the shared one
// alone. What the first had for both was one message in the eyes of its program, and the second got none.
test('a shared subscription beside a plain one takes its share and no more', {
  timeout: 30_000,
}, async () => {
  await using broker = await startMosquitto()
  const policy = listening(broker.port, { plain: 'a/b/c', shared: '$share/g1/a/b/c' })
  await using first = await openContext({ policy, blobs: { mqttClientId: 'cl1' } })
  await using second = await openContext({ policy, blobs: { mqttClientId: 'cl2' } })
  const streams = [first.stream('plain'), first.stream('shared'), second.stream('shared')]
  const [plain, one, two] = streams.map(textsOf)
  for (const stream of streams) await stream.connect()
  const elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
  const messages = Array.from({ length: 10 }, (_, n) => `message ${n}`)
  for (const message of messages) await elsewhere.publishAsync('a/b/c', message, { qos: 1 })
  await elsewhere.endAsync()
  const shared = () => [...(one ?? []), ...(two ?? [])]
  await until(() => plain?.length === 10 && shared().length === 10)
  assert.deepEqual(plain, messages)
  assert.deepEqual(shared().sort(), messages)
})

// rabbitmq-mqtt's issue 175, ngx-mqtt's 129 and ism7mqtt's 169: RabbitMQ has slashes for the dots of a topic.
// What was retained came under the topic that was asked for, and then nothing more was heard.
test('topics with dots are heard at RabbitMQ', { timeout: 30_000 }, async () => {
  const said: Record<string, [string, string, boolean][]> = {
    'TESTING/Equipment.Download.Message': [
      ['TESTING/Equipment.Download.Message', 'retained', true],
      ['TESTING/Equipment/Download/Message', 'live', false],
      ['TESTING/Equipment/Download/Message', 'live again', false],
    ],
    'Wolf/192.0.0.1/+/set': [['Wolf/192/0/0/1/pump/set', 'on', false]],
  }
  await using peer = await startSubscriptionBroker((suback, filter) => [
    suback,
    ...(said[filter] ?? []).map(([topic, payload, retain]) =>
      generate({ cmd: 'publish', topic, payload, retain, qos: 0, dup: false }),
    ),
  ])
  const filters = Object.keys(said)
  const policy = listening(peer.port, {
    equipment: filters[0] as string,
    pump: filters[1] as string,
  })
  await using context = await openContext({ policy })
  const equipment = context.stream('equipment')
  const pump = context.stream('pump')
  const heard = [textsOf(equipment), textsOf(pump)]
  await equipment.connect()
  await pump.connect()
  await until(() => heard.flat().length >= 4)
  assert.deepEqual(heard, [['retained', 'live', 'live again'], ['on']])
})

// node-red's issue 99 and paho.mqtt.golang's 642: with foo/+/bar beside foo/path/bar each of them heard a
// message as often as there were filters for it.
test('streams whose filters overlap hear a message once', { timeout: 30_000 }, async () => {
  for (const start of [startMosquitto, startAedes]) {
    await using broker = await start()
    const policy = listening(broker.port, { wide: 'foo/+/bar', narrow: 'foo/path/bar', all: '#' })
    await using context = await openContext({ policy })
    const streams = ['wide', 'narrow', 'all'].map((type) => context.stream(type))
    const heard = streams.map(textsOf)
    for (const stream of streams) await stream.connect()
    const elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
    for (const text of ['one', 'end'])
      await elsewhere.publishAsync('foo/path/bar', text, { qos: 1 })
    await elsewhere.endAsync()
    await until(() => heard.every((texts) => texts.includes('end')))
    for (const texts of heard) assert.deepEqual(texts, ['one', 'end'])
  }
})
