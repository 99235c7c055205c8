// Handshakes of QoS 2 that went on wrongly, as users of other MQTT software met it:
//
// - Eclipse Paho for Go 788 and FuseSource's client 120: what the broker had been told to release was published
//   again on the next connection, and arrived twice.
// - FuseSource's client 121 and VerneMQ 1968: what had been received, and was sent again on the next connection,
//   was delivered twice.
// - Mosquitto 1751: what was sent twice on one connection, amid its handshake, was delivered twice.
// - Mosquitto 918: another PUBREC came behind the PUBCOMP.
// - Eclipse Paho for Python 492: as much as there was went out at once on the next connection, whatever the limit.
// - Eclipse Paho for Python 733: the broker did not have the session any more.

import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet'
import { startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const MOST_IN_FLIGHT = 10

type Answer = (packet: Packet, say: (...packets: Packet[]) => void, socket: Socket) => void

/** A broker that answers CONNECT and SUBSCRIBE, and to anything else what `answer` says. */
async function startBroker(answer: Answer, isPresent = true) {
  const heard: Packet[] = []
  const events = new EventEmitter()
  let connections = 0
  let latest: Socket | undefined
  const peer = await startRaw({
    accept(socket) {
      latest = socket
      const isFirst = connections++ === 0
      const say = (...packets: Packet[]) =>
        socket.write(Buffer.concat(packets.map((packet) => generate(packet))))
      const packets = parser()
      packets.on('packet', (packet: Packet) => {
        const { messageId = 0 } = packet
        if (packet.cmd === 'connect')
          say({ cmd: 'connack', returnCode: 0, sessionPresent: !isFirst && isPresent })
        else if (packet.cmd === 'subscribe') say({ cmd: 'suback', messageId, granted: [2] })
        else {
          heard.push(packet)
          answer(packet, say, socket)
        }
        events.emit('packet')
      })
      socket.on('data', (bytes) => packets.parse(bytes))
    },
  })
  return {
    heard,
    peer,
    get connections() {
      return connections
    },
    say: (...packets: Packet[]) =>
      latest?.write(Buffer.concat(packets.map((packet) => generate(packet)))),
    hangUp: () => latest?.destroy(),
    async until(isThere: () => boolean): Promise<void> {
      const signal = AbortSignal.timeout(10_000)
      while (!isThere()) await once(events, 'packet', { signal })
    },
    [Symbol.asyncDispose]: () => peer.close(),
  }
}

let clients = 0

async function clientOf({ peer }: { peer: { port: number } }): Promise<Context> {
  const it = streamtype('mqtt', peer, { mqtt_qos: 2, mqtt_clean_start: false, retry: 'patient' })
  const { mqtt_subscribe: _, ...publisher } = it
  const { s = [] } = policyOf({ it, publisher })
  const patient = { backoff: [20], conceal: 65_535, jitterpc: 1 }
  return openContext({
    policy: { retry: [{ patient }], s },
    blobs: { mqttClientId: `field-qos2-${++clients}` },
  })
}

const told = (packets: Packet[]) => packets.map(({ cmd, messageId }) => `${cmd} ${messageId}`)
const publish = (messageId: number, payload: string, dup = false): IPublishPacket => ({
  cmd: 'publish',
  topic: 'test/x',
  payload,
  qos: 2,
  messageId,
  dup,
  retain: false,
})

const proper: Answer = ({ cmd, messageId }, say) => {
  if (cmd === 'publish') say({ cmd: 'pubrec', messageId: messageId as number })
  if (cmd === 'pubrel') say({ cmd: 'pubcomp', messageId: messageId as number })
}

const x = { metadata: { topic: 'x' }, resend: true }

describe('a message of QoS 2 that is sent', { timeout: 20_000 }, () => {
  for (const [when, cutAt] of [
    ['received', 'publish'],
    ['told to release', 'pubrel'],
  ] as const)
    test(`is released, and not published, when the broker had ${when} it`, async () => {
      let isCut = false
      await using broker = await startBroker((packet, say, socket) => {
        if (packet.cmd === cutAt && !isCut) {
          isCut = true
          const { messageId = 0 } = packet
          if (cutAt === 'publish') say({ cmd: 'pubrec', messageId })
          socket.end()
        } else proper(packet, say, socket)
      })
      await using context = await clientOf(broker)
      const stream = context.stream('publisher', x)
      await stream.send('once')
      const id = broker.heard[0]?.messageId
      const released = broker.heard.filter(({ cmd }) => cmd === 'pubrel')
      assert.equal(broker.heard.filter(({ cmd }) => cmd === 'publish').length, 1)
      assert.ok(released.length >= 1 && released.every(({ messageId }) => messageId === id))
      assert.equal(broker.connections, 2)
    })

  test('is published again when the broker has lost the session', async () => {
    let isCut = false
    await using broker = await startBroker((packet, say, socket) => {
      if (packet.cmd === 'pubrel' && !isCut) {
        isCut = true
        socket.end()
      } else proper(packet, say, socket)
    }, false)
    await using context = await clientOf(broker)
    await context.stream('publisher', x).send('again')
    const id = broker.heard[0]?.messageId
    const steps = [`publish ${id}`, `pubrel ${id}`]
    assert.deepEqual(told(broker.heard), [...steps, ...steps])
  })

  test('is not alone in flight, but one of ten, on the next connection too', async () => {
    let isCut = false
    const open = new Set<number>()
    let most = 0
    await using broker = await startBroker((packet, say) => {
      const { messageId = 0 } = packet
      if (packet.cmd === 'publish') most = Math.max(most, open.add(messageId).size)
      if (isCut && packet.cmd === 'publish') say({ cmd: 'pubrec', messageId })
      if (packet.cmd !== 'pubrel') return
      open.delete(messageId)
      say({ cmd: 'pubcomp', messageId })
    })
    await using context = await clientOf(broker)
    const streams = ['one', 'two', 'three'].map((topic) =>
      context.stream('publisher', { metadata: { topic }, resend: true }),
    )
    const sent = streams.flatMap((stream) =>
      Array.from({ length: 20 }, (_, n) => stream.send(`${n}`)),
    )
    await broker.until(() => broker.heard.length === MOST_IN_FLIGHT)
    const ids = broker.heard.map(({ messageId }) => messageId)
    isCut = true
    broker.hangUp()
    await Promise.all(sent)
    const publishes = broker.heard.flatMap((packet) => (packet.cmd === 'publish' ? [packet] : []))
    const again = publishes.filter(({ dup }) => dup)
    assert.deepEqual(again.map(({ messageId }) => messageId).sort(), ids.sort())
    assert.ok(most <= MOST_IN_FLIGHT, `${most}`)
    const published = publishes.filter(({ dup }) => !dup)
    assert.equal(new Set(published.map(({ messageId }) => messageId)).size, sent.length)
  })

  test('and is given up, is released on the next connection, and its id not used before', async () => {
    await using broker = await startBroker((packet, say, socket) => {
      if (broker.connections > 1) proper(packet, say, socket)
    })
    await using context = await clientOf(broker)
    const stream = context.stream('publisher', { metadata: { topic: 'x' } })
    const lost = stream.send('lost')
    await broker.until(() => broker.heard.length === 1)
    broker.hangUp()
    await assert.rejects(lost, { code: 'ERR_SS_DISCONNECTED' })
    await stream.send('next')
    const id = broker.heard[0]?.messageId as number
    const next = broker.heard.find(({ cmd, messageId }) => cmd === 'publish' && messageId !== id)
    assert.equal(String((next as IPublishPacket).payload), 'next')
    assert.ok(told(broker.heard).includes(`pubrel ${id}`))
  })

  test('is done with its PUBCOMP, and a PUBREC behind that is answered', async () => {
    await using broker = await startBroker(proper)
    await using context = await clientOf(broker)
    const stream = context.stream('publisher', x)
    await stream.send('done')
    const id = broker.heard[0]?.messageId as number
    broker.say({ cmd: 'pubrec', messageId: id }, { cmd: 'pubrec', messageId: 4711 })
    await broker.until(() => broker.heard.length === 4)
    assert.deepEqual(told(broker.heard.slice(2)), [`pubrel ${id}`, 'pubrel 4711'])
    broker.say({ cmd: 'pubcomp', messageId: 4711 })
    await stream.send('and on')
    assert.equal(broker.connections, 1)
  })

  for (const [what, cmd] of [
    ['a PUBACK, which is for QoS 1', 'puback'],
    ['a PUBCOMP before its PUBREC', 'pubcomp'],
  ] as const)
    test(`is not done with ${what}: the broker broke the protocol`, async () => {
      await using broker = await startBroker((packet, say, socket) => {
        if (broker.connections === 1 && packet.cmd === 'publish')
          say({ cmd, messageId: packet.messageId as number })
        else proper(packet, say, socket)
      })
      await using context = await clientOf(broker)
      const stream = context.stream('publisher', x)
      const retried = once(stream, 'retry')
      const sent = stream.send('hello')
      const [{ reason }] = await retried
      assert.match(reason.message, /breaks the MQTT protocol/)
      await sent
      assert.equal(broker.connections, 2)
    })
})

describe('a message of QoS 2 that is received', { timeout: 20_000 }, () => {
  test('twice on one connection, and again on the next, is delivered once', async () => {
    await using broker = await startBroker(() => {})
    await using context = await clientOf(broker)
    const stream = context.stream('it', { metadata: { topic: 'x' } })
    const heard: string[] = []
    stream.on('message', (message) => heard.push(message.text()))
    await stream.connect()
    broker.say(publish(7, 'once'), publish(7, 'once', true), publish(8, 'x'.repeat(100_000)))
    await broker.until(() => broker.heard.length === 3)
    broker.hangUp()
    await once(stream, 'retry')
    await stream.connect()
    broker.say(publish(7, 'once', true), publish(8, 'x'.repeat(100_000), true), publish(9, 'new'))
    await broker.until(() => broker.heard.length === 6)
    const recs = ['pubrec 7', 'pubrec 7', 'pubrec 8', 'pubrec 7', 'pubrec 8', 'pubrec 9']
    assert.deepEqual(told(broker.heard), recs)
    assert.deepEqual(heard, ['once', 'x'.repeat(100_000), 'new'])
    // Released, its id is that of another message.
    broker.say({ cmd: 'pubrel', messageId: 7 }, publish(7, 'another'))
    await broker.until(() => broker.heard.length === 8)
    assert.deepEqual(told(broker.heard.slice(6)), ['pubcomp 7', 'pubrec 7'])
    assert.equal(heard.at(-1), 'another')
    stream.destroy()
  })

  test('is another one when the broker has begun a new session', async () => {
    await using broker = await startBroker(() => {}, false)
    await using context = await clientOf(broker)
    const stream = context.stream('it', { metadata: { topic: 'x' } })
    const heard: string[] = []
    stream.on('message', (message) => heard.push(message.text()))
    await stream.connect()
    broker.say(publish(1, 'first'))
    await broker.until(() => broker.heard.length === 1)
    broker.hangUp()
    await once(stream, 'retry')
    await stream.connect()
    broker.say(publish(1, 'second'))
    await broker.until(() => broker.heard.length === 2)
    assert.deepEqual(heard, ['first', 'second'])
    stream.destroy()
  })

  test('may have any id, and PUBREL of one that is unknown is answered', async () => {
    await using broker = await startBroker(() => {})
    await using context = await clientOf(broker)
    const stream = context.stream('it', { metadata: { topic: 'x' } })
    let heard = 0
    stream.on('message', () => heard++)
    await stream.connect()
    for (const id of [1, 7, 8, 0x7fff, 0x8000, 0xffff])
      broker.say(publish(id, 'x'), publish(id, 'x'))
    broker.say({ cmd: 'pubrel', messageId: 1234 })
    await broker.until(() => broker.heard.length === 13)
    assert.equal(told(broker.heard).at(-1), 'pubcomp 1234')
    assert.equal(heard, 6)
    stream.destroy()
  })
})
