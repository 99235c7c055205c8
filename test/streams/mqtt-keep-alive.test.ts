import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { startAedes, startMosquitto, startRaw } from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

const keepAlive = { mqtt_keep_alive: 2 }

describe('an MQTT keep alive of two seconds', { timeout: 30_000 }, () => {
  test('makes a quiet connection last, however long', async () => {
    await using broker = await startMosquitto()
    await using patient = await startAedes()
    const open = (port: number) =>
      openContext({ policy: policyOf({ it: streamtype('mqtt', { port }, keepAlive) }) })
    await using quiet: Context = await open(broker.port)
    await using clock: Context = await open(patient.port)
    const stream = quiet.stream('it', ownTopic('mqtt'))
    const states = traceStates(stream)
    await stream.connect()
    await clock.stream('it', ownTopic('mqtt')).connect()
    // A broker gives up after three seconds without a ping; these take longer.
    for (let n = 0; n < 3; n++) await once(patient.broker, 'ping')
    await stream.send('still there')
    assert.equal(String(await nextMessage(stream)), 'still there')
    assert.ok(!states.includes('DISCONNECTED'))
  })

  test('finds out that the broker is not there any more, on all streams', async () => {
    await using broker = await startAedes()
    let isDead = false
    await using relay = await startRaw({
      accept: (client) => {
        const server: Socket = connect(broker.port, '127.0.0.1')
        client.on('data', (bytes) => server.write(bytes))
        server.on('data', (bytes) => isDead || client.write(bytes))
        client.on('close', () => server.destroy())
      },
    })
    await using context = await openContext({
      policy: policyOf({ it: streamtype('mqtt', relay, { ...keepAlive, opportunistic: true }) }),
    })
    const streams = [1, 2].map(() => context.stream('it', ownTopic('mqtt')))
    await Promise.all(streams.map((stream) => stream.connect()))
    isDead = true
    await Promise.all(
      streams.map(async (stream) => {
        await nextState(stream, 'DISCONNECTED')
        assert.match(stream.lastError?.message ?? '', /did not answer/)
      }),
    )
    assert.equal(relay.connections, 1)
  })

  test('does not take one for gone whom nobody listens to', async () => {
    await using broker = await startAedes()
    await using context = await openContext({
      policy: policyOf({ it: streamtype('mqtt', broker, keepAlive) }),
    })
    const topic = ownTopic('mqtt')
    const stream = context.stream('it', topic)
    const states = traceStates(stream)
    await stream.connect()
    // Who has begun to read, and stops, has the connection read no further.
    const chunks = stream.chunks()
    const payload = Buffer.alloc(256 * 1024)
    const count = 64
    for (let n = 0; n < count; n++)
      broker.broker.publish(
        {
          cmd: 'publish',
          topic: `test/${topic.metadata?.topic}`,
          payload,
          qos: 0,
          retain: false,
          dup: false,
        },
        () => {},
      )
    for (let n = 0; n < 3; n++) await once(broker.broker, 'ping')
    let received = 0
    while (received < count * payload.length)
      received += (await chunks.next()).value?.data.length ?? 0
    assert.ok(!states.includes('DISCONNECTED'))
  })
})
