/** A broker that is killed amid handshakes of QoS 2, and comes back with what it has written to its disk. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Context, openContext } from 'lws-secure-streams'
import { connect, connectAsync } from 'mqtt'
import {
  type MosquittoPeer,
  type MqttCut,
  type Peer,
  startMosquitto,
  startMqttCuttingRelay,
} from '../peers/index.js'
import { streamtype } from '../support/policies.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const texts = Array.from({ length: 20 }, (_, n) => `message ${n}`)

async function clientOf(relay: Pick<Peer, 'port'>): Promise<Context> {
  const it = streamtype('mqtt', relay, {
    mqtt_qos: 2,
    mqtt_clean_start: false,
    retry: 'patient',
  })
  const { mqtt_subscribe: _, ...publisher } = it
  const patient = { backoff: [20], conceal: 65_535, jitterpc: 1 }
  return openContext({
    policy: { retry: [{ patient }], s: [{ it }, { publisher }] },
    blobs: { mqttClientId: 'restarts' },
  })
}

/** Kills the broker, which has written all that it was told, and starts it again. */
async function restart(broker: MosquittoPeer, persistence: string): Promise<MosquittoPeer> {
  // It writes everything at once, so what it has been told before is there as well.
  const mark = randomUUID()
  const probe = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
  await probe.publishAsync('probe', mark, { qos: 1, retain: true })
  await probe.endAsync()
  const database = path.join(persistence, 'mosquitto.db')
  while (!(await readFile(database, 'latin1').catch(() => '')).includes(mark)) await delay(5)
  await broker.close()
  return await startMosquitto({ port: broker.port, persistence })
}

const steps = (forth: MqttCut['from'], back: MqttCut['from']): MqttCut[] => [
  { from: forth, cmd: 'publish', passesOn: true },
  { from: back, cmd: 'pubrec', passesOn: false },
  { from: back, cmd: 'pubrec', passesOn: true },
  { from: forth, cmd: 'pubrel', passesOn: true },
  { from: back, cmd: 'pubcomp', passesOn: false },
]
const named = ({ cmd, passesOn }: MqttCut) => `${passesOn ? 'behind' : 'before'} a ${cmd}`

describe('a broker that is killed and comes back', { timeout: 40_000 }, () => {
  const { file } = temporaryFolder()
  let folders = 0

  async function start() {
    const folder = file(`broker-${++folders}`)
    await mkdir(folder, { mode: 0o777 })
    const broker = await startMosquitto({ persistence: folder })
    const relay = await startMqttCuttingRelay(broker)
    return {
      broker,
      relay,
      /** Kills the broker when the relay cuts the connection of the client. */
      async restartAt(cut: MqttCut): Promise<MosquittoPeer> {
        await relay.cutAt(cut)
        relay.hold(true)
        const second = await restart(broker, folder)
        relay.hold(false)
        return second
      },
    }
  }

  for (const cut of steps('client', 'broker'))
    test(`${named(cut)}: what was sent has arrived once`, async () => {
      const { broker, relay, restartAt } = await start()
      const reader = { clientId: 'reader', clean: false }
      const before = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, reader)
      await before.subscribeAsync('test/#', { qos: 2 })
      await before.endAsync()
      await using context = await clientOf(relay)
      const stream = context.stream('publisher', { metadata: { topic: 'x' }, resend: true })
      const restarted = restartAt(cut)
      await Promise.all(texts.map((text) => stream.send(text)))
      await stream.send('last')
      await using second = await restarted
      // The broker has kept all of it for a client that was not there.
      const after = connect(`mqtt://127.0.0.1:${second.port}`, reader)
      const heard: string[] = []
      await new Promise<void>((resolve) => {
        after.on('message', (_, payload) => {
          heard.push(String(payload))
          if (heard.at(-1) === 'last') resolve()
        })
      })
      await after.endAsync()
      assert.deepEqual(heard.sort(), [...texts, 'last'].sort())
      await relay.close()
    })

  for (const cut of steps('broker', 'client'))
    test(`${named(cut)}: what was received was received once`, async () => {
      const { broker, relay, restartAt } = await start()
      await using context = await clientOf(relay)
      const stream = context.stream('it', { metadata: { topic: 'x' } })
      const heard: string[] = []
      const over = new Promise<void>((resolve) => {
        stream.on('message', (message) => {
          heard.push(message.text())
          if (heard.at(-1) === 'last') resolve()
        })
      })
      await stream.connect()
      // The broker has all of them before the first leaves.
      relay.hold(true)
      relay.dropConnections()
      const before = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
      for (const text of texts) await before.publishAsync('test/x', text, { qos: 2 })
      await before.endAsync()
      const restarted = restartAt(cut)
      relay.hold(false)
      await using second = await restarted
      const after = await connectAsync(`mqtt://127.0.0.1:${second.port}`)
      await after.publishAsync('test/x', 'last', { qos: 2 })
      await over
      assert.deepEqual(heard.sort(), [...texts, 'last'].sort())
      await after.endAsync()
      stream.destroy()
      await relay.close()
    })

  test('without what it had written: what it may not have is sent again', async () => {
    const { broker, relay } = await start()
    await using context = await clientOf(relay)
    const stream = context.stream('publisher', { metadata: { topic: 'x' }, resend: true })
    await stream.connect()
    const cut = relay.cutAt({ from: 'broker', cmd: 'pubrec', passesOn: true })
    const sent = stream.send('kept')
    await cut
    relay.hold(true)
    await broker.close()
    await using second = await startMosquitto({ port: broker.port })
    const elsewhere = await connectAsync(`mqtt://127.0.0.1:${second.port}`)
    await elsewhere.subscribeAsync('test/#', { qos: 2 })
    const heard = new Promise((resolve) => {
      elsewhere.on('message', (_, payload) => resolve(String(payload)))
    })
    relay.hold(false)
    await sent
    assert.equal(await heard, 'kept')
    await elsewhere.endAsync()
    await relay.close()
  })
})
