import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe } from 'node:test'
import type { AedesPublishPacket, Client, Subscription } from 'aedes'
import { openContext, type SecureStream } from 'lws-secure-streams'
import { type AedesPeer, startAedes, startMosquitto } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState } from '../support/states.js'
import { effectOf } from './effect-of.js'

type Keys = Parameters<typeof streamtype>[2]

/** What a broker is told in CONNECT; aedes has no type for it. */
interface ConnectPacket {
  clean: boolean
  keepalive: number
  will?: { topic: string; payload: Buffer; qos: number; retain: boolean }
}

/** What the broker saw of a stream that connected and published once. */
interface Seen {
  connect: ConnectPacket
  subscribed: Pick<Subscription, 'topic' | 'qos'>[]
  published: Pick<AedesPublishPacket, 'topic' | 'qos' | 'retain'>[]
  payloads: string[]
}

const base: Keys = { mqtt_topic: 'said', mqtt_subscribe: 'heard' }

/** A stream that differs from the others of this file by these keys only. */
async function withStream<T>(
  keys: Keys,
  use: (stream: SecureStream, broker: AedesPeer, seen: Seen) => Promise<T>,
): Promise<T> {
  await using broker = await startAedes()
  const seen = { subscribed: [], published: [], payloads: [] } as unknown as Seen
  broker.broker.preConnect = (_client, packet, done) => {
    seen.connect = packet as unknown as ConnectPacket
    done(null, true)
  }
  broker.broker.on('subscribe', (subscriptions: Subscription[]) => {
    for (const { topic, qos } of subscriptions) seen.subscribed.push({ topic, qos })
  })
  broker.broker.on('publish', ({ topic, qos, retain, payload }: AedesPublishPacket, client) => {
    if (!client) return
    seen.published.push({ topic, qos, retain })
    seen.payloads.push(String(payload))
  })
  await using context = await openContext({
    policy: policyOf({ it: streamtype('mqtt', broker, { ...base, ...keys }) }),
    blobs: { mqttClientId: 'the-client' },
  })
  const stream = context.stream('it')
  await stream.connect()
  return await use(stream, broker, seen)
}

const seenOf = (keys: Keys) =>
  withStream(keys, async (stream, _broker, seen) => {
    await stream.send('hello')
    return seen
  })

/** Cuts the connection, and waits for what the broker then publishes to the topic. */
async function cut(broker: AedesPeer, topic: string): Promise<AedesPublishPacket> {
  const told = new Promise<AedesPublishPacket>((resolve) => {
    broker.broker.on('publish', (packet: AedesPublishPacket) => {
      if (packet.topic === topic) resolve(packet)
    })
  })
  broker.dropConnections()
  return await told
}

