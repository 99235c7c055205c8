import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet'
import {
  type RawPeer,
  startMosquitto,
  startMqttRelay,
  startRaw,
  startSubscriptionBroker,
} from '../peers/index.js'
import { perProtocol, policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

const publish = (topic: string, payload: string, more: Partial<IPublishPacket> = {}) =>
  generate({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false, ...more })

/** A broker that says what `answer` gives to each SUBSCRIBE, after its SUBACK. */
const startAnswering = (answer: (filter: string, number: number) => Buffer[]) =>
  startSubscriptionBroker((suback, filter, number) => [suback, ...answer(filter, number)])

/** Subscribes to the filters one after the other, and gives what each hears until all have ended. */
async function heardOf(peer: Pick<RawPeer, 'port'>, filters: string[]): Promise<string[][]> {
  const { mqtt_topic, ...subscriber } = perProtocol.mqtt
  const type = {
    endpoint: 'localhost',
    port: peer.port,
    ...subscriber,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
    mqtt_subscribe: '${topic}',
  }
  await using context = await openContext({ policy: policyOf({ it: type }) })
  return await hear(context, filters)
}

async function hear(context: Context, filters: string[]): Promise<string[][]> {
  const streams: SecureStream[] = []
  for (const topic of filters) {
    const stream = context.stream('it', { metadata: { topic } })
    streams.push(stream)
    await stream.connect()
  }
  const heard = streams.map(async (stream) => {
    const texts: string[] = []
    for await (const message of stream) {
      if (message.text() === 'end') break
      texts.push(message.text())
    }
    return texts
  })
  return await Promise.all(heard)
}

/** What is said when the last of them has subscribed, and an end for each. */
const atLast = (filters: string[], messages: Buffer[], ends = filters) =>
  startAnswering((_, number) =>
    number < filters.length ? [] : [...messages, ...ends.map((topic) => publish(topic, 'end'))],
  )

describe('a message that was published with RETAIN set', { timeout: 30_000 }, () => {
  const retained = { retain: true }

  test('is heard, although something retained came before', async () => {
    const messages = ['v1', 'v2', 'v3', 'v3'].map((text) => publish('t', text, retained))
    await using peer = await atLast(['t'], messages)
    assert.deepEqual(await heardOf(peer, ['t']), [['v1', 'v2', 'v3', 'v3']])
  })

  test('is heard by all streams of the topic, also those that came at different times', async () => {
    await using peer = await startAnswering((_, number) =>
      number === 1
        ? [publish('t', 'v1', retained)]
        : [publish('t', 'v2', retained), publish('t', 'v3', retained), publish('t', 'end')],
    )
    assert.deepEqual(await heardOf(peer, ['t', 't']), [
      ['v1', 'v2', 'v3'],
      ['v2', 'v3'],
    ])
  })

  test('is heard once by those that had it, when another one subscribes', async () => {
    const live = Array.from({ length: 5 }, (_, n) => publish('t', `live ${n}`))
    await using peer = await startAnswering((_, number) => {
      if (number === 1) return [publish('t', 'kept', retained), ...live]
      if (number === 2) return [publish('t', 'kept', retained)]
      return [publish('t', 'kept', retained), publish('t', 'end')]
    })
    const lives = live.map((_, n) => `live ${n}`)
    assert.deepEqual(await heardOf(peer, ['t', 't', 't']), [['kept', ...lives], ['kept'], ['kept']])
  })

  test('is heard when a session repeats it, and so is what is retained by then', async () => {
    const again = { retain: true, dup: true, qos: 1, messageId: 5 } as const
    await using peer = await atLast(
      ['t'],
      [publish('t', 'old', again), publish('t', 'new', retained)],
    )
    assert.deepEqual(await heardOf(peer, ['t']), [['old', 'new']])
  })
})

describe('a topic that the broker has its own way with', { timeout: 30_000 }, () => {
  // What RabbitMQ makes of them.
  for (const [filter, topic] of [
    ['plant/v1.2/t', 'plant/v1/2/t'],
    ['plant/v1.2/#', 'plant/v1/2/t/u'],
    ['plant/+/v1.2', 'plant/a/v1/2'],
    ['a/*/b', 'a/+/b'],
    ['a/*/b', 'a/c/b'],
    ['a*b/.c', 'a+b//c'],
    // What EMQX and others know by a prefix.
    ['$queue/t/+', 't/x'],
    ['$exclusive/t', 't'],
    ['$share/group/t/#', 't'],
    ['$new/t', 't'],
    ['$new/group/t/+', 't/x'],
  ] as const)
    test(`${filter}: what comes for ${topic} is heard`, async () => {
      await using peer = await atLast(['other', filter], [publish(topic, 'x')], ['other', topic])
      assert.deepEqual(await heardOf(peer, ['other', filter]), [[], ['x']])
    })

  test('is not that of a stream whose topic is just like it', async () => {
    await using peer = await atLast(['a.b', 'a/b'], [publish('a/b', 'x'), publish('a.b', 'y')])
    assert.deepEqual(await heardOf(peer, ['a.b', 'a/b']), [['y'], ['x']])
  })

  test('unless the broker is known to rewrite: then both may be meant', async () => {
    const messages = [publish('c/d', 'rewritten'), publish('a/b', 'x')]
    await using peer = await atLast(['a.b', 'a/b', 'c.d'], messages, ['a/b', 'c/d'])
    assert.deepEqual(await heardOf(peer, ['a.b', 'a/b', 'c.d']), [['x'], ['x'], ['rewritten']])
  })

  test('of a broker that takes topics as they are changes nothing', async () => {
    await using broker = await startMosquitto()
    const type = streamtype('mqtt', broker)
    await using context = await openContext({ policy: policyOf({ it: type }) })
    const topics = ['v1.2/t', 'v1/2/t', 'a/*/b']
    const heard = hear(context, topics)
    const others = topics.map((topic) => context.stream('it', { metadata: { topic } }))
    await Promise.all(others.map((stream) => stream.connect()))
    for (const [n, stream] of others.entries()) await stream.send(topics[n] as string)
    for (const stream of others) await stream.send('end')
    assert.deepEqual(
      await heard,
      topics.map((topic) => [topic]),
    )
  })
})

describe('a stream whose QoS is higher than that of its topic', { timeout: 30_000 }, () => {
  /** As RabbitMQ does, it keeps a subscription of each QoS, and sends a copy for each. */
  async function startKeepingBoth() {
    const said: string[] = []
    const subscribed = new Set<string>()
    let socket: Socket | undefined
    const peer = await startRaw({
      accept: (accepted) => {
        socket = accepted
        const packets = parser()
        const say = (packet: Packet) => accepted.write(generate(packet))
        packets.on('packet', (packet: Packet) => {
          const { messageId = 0 } = packet
          if (packet.cmd === 'connect')
            say({ cmd: 'connack', returnCode: 0, sessionPresent: false })
          else if (packet.cmd === 'subscribe') {
            for (const { topic, qos } of packet.subscriptions) {
              said.push(`subscribe ${topic} ${qos}`)
              subscribed.add(`${topic} ${qos}`)
            }
            say({ cmd: 'suback', messageId, granted: packet.subscriptions.map(({ qos }) => qos) })
          } else if (packet.cmd === 'unsubscribe') {
            for (const topic of packet.unsubscriptions) {
              said.push(`unsubscribe ${topic}`)
              subscribed.delete(`${topic} 0`)
              subscribed.delete(`${topic} 1`)
            }
            say({ cmd: 'unsuback', messageId, granted: [] })
          }
        })
        accepted.on('data', (bytes) => packets.parse(bytes))
      },
    })
    let messageId = 0
    const copies = (topic: string, payload: string) => {
      for (const qos of [0, 1] as const)
        if (subscribed.has(`${topic} ${qos}`))
          socket?.write(publish(topic, payload, qos ? { qos, messageId: ++messageId } : {}))
    }
    return { peer, said, copies }
  }

  const streamtypes = (peer: Pick<RawPeer, 'port'>) =>
    policyOf({
      qos0: streamtype('mqtt', peer, { mqtt_qos: 0 }),
      qos1: streamtype('mqtt', peer, { mqtt_qos: 1 }),
    })

  const subscribe = async (context: Context, type: string, topic: string) => {
    const stream = context.stream(type, { metadata: { topic } })
    await stream.connect()
    return stream
  }

  test('renews the subscription where the broker is seen to send all twice', async () => {
    const { peer, said, copies } = await startKeepingBoth()
    await using _ = peer
    await using context = await openContext({ policy: streamtypes(peer) })
    const streams = [await subscribe(context, 'qos0', 'a'), await subscribe(context, 'qos1', 'a')]
    copies('test/a', 'first')
    for (const stream of streams)
      for (const expected of ['first', 'first'])
        assert.equal(String(await nextMessage(stream)), expected)
    // From now on it is known, and what comes after the renewal comes once.
    while (said.length < 4) await new Promise((resolve) => setImmediate(resolve))
    copies('test/a', 'second')
    streams.push(await subscribe(context, 'qos0', 'b'), await subscribe(context, 'qos1', 'b'))
    copies('test/b', 'third')
    copies('test/a', 'end')
    for (const stream of streams.slice(0, 2))
      for (const expected of ['second', 'end'])
        assert.equal(String(await nextMessage(stream)), expected)
    copies('test/b', 'end')
    for (const stream of streams.slice(2))
      for (const expected of ['third', 'end'])
        assert.equal(String(await nextMessage(stream)), expected)
    assert.deepEqual(said.slice(0, 6), [
      'subscribe test/a 0',
      'subscribe test/a 1',
      'unsubscribe test/a',
      'subscribe test/a 1',
      'subscribe test/b 0',
      'unsubscribe test/b',
    ])
    assert.ok(said.slice(6).every((line) => line === 'subscribe test/b 1'))

    // The subscription is that of all who have it.
    streams[1]?.destroy()
    streams[3]?.destroy()
    copies('test/a', 'still')
    assert.equal(String(await nextMessage(streams[0] as SecureStream)), 'still')
    assert.equal(said.filter((line) => line.startsWith('unsubscribe')).length, 2)
  })

  test('and comes at the same time needs no second subscription', async () => {
    const { peer, said } = await startKeepingBoth()
    await using _ = peer
    await using context = await openContext({ policy: streamtypes(peer) })
    await Promise.all(['qos0', 'qos1', 'qos0'].map((type) => subscribe(context, type, 'a')))
    assert.deepEqual(new Set(said), new Set(['subscribe test/a 1']))
  })

  test('takes nothing from the other where the broker replaces it', async () => {
    await using broker = await startMosquitto()
    await using relay = await startMqttRelay(broker)
    await using context = await openContext({ policy: streamtypes(relay) })
    const streams = [await subscribe(context, 'qos0', 'a'), await subscribe(context, 'qos1', 'a')]
    for (const text of ['x', 'x', 'y']) await streams[1]?.send(text)
    for (const stream of streams)
      for (const expected of ['x', 'x', 'y'])
        assert.equal(String(await nextMessage(stream)), expected)
    assert.deepEqual(relay.unsubscribed, [])
  })
})
