// What brokers acknowledge, and when, as users of other MQTT clients met it:
//
// - Eclipse Paho for Java 27 and for C 1114: a PUBREC of a session from before, for a message that the client did
//   not know any more, ended the connection each time, or was never answered, and the broker waited.
// - coreMQTT 379 and ioBroker.mqtt 586: the same with a PUBREL.
// - MQTT.js 360: who waited for an acknowledgement heard nothing when that came on the next connection.
// - Eclipse Paho for Python 24: with as many messages in flight as there may be, nothing was sent any more after a
//   connection was lost.
// - Eclipse Paho for embedded C 6 and for Java 432, Adafruit's library 9: what the broker sent before it
//   answered a SUBSCRIBE was lost, or was taken for the answer.

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { openContext, type SecureStream } from 'lws-secure-streams'
import { generate, type ISubscribePacket, type Packet, parser } from 'mqtt-packet'
import { startRaw, startScriptedBroker } from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

const MOST_IN_FLIGHT = 64

/** A broker that agrees to all but what `answer` answers itself; `heard` has all that clients said. */
async function startBroker(answer: (packet: Packet, socket: Socket) => boolean = () => false) {
  const heard: Packet[] = []
  const peer = await startRaw({
    accept(socket) {
      const packets = parser()
      packets.on('packet', (packet: Packet) => {
        heard.push(packet)
        if (answer(packet, socket)) return
        const { messageId = 0 } = packet
        if (packet.cmd === 'connect')
          socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
        else if (packet.cmd === 'subscribe')
          socket.write(generate({ cmd: 'suback', messageId, granted: [1] }))
        else if (packet.cmd === 'publish' && packet.qos === 1)
          socket.write(generate({ cmd: 'puback', messageId }))
      })
      socket.on('data', (bytes) => packets.parse(bytes))
    },
  })
  return Object.assign(peer, { heard })
}

const publish = (topic: string, payload: string, messageId = 0) =>
  generate({
    cmd: 'publish',
    topic,
    payload,
    qos: messageId ? 1 : 0,
    ...(messageId && { messageId }),
    dup: false,
    retain: false,
  } as Packet)

describe('what is left of a session', { timeout: 30_000 }, () => {
  test('is answered, and is nothing to hang up for', async () => {
    await using broker = await startBroker((packet, socket) => {
      if (packet.cmd !== 'connect') return false
      socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: true }))
      for (const messageId of [7, 8]) {
        socket.write(generate({ cmd: 'pubrec', messageId }))
        socket.write(generate({ cmd: 'pubrel', messageId: messageId + 10 }))
        socket.write(generate({ cmd: 'pubcomp', messageId: messageId + 20 }))
        socket.write(generate({ cmd: 'puback', messageId: messageId + 30 }))
      }
      return true
    })
    await using context = await openContext({
      policy: policyOf({ it: streamtype('mqtt', broker, { mqtt_clean_start: false }) }),
      blobs: { mqttClientId: 'as before' },
    })
    await using stream = context.stream('it', ownTopic('mqtt'))
    const states = traceStates(stream)
    await stream.send('and on')
    const answers = () =>
      broker.heard.flatMap(({ cmd, messageId }) =>
        /^pub(rel|comp)$/.test(cmd) ? [`${cmd} ${messageId}`] : [],
      )
    while (answers().length < 4) await new Promise(setImmediate)
    assert.deepEqual(answers().sort(), ['pubcomp 17', 'pubcomp 18', 'pubrel 7', 'pubrel 8'])
    assert.ok(!states.includes('DISCONNECTED'))
    assert.equal(broker.connections, 1)
  })
})

describe('a message whose send() was given up', { timeout: 30_000 }, () => {
  const moments: Record<
    string,
    (stream: SecureStream, abort: () => void, lose: () => void) => Promise<void>
  > = {
    'before its connection was lost': async (_, abort, lose) => {
      abort()
      lose()
    },
    'in the moment in which its connection was lost': async (_, abort, lose) => {
      lose()
      abort()
    },
    'when its connection had been lost': async (stream, abort, lose) => {
      const lost = nextState(stream, 'DISCONNECTED')
      lose()
      await lost
      abort()
    },
    'while the next connection was made': async (stream, abort, lose) => {
      const next = nextState(stream, 'CONNECTING')
      lose()
      await next
      abort()
    },
  }
  for (const [when, happen] of Object.entries(moments))
    test(`is not sent again: ${when}`, async () => {
      await using broker = await startScriptedBroker()
      const { mqtt_subscribe: _, ...it } = streamtype('mqtt', broker)
      await using context = await openContext({ policy: policyOf({ it }) })
      await using stream = context.stream('it', { ...ownTopic('mqtt'), resend: true })
      const { signal, ...controller } = aborter()
      const kept = [stream.send('kept'), stream.send('kept too')]
      const given = stream.send('given up', { signal })
      const gone = assert.rejects(given, /enough/)
      const [one, two] = await broker.arrived(3)
      await happen(stream, controller.abort, () => broker.hangUp())
      await gone
      const published = await broker.arrived(5)
      // An acknowledgement of the one from before is nobody's.
      const ids = [one, two].map((packet) => packet?.messageId as number)
      const [, , third] = published
      broker.acknowledge(third?.messageId as number, ...ids)
      await Promise.all(kept)
      const last = stream.send('last')
      const all = await broker.arrived(6)
      broker.acknowledge(all[5]?.messageId as number)
      await last
      assert.deepEqual(
        all.slice(3).map(({ payload, dup }) => `${payload} ${dup}`),
        ['kept true', 'kept too true', 'last false'],
      )
    })

  test('amid its bytes is not sent again', async () => {
    await using broker = await startScriptedBroker()
    const { mqtt_subscribe: _, ...it } = streamtype('mqtt', broker)
    await using context = await openContext({ policy: policyOf({ it }) })
    await using stream = context.stream('it', { ...ownTopic('mqtt'), resend: true })
    await stream.connect()
    broker.listen(false)
    const { signal, abort } = aborter()
    const given = stream.send(Buffer.alloc(32 * 1024 * 1024), { signal })
    const kept = stream.send('kept')
    while (stream.stats.bytesSent === 0) await new Promise(setImmediate)
    for (let n = 0; n < 20; n++) await new Promise(setImmediate)
    abort()
    await assert.rejects(given, /enough/)
    broker.dropConnections()
    const [published] = await broker.arrived(1)
    assert.equal(String(published?.payload), 'kept')
    broker.acknowledge(published?.messageId as number)
    await kept
    assert.equal(broker.published.length, 1)
  })
})

