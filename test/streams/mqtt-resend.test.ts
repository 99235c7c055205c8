import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Context, openContext, type StreamOptions } from 'lws-secure-streams'
import {
  type Peer,
  startMosquitto,
  startMqttRelay,
  startRaw,
  startScriptedBroker,
} from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

// RFC 6455, section 1.3.
const WEBSOCKET = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const PIECE = 32768
const payloads = ['', 'short', 'x'.repeat(3 * PIECE + 1)]

/** Retries for as long as it takes a broker to come back; `few`, hardly. */
async function contextFor(broker: Pick<Peer, 'port'>): Promise<Context> {
  const it = streamtype('mqtt', broker, { retry: 'patient', opportunistic: true })
  const { mqtt_subscribe: _, ...publisher } = it
  const { retry = [], s = [] } = policyOf({
    it,
    publisher,
    qos0: { ...publisher, mqtt_qos: 0 },
    few: { ...publisher, retry: 'quick' },
    kept: { ...publisher, mqtt_clean_start: false },
  })
  const patient = { backoff: [20], conceal: 65535, jitterpc: 1 }
  return openContext({ policy: { retry: [...retry, { patient }], s } })
}

const again = (more: StreamOptions = ownTopic('mqtt')): StreamOptions => ({ ...more, resend: true })

describe('a broker that pauses', { timeout: 60_000, concurrency: true }, () => {
  test('gets each message once, and they are accepted when it goes on', async () => {
    await using broker = await startMosquitto()
    await using relay = await startMqttRelay(broker)
    await using context = await contextFor(relay)
    const stream = context.stream('it', ownTopic('mqtt'))
    const states = traceStates(stream)
    await stream.connect()
    broker.pause()
    const sent = payloads.map((payload) => stream.send(payload))
    // libwebsockets repeats what is not acknowledged after three seconds.
    await delay(4000)
    broker.resume()
    await Promise.all(sent)
    const published = relay.fromClient.filter(({ cmd }) => cmd === 'publish')
    assert.equal(published.length, payloads.length)
    for (const payload of payloads) assert.equal(String(await nextMessage(stream)), payload)
    assert.ok(!states.includes('DISCONNECTED') && !states.includes('QOS_NACK_REMOTE'))
  })

  for (const resend of [false, true])
    test(`and is killed: ${resend ? 'they go to the next one' : 'they reject'}`, async () => {
      const first = await startMosquitto()
      await using relay = await startMqttRelay(first)
      await using context = await contextFor(relay)
      const stream = context.stream('publisher', { ...ownTopic('mqtt'), resend })
      await stream.connect()
      first.pause()
      const sent = payloads.map((payload) => stream.send(payload))
      const settled = Promise.allSettled(sent)
      // The socket has them.
      while (relay.fromClient.filter(({ cmd }) => cmd === 'publish').length < payloads.length)
        await delay(5)
      const lost = nextState(stream, 'DISCONNECTED')
      await first.close()
      await lost
      await using second = await startMosquitto({ port: first.port })
      assert.equal(second.port, first.port)
      const results = await settled
      if (!resend) {
        for (const result of results)
          assert.equal(result.status === 'rejected' && result.reason.code, 'ERR_SS_DISCONNECTED')
        return
      }
      assert.ok(results.every(({ status }) => status === 'fulfilled'))
      const published = relay.fromClient.flatMap((packet) =>
        packet.cmd === 'publish' ? [packet] : [],
      )
      assert.deepEqual(
        published.slice(-payloads.length).map(({ payload, dup }) => [String(payload), dup]),
        payloads.map((payload) => [payload, true]),
      )
    })
})

