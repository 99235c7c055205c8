import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { AedesPublishPacket, Client } from 'aedes'
import { type Blobs, openContext, type SecureStream } from 'lws-secure-streams'
import { startAedes, startMosquitto, startWebSocket } from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'

describe('what an MQTT client says of itself', { timeout: 20_000 }, () => {
  const users = { alice: 'a passphrase' }

  test('user name and password open the door, and nothing else does', async () => {
    await using broker = await startMosquitto({ users })
    const policy = policyOf({ it: streamtype('mqtt', broker) })
    const attempt = async (blobs: Blobs) => {
      await using context = await openContext({ policy, blobs })
      await context.stream('it', ownTopic('mqtt')).send('hello')
    }
    await attempt({ mqttUsername: 'alice', mqttPassword: users.alice })
    const refused: Blobs[] = [
      { mqttUsername: 'alice', mqttPassword: 'a guess' },
      { mqttUsername: 'alice' },
      { mqttUsername: 'mallory', mqttPassword: users.alice },
      { mqttPassword: users.alice },
      {},
    ]
    for (const blobs of refused)
      await assert.rejects(
        attempt(blobs),
        ({ code, message }) =>
          code === 'ERR_SS_ALL_RETRIES_FAILED' && /the broker refused/.test(message),
      )
  })

  test('may be long', async () => {
    await using broker = await startAedes()
    const mqttUsername = 'u'.repeat(65_535)
    const mqttPassword = 'p'.repeat(65_535)
    const mqttClientId = 'i'.repeat(128)
    const will = 'w'.repeat(65_535)
    const authenticated = new Promise<unknown[]>((resolve) => {
      broker.broker.authenticate = (client, username, password, done) => {
        resolve([client.id, username, String(password)])
        done(null, true)
      }
    })
    await using context = await openContext({
      policy: policyOf({
        it: streamtype('mqtt', broker, {
          mqtt_will_topic: 'wills',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
          mqtt_will_message: '${will}',
          metadata: [{ topic: '' }, { will: '' }],
        }),
      }),
      blobs: { mqttUsername, mqttPassword, mqttClientId },
    })
    const stream = context.stream('it', { metadata: { topic: 't', will } })
    await stream.connect()
    assert.deepEqual(await authenticated, [mqttClientId, mqttUsername, mqttPassword])
    const told = new Promise<AedesPublishPacket>((resolve) => {
      broker.broker.on('publish', (packet: AedesPublishPacket) => {
        if (packet.topic === 'wills') resolve(packet)
      })
    })
    broker.dropConnections()
    assert.equal(String((await told).payload), will)
  })

  test('has a made up name unless it is given one', async () => {
    await using broker = await startAedes()
    const policy = policyOf({ it: streamtype('mqtt', broker) })
    const idOf = async (blobs: Blobs) => {
      await using context = await openContext({ policy, blobs })
      const ready = once(broker.broker, 'clientReady')
      await context.stream('it', ownTopic('mqtt')).connect()
      return ((await ready) as [Client])[0].id
    }
    assert.equal(await idOf({ mqttClientId: 'lamp-7' }), 'lamp-7')
    const madeUp = [await idOf({}), await idOf({})]
    assert.notEqual(madeUp[0], madeUp[1])
    assert.match(madeUp.join(), /^\w+,\w+$/)
  })

  test('is refused when MQTT cannot say it', () => {
    const policy = policyOf({ it: streamtype('mqtt', { port: 1 }) })
    const tooMuch: Blobs[] = [
      { mqttClientId: 'i'.repeat(129) },
      { mqttUsername: 'u'.repeat(65_536) },
      { mqttPassword: Buffer.alloc(65_536, 'p') },
    ]
    for (const blobs of tooMuch)
      assert.throws(() => openContext({ policy, blobs }), { code: 'ERR_OUT_OF_RANGE' })
    const withNul: Blobs[] = [{ mqttClientId: 'a\0b' }, { mqttPassword: Buffer.from('a\0b') }]
    for (const blobs of withNul)
      assert.throws(() => openContext({ policy, blobs }), { code: 'ERR_INVALID_ARG_VALUE' })
  })
})

test('nothing is asked of a peer when the question does not fit', { timeout: 20_000 }, async () => {
  await using broker = await startAedes()
  await using server = await startWebSocket()
  await using context = await openContext({
    policy: policyOf({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      ws: streamtype('ws', server, { http_url: '/${topic}', metadata: [{ topic: '' }] }),
      mqtt: streamtype('mqtt', broker),
    }),
  })
  const attempt = async (name: string, length: number) => {
    const metadata = { topic: 't'.repeat(length) }
    await using stream: SecureStream = context.stream(name, { metadata })
    await stream.connect()
  }
  for (const [name, tooLong, fitting] of [
    ['ws', 40_000, 4_000],
    ['mqtt', 65_536, 30_000],
  ] as const) {
    await assert.rejects(
      attempt(name, tooLong),
      ({ code, message }) => code === 'ERR_SS_ALL_RETRIES_FAILED' && /is too long/.test(message),
    )
    await attempt(name, fitting)
  }
  assert.equal(server.connections, 1)
  assert.equal(broker.connections, 1)
})

test('no subscription and no message is written beyond its buffer', {
  timeout: 20_000,
}, async () => {
  await using broker = await startAedes()
  const { mqtt_subscribe, ...publisher } = streamtype('mqtt', broker)
  await using context = await openContext({
    policy: policyOf({ subscriber: streamtype('mqtt', broker), publisher }),
  })
  const connect = async (name: string, topic: number, payload: number) => {
    await using stream = context.stream(name, { metadata: { topic: 't'.repeat(topic) } })
    await stream.connect()
    if (payload > 0) await stream.send(Buffer.alloc(payload))
  }
  await connect('subscriber', 65_400, 0)
  await assert.rejects(connect('subscriber', 65_510, 0))
  await connect('publisher', 32_700, 40_000)
  await assert.rejects(connect('publisher', 32_742, 40_000), { code: 'ERR_SS_NACK' })
})

test('a topic that has no value costs other streams nothing', { timeout: 20_000 }, async () => {
  await using broker = await startMosquitto()
  const { mqtt_topic: _, ...subscriber } = streamtype('mqtt', broker)
  const { mqtt_subscribe: __, ...publisher } = streamtype('mqtt', broker)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
  const topic = '${topic}'
  await using context = await openContext({
    policy: policyOf({
      other: streamtype('mqtt', broker),
      subscriber: { ...subscriber, mqtt_subscribe: topic },
      publisher: { ...publisher, mqtt_topic: topic },
      unheard: { ...publisher, mqtt_topic: topic, mqtt_qos: 0 },
    }),
  })
  const other = context.stream('other', ownTopic('mqtt'))
  await other.connect()
  for (const name of ['publisher', 'unheard'])
    await assert.rejects(context.stream(name).send('it'), { code: 'ERR_SS_NACK' })
  await assert.rejects(context.stream('subscriber').connect(), /topic to subscribe to is empty/)
  await other.send('it')
  assert.equal(other.stats.connections, 1)
})
