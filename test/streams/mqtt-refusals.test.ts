import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext, type SecureStream } from 'lws-secure-streams'
import {
  generate,
  type IConnectPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from 'mqtt-packet'
import { startAedes, startRaw, startSubscriptionBroker } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

const blobs = { mqttClientId: 'device-1' }
const onTopic = (topic: string) => ({ metadata: { topic } })
const refused = 'ERR_SS_ALL_RETRIES_FAILED'

describe('an MQTT broker that refuses a subscription', { timeout: 60_000 }, () => {
  for (const [code, words] of [
    [0x80, '(0x80)'],
    [0x87, '(0x87, Not Authorized)'],
    [0x8f, '(0x8f, Topic Filter Invalid)'],
    [0xa2, '(0xa2)'],
    [0xff, '(0xff)'],
  ] as const)
    test(`with ${words}: the stream hears of it, and the others go on`, async () => {
      await using peer = await startSubscriptionBroker((suback, filter) =>
        filter === 'test/denied' ? [suback.subarray(0, -1), Buffer.of(code)] : [suback],
      )
      const policy = policyOf({ it: streamtype('mqtt', peer) })
      await using context = await openContext({ policy, blobs })
      const other = context.stream('it', onTopic('allowed'))
      const states = traceStates(other)
      await other.connect()
      await assert.rejects(context.stream('it', onTopic('denied')).connect(), (error: Error) => {
        assert.ok(error.message.includes(`refused the subscription ${words} to 'test/denied'`))
        return true
      })
      await other.send('x')
      assert.ok(!states.includes('DISCONNECTED'))
      assert.equal(peer.connections, 1)
    })
})

describe('an MQTT broker that hangs up at a subscription', { timeout: 60_000 }, () => {
  /** aedes, as it is when its `authorizeSubscribe` fails. */
  async function startHangingUp() {
    const peer = await startAedes()
    const ids: string[] = []
    peer.broker.on('client', ({ id }) => ids.push(id))
    peer.broker.authorizeSubscribe = (_client, subscription, done) =>
      done(subscription.topic.endsWith('denied') ? new Error('denied') : null, subscription)
    return { peer, ids }
  }

  const isNamed = /hung up when 'it' was to subscribe to 'test\/denied'/

  const hears = async (streams: SecureStream[]) => {
    for (const stream of streams) {
      const message = nextMessage(stream)
      await stream.send('still here')
      assert.equal(String(await message), 'still here')
    }
  }

  test('costs the other streams one connection, and all hear why', async () => {
    const { peer, ids } = await startHangingUp()
    await using _ = peer
    const policy = policyOf({ it: streamtype('mqtt', peer) })
    await using context = await openContext({ policy, blobs })
    const warnings: string[] = []
    context.on('log', ({ level, text }) => {
      if (level === 'warn') warnings.push(text)
    })
    const others = ['a', 'b', 'c'].map((topic) => context.stream('it', onTopic(topic)))
    await Promise.all(others.map((stream) => stream.connect()))
    const lost = others.map(async (stream) => {
      await nextState(stream, 'DISCONNECTED')
      assert.match(stream.lastError?.message ?? '', isNamed)
      await nextState(stream, 'CONNECTED')
    })
    const denied = context.stream('it', onTopic('denied'))
    const states = traceStates(denied)
    await assert.rejects(denied.connect(), (error: Error & { code?: string }) => {
      assert.equal(error.code, refused)
      assert.match(error.message, isNamed)
      return true
    })
    await Promise.all(lost)
    const onceMore = others.map(traceStates)
    await assert.rejects(denied.connect(), isNamed)
    await hears(others)
    for (const states of onceMore) assert.ok(!states.includes('DISCONNECTED'))
    assert.ok(!states.includes('CONNECTED'))
    assert.equal(ids.filter((id) => id === 'device-1').length, 2)
    assert.match(warnings.join('\n'), isNamed)
  })

  test('when all subscribe at once: that of the first that was not answered', async () => {
    const { peer } = await startHangingUp()
    await using _ = peer
    const policy = policyOf({ it: streamtype('mqtt', peer) })
    await using context = await openContext({ policy, blobs })
    const others = Array.from({ length: 20 }, (_, n) => context.stream('it', onTopic(`${n}`)))
    const first = others.slice(0, 10).map((stream) => stream.connect())
    const denied = context.stream('it', onTopic('denied')).connect()
    const last = others.slice(10).map((stream) => stream.connect())
    await Promise.all([assert.rejects(denied, isNamed), ...first, ...last])
    await hears(others)
  })

  test('alone: it is a failed attempt like any other', async () => {
    const { peer, ids } = await startHangingUp()
    await using _ = peer
    const policy = policyOf({ it: streamtype('mqtt', peer) })
    await using context = await openContext({ policy, blobs })
    await assert.rejects(context.stream('it', onTopic('denied')).connect(), isNamed)
    assert.deepEqual(ids, ['device-1', 'device-1', 'device-1'])
  })

  test('and did not mean it: the subscription is made with the others', async () => {
    const said: string[] = []
    let hungUp = false
    await using peer = await startRaw({
      accept: (socket) => {
        const packets = parser()
        let id = ''
        packets.on('packet', (packet: Packet) => {
          if (packet.cmd === 'connect') {
            const { clientId, clean, will } = packet as IConnectPacket
            id = clientId
            said.push(`${id} ${clean ? 'clean' : 'kept'} ${will ? 'with' : 'without'} will`)
            socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
          }
          if (packet.cmd !== 'subscribe') return
          const { messageId = 0, subscriptions } = packet as ISubscribePacket
          const topic = subscriptions[0]?.topic as string
          said.push(`${id} ${topic}`)
          if (topic === 'test/b' && !hungUp) {
            hungUp = true
            socket.end()
          } else socket.write(generate({ cmd: 'suback', messageId, granted: [1] }))
        })
        socket.on('data', (bytes) => packets.parse(bytes))
      },
    })
    const policy = policyOf({
      it: streamtype('mqtt', peer, {
        mqtt_clean_start: false,
        mqtt_will_topic: 'wills',
        mqtt_will_message: 'gone',
      }),
    })
    await using context = await openContext({ policy, blobs })
    await context.stream('it', onTopic('a')).connect()
    await context.stream('it', onTopic('b')).connect()
    const main = said.filter((line) => line.startsWith('device-1 '))
    assert.deepEqual(main.slice(0, 3), [
      'device-1 kept with will',
      'device-1 test/a',
      'device-1 test/b',
    ])
    assert.deepEqual(main.slice(3).sort(), main.slice(0, 3).sort())
    assert.deepEqual(
      said.filter((line) => line.startsWith('device-1-2 ')),
      ['device-1-2 clean without will', 'device-1-2 test/b'],
    )
  })
})