describe('with the option resend', { timeout: 60_000, concurrency: true }, () => {
  for (const streamtype of ['publisher', 'kept'])
    test(`what was lost goes out again in its order, with its packet ids, and then the rest: ${streamtype}`, async () => {
      await using broker = await startScriptedBroker()
      await using context = await contextFor(broker)
      const stream = context.stream(streamtype, again())
      const texts = Array.from({ length: 70 }, (_, n) => `message ${n}`)
      const sent = texts.map((text) => stream.send(text))
      const [first] = await broker.arrived(64)
      broker.acknowledge(first?.messageId as number)
      await sent[0]
      // The 65th leaves for the first.
      const begun = [...(await broker.arrived(65))]
      broker.hangUp()
      await broker.arrived(65 + 64)
      const repeated = broker.published.slice(65, 65 + 64)
      assert.deepEqual(
        repeated.map(({ payload, dup, messageId }) => [String(payload), dup, messageId]),
        begun.slice(1).map(({ payload, messageId }) => [String(payload), true, messageId]),
      )
      broker.acknowledge(...repeated.map(({ messageId }) => messageId as number))
      const all = await broker.arrived(65 + 64 + 5)
      const rest = all.slice(65 + 64)
      assert.deepEqual(
        rest.map(({ payload, dup }) => [String(payload), dup]),
        texts.slice(65).map((text) => [text, false]),
      )
      broker.acknowledge(...rest.map(({ messageId }) => messageId as number))
      await Promise.all(sent)
      assert.equal(broker.connections, 2)
    })

  test('what had left in part goes out again whole', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', again())
    await stream.connect()
    broker.listen(false)
    const payload = Buffer.alloc(32 * 1024 * 1024, 'whole')
    const sent = stream.send(payload)
    const lost = nextState(stream, 'DISCONNECTED')
    // More than the sockets between take, so that part of it still waits.
    await delay(100)
    broker.dropConnections()
    await lost
    const [published] = await broker.arrived(1)
    assert.ok(payload.equals(published?.payload as Buffer))
    broker.acknowledge(published?.messageId as number)
    await sent
  })

  test('each goes to the topic that it was sent to', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', again())
    const topics = ['one', 'two', 'three']
    const sent = topics.map((topic) => stream.send('message', { metadata: { topic } }))
    await broker.arrived(topics.length)
    stream.setMetadata('topic', 'another')
    broker.hangUp()
    const published = await broker.arrived(2 * topics.length)
    assert.deepEqual(
      published.slice(topics.length).map(({ topic, dup }) => [topic, dup]),
      topics.map((topic) => [`test/${topic}`, true]),
    )
    broker.acknowledge(...published.map(({ messageId }) => messageId as number))
    await Promise.all(sent)
  })

  test('what was given up meanwhile is not sent again', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', again())
    const controller = new AbortController()
    const kept = stream.send('kept')
    const given = stream.send('given up', { signal: controller.signal })
    await broker.arrived(2)
    controller.abort()
    await assert.rejects(given, { name: 'AbortError' })
    broker.hangUp()
    const published = await broker.arrived(3)
    broker.acknowledge(published.at(-1)?.messageId as number)
    await kept
    assert.deepEqual(
      published.map(({ payload, dup }) => `${payload} ${dup}`),
      ['kept false', 'given up false', 'kept true'],
    )
  })

  test('disconnect() and destroy() forget it all', async () => {
    for (const end of ['disconnect', 'destroy'] as const) {
      await using broker = await startScriptedBroker()
      await using context = await contextFor(broker)
      const stream = context.stream('publisher', again())
      const sent = stream.send('never again')
      await broker.arrived(1)
      stream[end]()
      await assert.rejects(sent, {
        code: end === 'destroy' ? 'ERR_SS_DESTROYED' : 'ERR_SS_DISCONNECTED',
      })
      const other = (end === 'destroy' ? context.stream('publisher', again()) : stream).send('next')
      const published = await broker.arrived(2)
      assert.equal(String(published.at(-1)?.payload), 'next')
      broker.acknowledge(published.at(-1)?.messageId as number)
      await other
    }
  })

  test('a message that ends each connection it is sent on is given up in the end', async () => {
    await using broker = await startScriptedBroker((_, it) => it.hangUp())
    await using context = await contextFor(broker)
    const stream = context.stream('few', again())
    await assert.rejects(stream.send('poison'), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
      assert.match(String(error.message), /before it acknowledged anything/)
      return true
    })
    // The first attempt, and the two that `conceal` allows.
    assert.equal(broker.published.length, 3)
  })

  test('QoS 0 is as it is without', async () => {
    await using broker = await startScriptedBroker((_, it) => it.hangUp())
    await using context = await contextFor(broker)
    const stream = context.stream('qos0', again())
    const lost = nextState(stream, 'DISCONNECTED')
    await stream.send('once')
    await lost
    const next = stream.send('next')
    const published = await broker.arrived(2)
    await next
    assert.deepEqual(
      published.map(({ payload, dup }) => `${payload} ${dup}`),
      ['once false', 'next false'],
    )
  })

  for (const protocol of ['raw', 'ws'] as const)
    test(`${protocol} is as it is without: what had begun to leave rejects`, async () => {
      const begun: string[] = []
      await using peer = await startRaw({
        accept: (socket) => {
          let heard = ''
          socket.on('data', (bytes) => {
            heard += bytes.toString('latin1')
            const key = /^Sec-WebSocket-Key: (.*)\r$/im.exec(heard)?.[1]
            if (protocol === 'ws' && key) {
              const accepts = createHash('sha1').update(`${key}${WEBSOCKET}`).digest('base64')
              const answer = ['Upgrade: websocket', 'Connection: Upgrade']
              answer.push(`Sec-WebSocket-Accept: ${accepts}`)
              socket.write(`HTTP/1.1 101 Switching\r\n${answer.join('\r\n')}\r\n\r\n`)
              heard = ''
            } else if (heard.length >= 1_000_000) {
              begun.push(heard)
              socket.resetAndDestroy()
            }
          })
        },
      })
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
      })
      const stream = context.stream('it', { resend: true })
      const lost = stream.send('x'.repeat(64_000_000))
      await assert.rejects(lost, { code: 'ERR_SS_DISCONNECTED' })
      assert.equal(begun.length, 1)
    })

  test('is a boolean', async () => {
    await using context = await contextFor({ port: 1 })
    assert.throws(() => context.stream('it', { resend: 'yes' as unknown as boolean }), {
      code: 'ERR_INVALID_ARG_TYPE',
    })
  })
})
