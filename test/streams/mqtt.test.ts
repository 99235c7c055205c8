import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import {
  type AedesPeer,
  type Peer,
  patternBytes,
  startAedes,
  startCountingRelay,
  startMosquitto,
  startOneByteRelay,
} from '../peers/index.js'
import { ownTopic, policyOf, quickRetry, streamtype } from '../support/policies.js'
import { nextMessage, nextState, receiveBytes, traceStates } from '../support/states.js'

const subscriber = { mqtt_topic: undefined }
const publisher = { mqtt_subscribe: undefined }

function streamtypes(peer: Pick<Peer, 'port'>) {
  const of = (more = {}) => {
    const definition = { ...streamtype('mqtt', peer), opportunistic: false, ...more }
    return Object.fromEntries(
      Object.entries(definition).filter(([, value]) => value !== undefined),
    ) as ReturnType<typeof streamtype>
  }
  return {
    both: of(),
    qos0: of({ mqtt_qos: 0 }),
    publisher: of(publisher),
    subscriber: of(subscriber),
    retained: of({ ...publisher, mqtt_retain: true }),
    will: of({ mqtt_will_topic: 'wills', mqtt_will_message: 'gone', mqtt_will_qos: 1 }),
    toWills: of({ mqtt_topic: 'wills', mqtt_subscribe: undefined }),
    wills: of({ mqtt_topic: undefined, mqtt_subscribe: 'wills' }),
  }
}

const brokers = [
  { name: 'mosquitto', start: startMosquitto },
  { name: 'aedes', start: startAedes },
]

for (const { name, start } of brokers)
  describe(`mqtt and ${name}`, { timeout: 60_000 }, () => {
    let broker: Peer
    let context: Context
    before(async () => {
      broker = await start()
      context = await openContext({ policy: policyOf(streamtypes(broker)) })
    })
    after(async () => {
      await context.close()
      await broker.close()
    })

    for (const kind of ['qos0', 'both'])
      test(`every publish of ${kind} is acknowledged, in order`, async () => {
        await using stream = context.stream(kind, ownTopic('mqtt'))
        const settled: number[] = []
        const count = 100
        await Promise.all(
          Array.from({ length: count }, async (_, n) => {
            await stream.send(`${n};`)
            settled.push(n)
          }),
        )
        assert.deepEqual(
          settled,
          Array.from({ length: count }, (_, n) => n),
        )
        const whole = settled.map((n) => `${n};`).join('')
        assert.equal((await receiveBytes(stream, whole.length)).toString(), whole)
      })

    test('a stream does not tire', async () => {
      await using stream = context.stream('publisher', ownTopic('mqtt'))
      await stream.connect()
      for (let round = 0; round < 30; round++)
        await Promise.all(Array.from({ length: 100 }, (_, n) => stream.send(`${n}`)))
    })

    test('streams of one connection get what their own topics carry', async () => {
      const count = 8
      const streams = Array.from({ length: count }, () => context.stream('both', ownTopic('mqtt')))
      await Promise.all(streams.map((stream, n) => stream.send(`for ${n}`)))
      const heard = await Promise.all(streams.map((stream) => nextMessage(stream)))
      assert.deepEqual(
        heard.map(String),
        streams.map((_, n) => `for ${n}`),
      )
      for (const stream of streams) stream.destroy()
    })

    test('a stream that goes away with its publish unanswered harms no other', async () => {
      await using other = context.stream('both', ownTopic('mqtt'))
      await other.send('first')
      const states = traceStates(other)
      for (let n = 0; n < 20; n++) {
        const going = context.stream('publisher', ownTopic('mqtt'))
        await going.connect()
        const sent = going.send('x')
        setImmediate(() => going.destroy())
        await sent.catch(() => {})
      }
      await other.send('second')
      assert.equal((await receiveBytes(other, 11)).toString(), 'firstsecond')
      assert.ok(!states.includes('DISCONNECTED'))
    })

    test('a subscriber hears a publisher, and cannot send', async () => {
      const topic = ownTopic('mqtt')
      await using listening = context.stream('subscriber', topic)
      await listening.connect()
      await using speaking = context.stream('publisher', topic)
      await speaking.send('hello')
      assert.equal((await nextMessage(listening)).toString(), 'hello')
      await assert.rejects(listening.send('no'), { code: 'ERR_SS_CANNOT_SEND' })
      // lws would send what a tx handler gives, to no topic.
      const states: unknown[] = []
      const connected = new Promise<void>((resolve) => {
        const stubborn = context.stream('subscriber', {
          ...topic,
          state: (stream, state) => {
            states.push(state)
            if (state === 'CONNECTED') stream.requestTx()
            if (state === 'CONNECTED') setImmediate(resolve)
          },
          tx: () => ({ data: 'to nowhere', som: true, eom: true }),
        })
        stubborn.connect()
      })
      await connected
    })

    test('messages of 0 bytes and of 8 MiB arrive whole', async () => {
      await using stream = context.stream('both', ownTopic('mqtt'))
      const bytes = patternBytes(8 * 1024 * 1024)
      const messages = stream[Symbol.asyncIterator]()
      for (const data of [Buffer.alloc(0), bytes, Buffer.from('after')]) {
        await stream.send(data)
        const { value } = await messages.next()
        assert.deepEqual(value?.data, data)
      }
    })

    test('acknowledgements come through although nobody reads what came before them', async () => {
      await using stream = context.stream('both', ownTopic('mqtt'))
      const chunks = stream.chunks()
      const count = 20
      for (let n = 0; n < count; n++) await stream.send(patternBytes(512 * 1024))
      let received = 0
      while (received < count * 512 * 1024)
        received += (await chunks.next()).value?.data.length ?? 0
    })

    test('a retained message waits for who subscribes later', async () => {
      const topic = ownTopic('mqtt')
      await using speaking = context.stream('retained', topic)
      await speaking.send('kept')
      await using listening = context.stream('subscriber', topic)
      await listening.connect()
      assert.equal((await nextMessage(listening)).toString(), 'kept')
    })

    test('a will is told of a client that dies, not of one that is done', async () => {
      await using listening = context.stream('wills')
      await listening.connect()
      const open = async (way: (stream: SecureStream, context: Context) => void) => {
        await using relay = await startCountingRelay(broker)
        const context = await openContext({ policy: policyOf(streamtypes(relay)) })
        const stream = context.stream('will', ownTopic('mqtt'))
        await stream.connect()
        const closed = once([...relay.sockets][0] as Socket, 'close')
        way(stream, context)
        await closed
        context.destroy()
      }
      await Promise.all([
        open((stream) => stream.destroy()),
        open((_stream, context) => void context.close()),
        open((_stream, context) => context.destroy()),
      ])
      await using speaking = context.stream('toWills')
      await speaking.send('no will before this')
      assert.equal((await nextMessage(listening)).toString(), 'no will before this')

      await using relay = await startCountingRelay(broker)
      await using other = await openContext({ policy: policyOf(streamtypes(relay)) })
      await other.stream('will', ownTopic('mqtt')).connect()
      relay.dropConnections()
      assert.equal((await nextMessage(listening)).toString(), 'gone')
      other.destroy()
    })

    test('packets may be split anywhere', async () => {
      await using relay = await startOneByteRelay(broker)
      const split = await openContext({ policy: policyOf(streamtypes(relay)) })
      const stream = split.stream('both', ownTopic('mqtt'))
      const texts = Array.from({ length: 20 }, (_, n) => `message ${n};`)
      await Promise.all(texts.map((text) => stream.send(text)))
      const whole = texts.join('')
      assert.equal((await receiveBytes(stream, whole.length)).toString(), whole)
      await split.close()
    })
  })

