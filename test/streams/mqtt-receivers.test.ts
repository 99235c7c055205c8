import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import {
  generate,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from 'mqtt-packet'
import { type RawPeer, startMosquitto, startRaw } from '../peers/index.js'
import { perProtocol, policyOf, streamtype } from '../support/policies.js'

const publish = (topic: string, payload: string, more: Partial<IPublishPacket> = {}) =>
  generate({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false, ...more })

/** A broker that says what `answer` gives to each SUBSCRIBE, after its SUBACK. */
const startAnswering = (answer: (filter: string, number: number) => Buffer[]) => {
  let number = 0
  return startRaw({
    accept: (socket) => {
      const packets = parser()
      packets.on('packet', (packet: Packet) => {
        if (packet.cmd === 'connect')
          socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
        if (packet.cmd !== 'subscribe') return
        const { messageId, subscriptions } = packet as ISubscribePacket
        const suback = generate({ cmd: 'suback', messageId: messageId as number, granted: [1] })
        const filter = subscriptions[0]?.topic as string
        socket.write(Buffer.concat([suback, ...answer(filter, ++number)]))
      })
      socket.on('data', (bytes) => packets.parse(bytes))
    },
  })
}

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