function aborter() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(new Error('enough')) }
}

for (const resend of [false, true])
  test(`as many messages as may be in flight are lost with their connection, and more follow: ${resend ? 'with' : 'without'} resend`, {
    timeout: 30_000,
  }, async () => {
    await using broker = await startScriptedBroker(({ messageId = 0 }, it) => {
      if (it.connections > 2) it.acknowledge(messageId)
      else if (it.published.length % MOST_IN_FLIGHT === 0) it.hangUp()
    })
    const { mqtt_subscribe: _, ...it } = streamtype('mqtt', broker, { opportunistic: false })
    await using context = await openContext({ policy: policyOf({ it }) })
    await using stream = context.stream('it', { ...ownTopic('mqtt'), resend })
    const count = 3 * MOST_IN_FLIGHT
    const sent = Array.from({ length: count }, (_, n) => stream.send(`${n}`))
    const results = await Promise.allSettled(sent)
    const lost = results.filter(({ status }) => status === 'rejected')
    assert.equal(lost.length, resend ? 0 : 2 * MOST_IN_FLIGHT)
    await stream.send('after')
  })

describe('a broker that takes its time with SUBACK', { timeout: 30_000 }, () => {
  for (const isSplit of [false, true])
    test(`and sends messages before it has them heard${isSplit ? ', byte by byte' : ''}`, async () => {
      await using broker = await startBroker((packet, socket) => {
        if (packet.cmd !== 'subscribe') return false
        const { messageId = 0, subscriptions } = packet as ISubscribePacket
        const topic = subscriptions[0]?.topic ?? ''
        const bytes = Buffer.concat([
          publish(topic, 'early', 3),
          publish(topic, '\x90\x03\x00\x01\x80'),
          publish(topic, 'x'.repeat(300), 4),
          generate({ cmd: 'suback', messageId, granted: [1] }),
        ])
        const write = async () => {
          socket.setNoDelay()
          for (const piece of isSplit ? Array.from(bytes, (byte) => Buffer.of(byte)) : [bytes]) {
            socket.write(piece)
            await new Promise(setImmediate)
          }
          socket.write(publish(topic, 'late', 5))
        }
        write()
        return true
      })
      await using context = await openContext({
        policy: policyOf({ it: streamtype('mqtt', broker) }),
      })
      await using stream = context.stream('it', ownTopic('mqtt'))
      const messages: string[] = []
      stream.on('message', (message) => messages.push(message.text()))
      const states = traceStates(stream)
      await stream.send('first')
      while (messages.length < 4) await new Promise(setImmediate)
      assert.deepEqual(messages, ['early', '\x90\x03\x00\x01\x80', 'x'.repeat(300), 'late'])
      const acknowledged = () =>
        broker.heard.flatMap(({ cmd, messageId }) => (cmd === 'puback' ? [messageId] : []))
      while (acknowledged().length < 3) await new Promise(setImmediate)
      assert.deepEqual(acknowledged(), [3, 4, 5])
      assert.deepEqual(states.filter((state) => state === 'CONNECTED').length, 1)
    })

  test('and agrees to several at once, in another order', async () => {
    const asked: number[] = []
    await using broker = await startBroker((packet, socket) => {
      if (packet.cmd !== 'subscribe') return false
      asked.push(packet.messageId as number)
      if (asked.length < 3) return true
      for (const messageId of asked.reverse())
        socket.write(generate({ cmd: 'suback', messageId, granted: [1] }))
      return true
    })
    await using context = await openContext({
      policy: policyOf({ it: streamtype('mqtt', broker) }),
    })
    const streams = Array.from({ length: 3 }, () => context.stream('it', ownTopic('mqtt')))
    await Promise.all(streams.map((stream) => stream.connect()))
    const heard = streams.map((stream) => nextMessage(stream))
    const topics = broker.heard.flatMap((packet) =>
      packet.cmd === 'subscribe' ? [packet.subscriptions[0]?.topic ?? ''] : [],
    )
    for (const socket of broker.sockets)
      for (const topic of topics) socket.write(publish(topic, topic))
    assert.deepEqual((await Promise.all(heard)).map(String).sort(), topics.sort())
  })
})