describe('an mqtt broker that goes away', { timeout: 60_000 }, () => {
  test('is found again when it is back, and what was queued in between is sent', async () => {
    const first = await startMosquitto()
    const definition = {
      ...streamtype('mqtt', first, { opportunistic: false, retry: 'patient' }),
    }
    const policy = policyOf({ it: definition })
    const context = await openContext({
      policy: {
        ...policy,
        retry: [{ patient: { backoff: [20], conceal: 65535, jitterpc: 1 } }],
      },
    })
    const stream: SecureStream = context.stream('it', ownTopic('mqtt'))
    const messages = stream[Symbol.asyncIterator]()
    await stream.send('before')
    assert.equal((await messages.next()).value?.text(), 'before')

    const unreachable = nextState(stream, 'UNREACHABLE')
    await first.close()
    await unreachable
    const sent = stream.send('after')
    const second = await startMosquitto({ port: first.port })
    await sent
    assert.equal((await messages.next()).value?.text(), 'after')
    await context.close()
    await second.close()
  })
})

test('every publish that a broker sends is acknowledged', { timeout: 60_000 }, async () => {
  const broker: AedesPeer = await startAedes()
  const context = await openContext({ policy: policyOf(streamtypes(broker)) })
  const stream = context.stream('subscriber', { metadata: { topic: 'acks' } })
  await stream.connect()
  const count = 5000
  let acknowledged = 0
  const all = new Promise<void>((resolve) => {
    broker.broker.on('ack', () => {
      if (++acknowledged === count) resolve()
    })
  })
  for (let n = 0; n < count; n++)
    broker.broker.publish(
      {
        cmd: 'publish',
        topic: 'test/acks',
        payload: 'x',
        qos: 1,
        retain: false,
        dup: false,
      },
      () => {},
    )
  await all
  await context.close()
  await broker.close()
})

test('a broker that hangs up at SUBSCRIBE is tried as often as the policy says', {
  timeout: 60_000,
}, async () => {
  await using broker = await startAedes()
  let subscriptions = 0
  broker.broker.authorizeSubscribe = (_client, _subscription, decide) => {
    subscriptions++
    decide(new Error('not allowed'))
  }
  const context = await openContext({ policy: policyOf(streamtypes(broker)) })
  const stream = context.stream('subscriber', ownTopic('mqtt'))
  await assert.rejects(stream.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
  assert.equal(subscriptions, 3)
  await context.close()
})

test('a connection that is quiet says PINGREQ', { timeout: 60_000 }, async () => {
  await using broker = await startAedes()
  const definition = { ...streamtype('mqtt', broker), mqtt_keep_alive: 2, opportunistic: false }
  await using context = await openContext({
    policy: {
      ...policyOf({ it: definition }),
      retry: [{ quick: { ...quickRetry, svalidping: 1, svalidhup: 10 } }],
    },
  })
  await using stream = context.stream('it', ownTopic('mqtt'))
  const states = traceStates(stream)
  await stream.connect()
  // Beyond one and a half times the keep alive, the broker would have closed the connection.
  for (let n = 0; n < 4; n++) await once(broker.broker, 'ping')
  assert.ok(!states.includes('DISCONNECTED'))
})
