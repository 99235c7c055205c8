import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { connectAsync } from 'mqtt'
import {
  type MqttCut,
  type Peer,
  startAedes,
  startMosquitto,
  startMqttCuttingRelay,
  startMqttRelay,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

let clients = 0

/** With a session that the broker keeps. */
async function clientOf(broker: Pick<Peer, 'port'>): Promise<Context> {
  const it = streamtype('mqtt', broker, { mqtt_qos: 2, mqtt_clean_start: false, retry: 'patient' })
  const { mqtt_subscribe: _, ...publisher } = it
  const { s = [] } = policyOf({ it, publisher })
  const patient = { backoff: [20], conceal: 65_535, jitterpc: 1 }
  return openContext({
    policy: { retry: [{ patient }], s },
    blobs: { mqttClientId: `qos2-${process.pid}-${++clients}` },
  })
}

const texts = (count: number) => Array.from({ length: count }, (_, n) => `message ${n}`)

/** Another client, which subscribes, and what it has heard until `'end'`. */
async function listenElsewhere(broker: Pick<Peer, 'port'>) {
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
  await client.subscribeAsync('#', { qos: 2 })
  const heard: string[] = []
  const ended = new Promise<void>((resolve) => {
    client.on('message', (_, payload) => {
      if (String(payload) === 'end') resolve()
      else heard.push(String(payload))
    })
  })
  return {
    client,
    async all(): Promise<string[]> {
      await client.publishAsync('end', 'end', { qos: 2 })
      await ended
      return heard
    },
  }
}

/** What a stream hears until `count` messages have come, and a last one. */
function listen(stream: SecureStream): { until(last: string): Promise<string[]> } {
  const heard: string[] = []
  let check = () => {}
  stream.on('message', (message) => {
    assert.equal(message.qos, 2)
    heard.push(message.text())
    check()
  })
  return {
    until: (last) =>
      new Promise((resolve) => {
        check = () => heard.includes(last) && resolve(heard)
        check()
      }),
  }
}

for (const [name, start] of [
  ['mosquitto', startMosquitto],
  ['aedes', startAedes],
] as const)
  describe(`QoS 2 and ${name}`, { timeout: 60_000 }, () => {
    test('a message of any size is said to be sent by its PUBCOMP, and arrives once', async () => {
      await using broker = await start()
      await using relay = await startMqttRelay(broker)
      await using context = await clientOf(relay)
      const elsewhere = await listenElsewhere(broker)
      const stream = context.stream('publisher', { metadata: { topic: 'sent' } })
      const payloads = ['', 'short', 'x'.repeat(100_000), ...texts(100)]
      let settled = 0
      const completed = () => relay.fromBroker.filter(({ cmd }) => cmd === 'pubcomp').length
      await Promise.all(
        payloads.map((payload) =>
          stream.send(payload).then(() => {
            settled++
            assert.ok(completed() >= settled)
          }),
        ),
      )
      assert.deepEqual(await elsewhere.all(), payloads)
      const count = (cmd: string) => relay.fromClient.filter((packet) => packet.cmd === cmd).length
      assert.equal(count('publish'), payloads.length)
      assert.equal(count('pubrel'), payloads.length)
      await elsewhere.client.endAsync()
    })

    test('what is received is acknowledged in its two steps, and is of the lower QoS of the two', async () => {
      await using broker = await start()
      await using relay = await startMqttRelay(broker)
      await using context = await clientOf(relay)
      const stream = context.stream('it', { metadata: { topic: 'heard' } })
      const heard: unknown[] = []
      stream.on('message', (message) => heard.push([message.text(), message.qos]))
      await stream.connect()
      const elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
      for (const qos of [0, 1, 2] as const)
        await elsewhere.publishAsync('test/heard', `of ${qos}`, { qos })
      while (relay.fromClient.at(-1)?.cmd !== 'pubcomp') await new Promise(setImmediate)
      assert.deepEqual(heard, [
        ['of 0', 0],
        ['of 1', 1],
        ['of 2', 2],
      ])
      const answers = relay.fromClient.map(({ cmd }) => cmd).slice(-3)
      assert.deepEqual(answers, ['puback', 'pubrec', 'pubcomp'])
      stream.destroy()
      await elsewhere.endAsync()
    })
  })

describe('QoS 2 with connections that are cut', { timeout: 60_000 }, () => {
  const steps = (forth: MqttCut['from'], back: MqttCut['from']): Omit<MqttCut, 'passesOn'>[] => [
    { from: forth, cmd: 'publish' },
    { from: back, cmd: 'pubrec' },
    { from: forth, cmd: 'pubrel' },
    { from: back, cmd: 'pubcomp' },
  ]

  for (const passesOn of [false, true])
    for (const step of steps('client', 'broker'))
      test(`${passesOn ? 'behind' : 'before'} a ${step.cmd}: what is sent arrives once`, async () => {
        await using broker = await startMosquitto()
        await using relay = await startMqttCuttingRelay(broker)
        await using context = await clientOf(relay)
        const elsewhere = await listenElsewhere(broker)
        const stream = context.stream('publisher', { metadata: { topic: 'cut' }, resend: true })
        await stream.send('first')
        const sent: Promise<void>[] = []
        for (let round = 0; round < 3; round++) {
          const cut = relay.cutAt({ ...step, passesOn })
          for (const text of texts(20)) sent.push(stream.send(`round ${round} ${text}`))
          await cut
        }
        await Promise.all(sent)
        const wanted = [0, 1, 2].flatMap((round) =>
          texts(20).map((text) => `round ${round} ${text}`),
        )
        const heard = await elsewhere.all()
        assert.deepEqual(heard.sort(), ['first', ...wanted].sort())
        assert.ok(relay.accepted >= 4)
        await elsewhere.client.endAsync()
      })

  for (const passesOn of [false, true])
    for (const step of steps('broker', 'client'))
      test(`${passesOn ? 'behind' : 'before'} a ${step.cmd}: what is received is received once`, async () => {
        await using broker = await startMosquitto()
        await using relay = await startMqttCuttingRelay(broker)
        await using context = await clientOf(relay)
        const elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
        const stream = context.stream('it', { metadata: { topic: 'cut' } })
        const listening = listen(stream)
        await stream.connect()
        const wanted: string[] = []
        for (let round = 0; round < 3; round++) {
          const cut = relay.cutAt({ ...step, passesOn })
          for (const text of texts(20)) {
            wanted.push(`round ${round} ${text}`)
            await elsewhere.publishAsync('test/cut', `round ${round} ${text}`, { qos: 2 })
          }
          await cut
        }
        await elsewhere.publishAsync('test/cut', 'last', { qos: 2 })
        const heard = await listening.until('last')
        assert.deepEqual(heard, [...wanted, 'last'])
        stream.destroy()
        await elsewhere.endAsync()
      })
})
