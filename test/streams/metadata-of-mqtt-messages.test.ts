import assert from 'node:assert/strict'
import { on, once } from 'node:events'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startAedes, startMosquitto, startScriptedBroker } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: the policy's own substitution

describe('metadata of messages on mqtt', { timeout: 60_000 }, () => {
  const topics = { mqtt_topic: 'to/${t}', mqtt_subscribe: 'from/${t}', metadata: [{ t: '' }] }

  for (const mqtt_qos of [0, 1])
    test(`is the topic of each, with QoS ${mqtt_qos}`, async () => {
      await using broker = await startAedes()
      await using context = await openContext({
        policy: policyOf({ it: streamtype('mqtt', broker, { ...topics, mqtt_qos }) }),
      })
      await using stream = context.stream('it', { metadata: { t: 'stream' } })
      // More than may be on their way at once.
      const names = Array.from({ length: 200 }, (_, n) => `t${n}`)
      const own = names.map((t, n) => n % 2 === 1 && { metadata: { t } })
      const sent = names.map((t, n) => {
        stream.setMetadata('t', n % 2 === 1 ? 'another' : t)
        return stream.send(t, own[n] || {})
      })
      stream.setMetadata('t', 'too-late')
      await Promise.all(sent)
      // Of QoS 0 nobody says when they are there.
      while (broker.published.length < names.length) await once(broker.broker, 'publish')
      assert.deepEqual(
        broker.published.map(({ topic, payload }) => [topic, payload.toString()]),
        names.map((t) => [`to/${t}`, t]),
      )
    })

  test('is the topic of each of many pieces, and of those behind it', async () => {
    await using broker = await startMosquitto()
    await using context = await openContext({
      policy: policyOf({
        says: streamtype('mqtt', broker, { ...topics, mqtt_topic: 'to/${t}' }),
        hears: streamtype('mqtt', broker, { ...topics, mqtt_subscribe: 'to/${t}' }),
      }),
    })
    await using heard = context.stream('hears', { metadata: { t: 'large' } })
    const messages = on(heard, 'message')
    await heard.connect()
    await using stream = context.stream('says', { metadata: { t: 'first' } })
    const large = Buffer.alloc(1024 * 1024, 'l')
    const sent = ['small', 'large', 'small', 'large'].map((t) => {
      stream.setMetadata('t', t)
      return stream.send(t === 'large' ? large : t)
    })
    await Promise.all(sent)
    for (let n = 0; n < 2; n++) {
      const { value } = await messages.next()
      assert.ok(value[0].data.equals(large))
    }
  })

  test('leaves what the stream subscribes to, on each of its connections', async () => {
    await using broker = await startScriptedBroker((packet, broker) =>
      packet.topic === 'to/end' ? broker.hangUp() : broker.acknowledge(packet.messageId as number),
    )
    const subscribed: string[] = []
    await using seen = await startAedes()
    seen.broker.on('subscribe', (all) => subscribed.push(...all.map(({ topic }) => topic)))
    await using context = await openContext({
      policy: policyOf({
        it: streamtype('mqtt', seen, topics),
        ends: streamtype('mqtt', broker, topics),
      }),
    })
    await using stream = context.stream('it', { metadata: { t: 'home' } })
    await stream.send('x', { metadata: { t: 'away' } })
    stream.disconnect()
    await nextState(stream, 'DISCONNECTED')
    await stream.send('x', { metadata: { t: 'further' } })
    stream.disconnect()
    await nextState(stream, 'DISCONNECTED')
    const connected = stream.connect()
    stream.setMetadata('t', 'moved')
    await connected
    await stream.send('x')
    assert.deepEqual(subscribed, ['from/home', 'from/home', 'from/home'])
    assert.deepEqual(
      seen.published.map(({ topic }) => topic),
      ['to/away', 'to/further', 'to/moved'],
    )

    await using cut = context.stream('ends')
    const sent = ['one', 'end', 'two', 'three'].map((t) => cut.send(t, { metadata: { t } }))
    await Promise.allSettled(sent)
    assert.equal(broker.published[0]?.topic, 'to/one')
    // What had begun to leave is not sent again, and the rest goes where it was to go.
    for (const { topic, payload } of broker.published) assert.equal(topic, `to/${payload}`)
  })
})

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the policy's own substitution
