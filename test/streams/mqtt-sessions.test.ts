import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { connectAsync, type MqttClient } from 'mqtt'
import { type Peer, patternBytes, startAedes, startMosquitto } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

let clients = 0

for (const [name, start] of [
  ['mosquitto', startMosquitto],
  ['aedes', startAedes],
] as const)
  describe(`what ${name} keeps for a client that is away`, { timeout: 20_000 }, () => {
    let broker: Peer
    let elsewhere: MqttClient
    before(async () => {
      broker = await start()
      elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
    })
    after(async () => {
      await elsewhere.endAsync()
      await broker.close()
    })

    const say = (topic: string, payload: Buffer | string, retain = false) =>
      elsewhere.publishAsync(`test/${topic}`, payload, { qos: 1, retain })

    /** A client with a name of its own, which is away between one call and the next. */
    function client(more: Parameters<typeof streamtype>[2] = {}) {
      const mqttClientId = `client-${++clients}`
      const policy = policyOf({
        it: streamtype('mqtt', broker, { mqtt_clean_start: false, ...more }),
      })
      return async (use: (context: Context) => Promise<void>) => {
        const context = await openContext({ policy, blobs: { mqttClientId } })
        await use(context)
        await context.close()
      }
    }

    async function subscribe(context: Context, topics: string[]) {
      const streams = topics.map((topic) => context.stream('it', { metadata: { topic } }))
      await Promise.all(streams.map((stream) => stream.connect()))
    }

    test('arrives when it is back, whole and in order, to each stream its own', async () => {
      const connection = client()
      await connection((context) => subscribe(context, ['first', 'second']))
      const large = patternBytes(300_000)
      for (let n = 0; n < 5; n++) await say('first', `first ${n}`)
      await say('second', large)
      await say('first', 'and last')
      await connection(async (context) => {
        const first = context.stream('it', { metadata: { topic: 'first' } })
        const second = context.stream('it', { metadata: { topic: 'second' } })
        const heard = [nextMessage(second)]
        await Promise.all([first.connect(), second.connect()])
        for (let n = 0; n < 6; n++) heard.push(nextMessage(first))
        const [ofSecond, ...ofFirst] = await Promise.all(heard)
        assert.ok(ofSecond?.equals(large))
        const texts = ['first 0', 'first 1', 'first 2', 'first 3', 'first 4', 'and last']
        assert.deepEqual(ofFirst.map(String), texts)
      })
    })

    test('is heard once: it was acknowledged', async () => {
      const connection = client()
      await connection((context) => subscribe(context, ['once']))
      await say('once', 'kept')
      for (const expected of ['kept', 'new'])
        await connection(async (context) => {
          const stream = context.stream('it', { metadata: { topic: 'once' } })
          await stream.connect()
          if (expected === 'new') await say('once', 'new')
          assert.equal(String(await nextMessage(stream)), expected)
        })
    })

    test('does not stand for a topic that the client has not subscribed to yet', async () => {
      const connection = client()
      await connection((context) => subscribe(context, ['old']))
      await connection(async (context) => {
        const stream = context.stream('it', { metadata: { topic: 'changed' } })
        await stream.connect()
        await say('changed', 'hello')
        assert.equal(String(await nextMessage(stream)), 'hello')
      })
    })

    test('is nothing for a client that begins anew', async () => {
      const connection = client({ mqtt_clean_start: true })
      await connection((context) => subscribe(context, ['anew']))
      await say('anew', 'lost')
      await connection(async (context) => {
        const stream = context.stream('it', { metadata: { topic: 'anew' } })
        await stream.connect()
        await say('anew', 'hello')
        assert.equal(String(await nextMessage(stream)), 'hello')
      })
    })

    test('of the retained kind is there for the second stream of a topic as well', async () => {
      await client()(async (context) => {
        // Keeps the connection.
        await subscribe(context, ['other'])
        await say('again', 'kept', true)
        for (let n = 0; n < 3; n++) {
          const stream = context.stream('it', { metadata: { topic: 'again' } })
          await stream.connect()
          assert.equal(String(await nextMessage(stream)), 'kept')
          await stream[Symbol.asyncDispose]()
        }
      })
    })
  })
