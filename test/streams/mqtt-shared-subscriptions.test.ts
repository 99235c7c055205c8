import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { connectAsync, type MqttClient } from 'mqtt'
import { generate, type Packet, parser } from 'mqtt-packet'
import {
  type MosquittoPeer,
  type MqttRelay,
  startMosquitto,
  startMqttRelay,
  startRaw,
} from '../peers/index.js'
import { perProtocol, policyOf, quickRetry } from '../support/policies.js'
import { nextState } from '../support/states.js'

describe('a subscription that is shared with other clients', { timeout: 60_000 }, () => {
  let broker: MosquittoPeer
  let elsewhere: MqttClient
  before(async () => {
    broker = await startMosquitto()
    elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
  })
  after(async () => {
    await elsewhere.endAsync()
    await broker.close()
  })

  let clients = 0

  async function connected(
    filters: string[],
    use: (streams: SecureStream[], relay: MqttRelay, context: Context) => Promise<void>,
    mqttClientId?: string,
  ) {
    await using relay = await startMqttRelay(broker)
    const { mqtt_topic, ...subscriber } = perProtocol.mqtt
    const policy = policyOf(
      Object.fromEntries(
        filters.map((mqtt_subscribe, n) => [
          `type${n}`,
          { endpoint: 'localhost', port: relay.port, ...subscriber, mqtt_subscribe, metadata: [] },
        ]),
      ),
    )
    policy.retry = [{ quick: quickRetry }]
    await using context = await openContext({
      policy,
      ...(mqttClientId && { blobs: { mqttClientId } }),
    })
    const streams = filters.map((_, n) => context.stream(`type${n}`))
    for (const stream of streams) await stream.connect()
    await use(streams, relay, context)
  }

  /** What each of them hears of what is published, until all is there. */
  async function heardOf(streams: SecureStream[], topic: string, messages: string[]) {
    const heard = streams.map((): string[] => [])
    for (const [n, stream] of streams.entries())
      stream.on('message', (message) => heard[n]?.push(message.text()))
    for (const message of messages) await elsewhere.publishAsync(topic, message, { qos: 1 })
    return heard
  }

  const idsOf = (relay: MqttRelay) =>
    relay.fromClient.flatMap((packet) => (packet.cmd === 'connect' ? packet.clientId : []))

  const messages = Array.from({ length: 20 }, (_, n) => `message ${n}`)

  for (const [first, second] of [
    ['$share/g/s/t', 's/t'],
    ['s/t', '$share/g/s/t'],
    ['s/+', '$share/g/s/#'],
    ['$share/g/s/t', '$share/h/s/t'],
  ] as const)
    test(`${first} beside ${second}: each takes what the broker sent for it`, () => {
      const mqttClientId = `device-${++clients}`
      return connected(
        [first, second],
        async (streams, relay) => {
          // Another client of the group, so that the stream's share is not all.
          const member = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
          const taken: string[] = []
          member.on('message', (_topic, payload) => taken.push(String(payload)))
          const group = first.startsWith('$share') ? first : second
          await member.subscribeAsync(group, { qos: 1 })
          const heard = await heardOf(streams, 's/t', messages)
          const shared = [first, second].indexOf(group)
          while (
            (heard[1 - shared]?.length ?? 0) < 20 ||
            (heard[shared]?.length ?? 0) + taken.length < 20
          )
            await new Promise((resolve) => setImmediate(resolve))
          await member.endAsync()
          assert.deepEqual(heard[1 - shared], messages)
          assert.deepEqual([...(heard[shared] ?? []), ...taken].sort(), [...messages].sort())
          assert.deepEqual(idsOf(relay), [mqttClientId, `${mqttClientId}-2`])
        },
        mqttClientId,
      )
    })

  test('is on the connection of the client where nothing overlaps it', () =>
    connected(
      ['$share/g/one/t', 'two/+', '$share/g/three/#', '$share/h/four'],
      async (_streams, relay) => {
        assert.deepEqual(idsOf(relay), ['lonely'])
      },
      'lonely',
    ))

  test('of two streams is shared between them', () =>
    connected(['$share/g/u/t', '$share/g/u/t'], async (streams, relay) => {
      const heard = await heardOf(streams, 'u/t', messages)
      while (heard.flat().length < 20) await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(heard.flat().sort(), [...messages].sort())
      assert.equal(relay.connections, 2)
    }))

  test('and comes back is where it was', () =>
    connected(
      ['v/t', '$share/g/v/t'],
      async (streams, relay) => {
        for (const stream of streams) {
          stream.disconnect()
          await stream.connect()
        }
        const heard = await heardOf(streams, 'v/t', messages)
        while (heard.flat().length < 40) await new Promise((resolve) => setImmediate(resolve))
        assert.deepEqual(heard, [messages, messages])
        assert.deepEqual(idsOf(relay), ['back', 'back-2'])
      },
      'back',
    ))
})

test('a stream that waited for such a connection, and finds that it needs none, is the client itself', {
  timeout: 30_000,
}, async () => {
  const ids: string[] = []
  const events = new EventEmitter()
  await using peer = await startRaw({
    accept: (socket) => {
      const packets = parser()
      packets.on('packet', (packet: Packet) => {
        if (packet.cmd === 'connect') {
          ids.push(packet.clientId)
          events.emit('connect')
          // The connection apart is never made.
          if (packet.clientId === 'device')
            socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
        } else if (packet.cmd === 'subscribe')
          socket.write(
            generate({ cmd: 'suback', messageId: packet.messageId as number, granted: [1] }),
          )
      })
      socket.on('data', (bytes) => packets.parse(bytes))
    },
  })
  const { mqtt_topic, ...subscriber } = perProtocol.mqtt
  const policy = policyOf({
    it: {
      endpoint: 'localhost',
      port: peer.port,
      ...subscriber,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      mqtt_subscribe: '${topic}',
    },
  })
  await using context = await openContext({ policy, blobs: { mqttClientId: 'device' } })
  const open = (topic: string) => context.stream('it', { metadata: { topic } })
  const plain = [open('t'), open('u')]
  for (const stream of plain) await stream.connect()
  const apart = once(events, 'connect')
  const leader = open('$share/g/t')
  leader.connect()
  await apart
  const waits = open('$share/g/u')
  const connected = waits.connect()
  const gone = plain.map((stream) => nextState(stream, 'DISCONNECTED'))
  ;[...peer.sockets][0]?.destroy()
  await Promise.all(gone)
  for (const stream of plain) stream.destroy()
  leader.destroy()
  await connected
  assert.deepEqual(ids, ['device', 'device-2', 'device'])
})