describe('mqtt', { timeout: 20_000 }, () => {
  effectOf('s.mqtt_topic', 'is where messages go', async () => {
    for (const topic of ['said', 'a/longer/one', '/', 'Grüße/☺'])
      assert.deepEqual(
        (await seenOf({ mqtt_topic: topic })).published.map((packet) => packet.topic),
        [topic],
      )
  })

  effectOf('s.mqtt_subscribe', 'is where messages come from', async () => {
    for (const [filter, topic] of [
      ['heard', 'heard'],
      ['other', 'other'],
      ['+/kitchen', 'light/kitchen'],
      ['house/#', 'house/attic/left'],
    ] as const)
      await withStream({ mqtt_subscribe: filter }, async (stream, broker, seen) => {
        assert.deepEqual(
          seen.subscribed.map((subscription) => subscription.topic),
          [filter],
        )
        broker.broker.publish(
          { cmd: 'publish', topic, payload: 'x', qos: 0, retain: false, dup: false },
          () => {},
        )
        assert.equal(String(await nextMessage(stream)), 'x')
      })
  })

  effectOf('s.mqtt_subscribe', "may be of the broker's own topics, or shared", async () => {
    await using broker = await startMosquitto()
    const of = (keys: Keys) => streamtype('mqtt', broker, { ...base, ...keys })
    await using context = await openContext({
      policy: policyOf({
        own: of({ mqtt_subscribe: '$SYS/broker/version' }),
        shared: of({ mqtt_subscribe: '$share/workers/jobs/+' }),
        everything: of({ mqtt_subscribe: '#', mqtt_topic: 'jobs/one' }),
      }),
    })
    const [own, shared, everything] = (['own', 'shared', 'everything'] as const).map((name) =>
      context.stream(name),
    ) as [SecureStream, SecureStream, SecureStream]
    await everything.connect()
    await own.connect()
    assert.match(String(await nextMessage(own)), /^mosquitto version/)
    await shared.connect()
    await everything.send('job')
    assert.equal(String(await nextMessage(shared)), 'job')
    // What is the broker's own is not part of everything.
    assert.equal(String(await nextMessage(everything)), 'job')
  })

  effectOf('s.mqtt_qos', 'is that of messages and of the subscription', async () => {
    for (const qos of [0, 1] as const) {
      const { published, subscribed } = await seenOf({ mqtt_qos: qos })
      assert.deepEqual([published[0]?.qos, subscribed[0]?.qos], [qos, qos])
    }
  })

  effectOf('s.mqtt_retain', 'has the broker keep the message', async () => {
    for (const retain of [false, true])
      assert.equal((await seenOf({ mqtt_retain: retain })).published[0]?.retain, retain)
  })

  effectOf('s.mqtt_keep_alive', 'is told to the broker', async () => {
    for (const seconds of [0, 7, 65_535])
      assert.equal((await seenOf({ mqtt_keep_alive: seconds })).connect.keepalive, seconds)
  })

  effectOf('s.mqtt_clean_start', 'is told to the broker', async () => {
    for (const clean of [true, false])
      assert.equal((await seenOf({ mqtt_clean_start: clean })).connect.clean, clean)
  })

  const will: Keys = { mqtt_will_topic: 'wills', mqtt_will_message: 'gone' }

  effectOf('s.mqtt_will_topic', 'is where the will goes; without it there is none', async () => {
    assert.equal((await seenOf({})).connect.will, undefined)
    for (const topic of ['wills', 'other/wills'])
      await withStream({ mqtt_will_topic: topic }, async (_stream, broker) => {
        await cut(broker, topic)
      })
  })

  effectOf('s.mqtt_will_message', 'is the will', async () => {
    const willOf = (keys: Keys) =>
      withStream({ mqtt_will_topic: 'wills', ...keys }, async (_stream, broker) =>
        String((await cut(broker, 'wills')).payload),
      )
    for (const message of ['gone', '', 'weg: ☹'])
      assert.equal(await willOf({ mqtt_will_message: message }), message)
    assert.equal(await willOf({}), '')
  })

  effectOf('s.mqtt_will_qos', 'is that of the will', async () => {
    for (const qos of [0, 1, 2])
      assert.equal((await seenOf({ ...will, mqtt_will_qos: qos })).connect.will?.qos, qos)
  })

  effectOf('s.mqtt_will_retain', 'has the broker keep the will', async () => {
    for (const retain of [false, true])
      await withStream({ ...will, mqtt_will_retain: retain }, async (_stream, broker) => {
        await cut(broker, 'wills')
        await using context = await openContext({
          policy: policyOf({
            it: streamtype('mqtt', broker, { mqtt_topic: 'wills', mqtt_subscribe: 'wills' }),
          }),
        })
        const late: SecureStream = context.stream('it')
        await late.connect()
        await late.send('later')
        assert.equal(String(await nextMessage(late)), retain ? 'gone' : 'later')
      })
  })

  const birth: Keys = { mqtt_birth_topic: 'births' }

  effectOf(
    's.mqtt_birth_topic',
    'is where each connection says first that it is there',
    async () => {
      const topics = async (keys: Keys) =>
        (await seenOf(keys)).published.map((packet) => packet.topic)
      assert.deepEqual(await topics({}), ['said'])
      assert.deepEqual(await topics(birth), ['births', 'said'])
      assert.deepEqual(await topics({ mqtt_birth_topic: 'b/2' }), ['b/2', 'said'])
      await withStream({ ...birth, opportunistic: false }, async (stream, broker, seen) => {
        await stream.send('hello')
        const connected = nextState(stream, 'CONNECTED')
        broker.dropConnections()
        await connected
        await stream.send('again')
        assert.deepEqual(
          seen.published.map((packet) => packet.topic),
          ['births', 'said', 'births', 'said'],
        )
      })
    },
  )

  effectOf('s.mqtt_birth_message', 'is what it says', async () => {
    for (const message of ['born', 'geboren: ☺'])
      assert.deepEqual((await seenOf({ ...birth, mqtt_birth_message: message })).payloads, [
        message,
        'hello',
      ])
    assert.deepEqual((await seenOf(birth)).payloads, ['', 'hello'])
  })

  effectOf('s.mqtt_birth_qos', 'is that of the birth message', async () => {
    for (const qos of [0, 1])
      assert.equal((await seenOf({ ...birth, mqtt_birth_qos: qos })).published[0]?.qos, qos)
  })

  effectOf('s.mqtt_birth_retain', 'has the broker keep the birth message', async () => {
    for (const retain of [false, true])
      assert.equal(
        (await seenOf({ ...birth, mqtt_birth_message: 'born', mqtt_birth_retain: retain }))
          .published[0]?.retain,
        retain,
      )
  })

  effectOf('s.aws_iot', 'takes none of the topics away', async () => {
    await using broker = await startAedes()
    const { mqtt_topic: _, ...listener } = streamtype('mqtt', broker, {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      mqtt_subscribe: '${topic}',
      aws_iot: true,
    })
    const { mqtt_subscribe: __, ...publisher } = streamtype('mqtt', broker, {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      mqtt_topic: '${topic}',
      aws_iot: true,
    })
    await using context = await openContext({ policy: policyOf({ listener, publisher }) })
    const topics = ['$SYS/broker', '$t', '$share/us/t', 'a/b/c/d/e/f/g/h/i/j', 't'.repeat(1000)]
    for (const topic of topics) await context.stream('listener', { metadata: { topic } }).connect()
    for (const topic of topics.slice(3))
      await context.stream('publisher', { metadata: { topic } }).send('hello')
  })

  effectOf('s.aws_iot', 'knows of device shadows, and listens for their answers', async () => {
    const shadow = '$aws/things/lamp/shadow/update'
    const accepted = `${shadow}/accepted`
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
    for (const mqtt_subscribe of ['heard', undefined, '${topic}'])
      await withShadow({ mqtt_topic: shadow, mqtt_subscribe }, accepted)
  })

  effectOf('s.aws_iot', 'hears all answers, whenever they come, of whichever shadow', async () => {
    const subscribed = new Set<string>()
    await using broker = await startAedes()
    broker.broker.on('subscribe', (all: Subscription[]) => {
      for (const { topic } of all) subscribed.add(topic)
    })
    broker.broker.on('unsubscribe', (all: string[]) => {
      for (const topic of all) subscribed.delete(topic)
    })
    const asked: [topic: string, payload: string][] = []
    const unheard: string[] = []
    const answer = { cmd: 'publish', qos: 0, retain: false, dup: false } as const
    // The second of three is answered first, in parts that come one by one, and the others after that.
    const answerAll = () => {
      const [first, second, third] = asked
      for (const [topic, payload] of [second, third, first] as typeof asked) {
        if (!subscribed.has(`${topic}/accepted`)) unheard.push(payload)
        const large = payload.padEnd(300_000, '.')
        broker.broker.publish({ ...answer, topic: `${topic}/accepted`, payload: large }, () => {})
      }
    }
    broker.broker.on('publish', ({ topic, payload }: AedesPublishPacket, client: Client | null) => {
      if (!client) return
      asked.push([topic, String(payload)])
      if (topic.includes('another'))
        broker.broker.publish({ ...answer, topic: `${topic}/rejected`, payload }, () => {})
      else if (asked.length === 3) answerAll()
    })
    const { mqtt_subscribe: _, ...definition } = streamtype('mqtt', broker, {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      mqtt_topic: '$aws/things/${topic}/shadow/update',
      aws_iot: true,
    })
    await using context = await openContext({ policy: policyOf({ it: definition }) })
    await using stream = context.stream('it', { metadata: { topic: 'lamp' } })
    const messages = stream[Symbol.asyncIterator]()
    await Promise.all(['1', '2', '3'].map((one) => stream.send(one)))
    const heard = new Set<string>()
    for (let n = 0; n < 3; n++) heard.add((await messages.next()).value?.text().slice(0, 1) ?? '')
    assert.deepEqual([...heard], ['2', '3', '1'])
    assert.deepEqual(unheard, [])

    stream.setMetadata('topic', 'another')
    await stream.send('4')
    assert.equal((await messages.next()).value?.text(), '4')
  })

  async function withShadow(keys: Record<string, string | undefined>, accepted: string) {
    await using broker = await startAedes()
    const subscribed: string[] = []
    broker.broker.on('subscribe', (subscriptions: Subscription[]) => {
      for (const { topic } of subscriptions) subscribed.push(topic)
    })
    const answer = { cmd: 'publish', qos: 0, retain: false, dup: false } as const
    broker.broker.on('publish', (_packet: AedesPublishPacket, client: Client | null) => {
      if (client)
        broker.broker.publish({ ...answer, topic: accepted, payload: 'accepted' }, () => {})
    })
    const definition = Object.fromEntries(
      Object.entries({ ...streamtype('mqtt', broker), ...keys, aws_iot: true }).filter(
        ([, value]) => value !== undefined,
      ),
    ) as ReturnType<typeof streamtype>
    await using context = await openContext({ policy: policyOf({ it: definition }) })
    const heard: unknown[] = []
    const states: unknown[] = []
    let sent = 0
    const stream = context.stream('it', {
      metadata: { topic: 'mine' },
      state: (_stream, state) => void states.push(state),
      tx: () => (sent++ < 3 ? { data: '{}', som: true, eom: true } : undefined),
      rx: (stream, data) => {
        heard.push([String(data), stream.getMetadata('topic')])
      },
    })
    for (let n = 1; n <= 3; n++) {
      const unsubscribed = once(broker.broker, 'unsubscribe')
      stream.requestTx(2)
      await unsubscribed
      assert.equal(heard.length, n)
      assert.equal(stream.getMetadata('topic'), 'mine')
    }
    assert.ok(subscribed.includes(accepted))
    assert.ok(!states.includes('DISCONNECTED'))
    const lent = definition.mqtt_subscribe?.includes('topic') ? accepted : 'mine'
    assert.deepEqual(heard, Array(3).fill(['accepted', lent]))
  }
})
