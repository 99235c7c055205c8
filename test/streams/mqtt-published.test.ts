import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { connectAsync, type MqttClient } from 'mqtt'
import { type Peer, startMosquitto, startWebSocket } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

describe('a message tells how it was published', { timeout: 20_000 }, () => {
  let broker: Peer
  let elsewhere: MqttClient
  let context: Context
  before(async () => {
    broker = await startMosquitto()
    elsewhere = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
    context = await openContext({
      policy: policyOf({
        it: streamtype('mqtt', broker, { mqtt_subscribe: 'house/#' }),
        cellar: streamtype('mqtt', broker, { mqtt_subscribe: 'cellar/+' }),
      }),
    })
  })
  after(async () => {
    await context.close()
    await elsewhere.endAsync()
    await broker.close()
  })

  test('its topic, its quality of service, and whether it was retained', async () => {
    await elsewhere.publishAsync('house/attic', '0', { qos: 1, retain: true })
    await using stream = context.stream('it')
    const messages = stream[Symbol.asyncIterator]()
    const heard: unknown[] = []
    const hear = async () => {
      const { value } = await messages.next()
      heard.push([value?.text(), value?.topic, value?.qos, value?.retain, value?.binary])
    }
    await hear()
    const large = 'x'.repeat(300_000)
    await elsewhere.publishAsync('house/kitchen', '1', { qos: 0 })
    await elsewhere.publishAsync('house/kitchen', '2', { qos: 0 })
    await elsewhere.publishAsync('house/kitchen', '3', { qos: 1, retain: true })
    await elsewhere.publishAsync('house/küche/∞', large, { qos: 2 })
    await elsewhere.publishAsync('house/kitchen', '', { qos: 0 })
    for (let n = 0; n < 5; n++) await hear()
    assert.deepEqual(heard, [
      ['0', 'house/attic', 1, true, false],
      ['1', 'house/kitchen', 0, false, false],
      ['2', 'house/kitchen', 0, false, false],
      ['3', 'house/kitchen', 1, false, false],
      [large, 'house/küche/∞', 1, false, false],
      ['', 'house/kitchen', 0, false, false],
    ])
  })

  test('to listeners as well, also after another connection', async () => {
    await using stream = context.stream('cellar')
    for (const payload of ['first', 'second']) {
      await stream.connect()
      const heard = once(stream, 'message')
      await elsewhere.publishAsync('cellar/shelf', payload)
      const [message] = await heard
      assert.deepEqual([message.text(), message.topic, message.qos], [payload, 'cellar/shelf', 0])
      stream.disconnect()
    }
  })

  test('and on other protocols nothing of that', async () => {
    await using peer = await startWebSocket()
    await using other = await openContext({ policy: policyOf({ it: streamtype('ws', peer) }) })
    await using stream = other.stream('it')
    const heard = once(stream, 'message')
    await stream.send('hello')
    const [{ topic, qos, retain, binary }] = await heard
    assert.deepEqual([topic, qos, retain, binary], [undefined, undefined, undefined, true])
  })
})
