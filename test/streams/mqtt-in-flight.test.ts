import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { type ScriptedBroker, startScriptedBroker } from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

const MOST_IN_FLIGHT = 64
const PIECE = 32768

async function contextFor(broker: ScriptedBroker): Promise<Context> {
  const { mqtt_subscribe: _, ...publisher } = streamtype('mqtt', broker, { opportunistic: false })
  const born = { mqtt_birth_topic: 'births', mqtt_birth_message: 'here I am', mqtt_birth_qos: 1 }
  return openContext({
    policy: policyOf({
      publisher,
      both: streamtype('mqtt', broker),
      qos0: { ...publisher, mqtt_qos: 0 },
      born: { ...publisher, ...born },
    }),
  })
}

/** Sends messages of these texts, and notes how each ends, in the order in which they do. */
function sendAll(stream: SecureStream, texts: string[]) {
  const ends: string[] = []
  const sent = texts.map((text) =>
    stream.send(text).then(
      () => void ends.push(text),
      (error) => void ends.push(`${text} ${error.code}`),
    ),
  )
  return { sent, ends }
}

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `message ${n}`)

describe('mqtt publishes in flight', { timeout: 120_000 }, () => {
  test('are acknowledged by their packet ids, in whatever order', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', ownTopic('mqtt'))
    const texts = numbered(6)
    const { sent, ends } = sendAll(stream, texts)
    const published = await broker.arrived(texts.length)
    assert.deepEqual(
      published.map(({ payload }) => String(payload)),
      texts,
    )

    const order = [3, 0, 5, 1, 4, 2]
    for (const [n, which] of order.entries()) {
      broker.acknowledge(published[which]?.messageId as number)
      await sent[which]
      assert.deepEqual(
        ends,
        order.slice(0, n + 1).map((one) => texts[one]),
      )
    }
  })

  test('are settled once, whatever else the broker acknowledges', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', ownTopic('mqtt'))
    const states = traceStates(stream)
    const { sent, ends } = sendAll(stream, numbered(3))
    const [a, b, c] = (await broker.arrived(3)).map(({ messageId }) => messageId as number)
    assert.ok(a && b && c)
    broker.acknowledge(b, b, 0, a + 1000, b)
    await sent[1]
    const other = stream.send('other')
    const [, , , d] = await broker.arrived(4)
    broker.acknowledge(b, d?.messageId as number, a, a, c, c)
    await Promise.all([other, ...sent])
    assert.deepEqual(ends, ['message 1', 'message 0', 'message 2'])
    assert.equal(states.filter((state) => state === 'QOS_ACK_REMOTE').length, 4)
    assert.ok(!states.includes('DISCONNECTED'))
  })

  test('are limited in number, and those behind them wait for an acknowledgement', async () => {
    const inFlight = new Set<number>()
    let most = 0
    await using broker = await startScriptedBroker(({ messageId = 0 }) => {
      assert.ok(messageId > 0 && !inFlight.has(messageId))
      inFlight.add(messageId)
      most = Math.max(most, inFlight.size)
    })
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', ownTopic('mqtt'))
    const { sent } = sendAll(stream, numbered(3 * MOST_IN_FLIGHT))
    for (let arrived = MOST_IN_FLIGHT; arrived < sent.length; arrived++) {
      await broker.arrived(arrived)
      const [oldest] = inFlight
      inFlight.delete(oldest as number)
      broker.acknowledge(oldest as number)
    }
    await broker.arrived(sent.length)
    broker.acknowledge(...inFlight)
    await Promise.all(sent)
    assert.equal(most, MOST_IN_FLIGHT)
  })

  test('leave together, and what is acknowledged together settles together', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', ownTopic('mqtt'))
    await stream.connect()
    const { sent } = sendAll(stream, numbered(MOST_IN_FLIGHT))
    const published = await broker.arrived(MOST_IN_FLIGHT)
    assert.deepEqual(broker.pieces, [MOST_IN_FLIGHT])

    let turn = 0
    let counting = true
    const count = () => {
      turn++
      if (counting) setImmediate(count)
    }
    count()
    broker.acknowledge(...published.map(({ messageId }) => messageId as number))
    const turns = await Promise.all(sent.map((one) => one.then(() => turn)))
    counting = false
    assert.equal(new Set(turns).size, 1)
  })

  test('share the packet ids of their connection, subscriptions included', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const streams = Array.from({ length: 8 }, () => context.stream('both', ownTopic('mqtt')))
    const all = streams.map((stream) => sendAll(stream, numbered(20)))
    const published = await broker.arrived(8 * 20)
    const ids = published.map(({ messageId }) => messageId as number)
    assert.equal(new Set(ids).size, ids.length)
    assert.equal(broker.connections, 1)
    broker.acknowledge(...ids.reverse())
    for (const { sent, ends } of all) {
      await Promise.all(sent)
      assert.deepEqual(ends, numbered(20).reverse())
    }
  })

  test('keep their packet ids, however many others come and go', async () => {
    let unanswered: number | undefined
    let reused = false
    await using broker = await startScriptedBroker(({ messageId = 0, payload, dup }, broker) => {
      assert.ok(messageId > 0)
      if (String(payload) === 'unanswered') unanswered = messageId
      else broker.acknowledge(messageId)
      if (messageId === unanswered && String(payload) !== 'unanswered' && !dup) reused = true
    })
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', ownTopic('mqtt'))
    // Were it refused before all ids have been used, its id would be free.
    const refused = stream.send('unanswered').catch(() => {
      unanswered = undefined
    })
    for (let begun = 0; begun < 0x10000 + 1000; begun += 1000) {
      await Promise.all(Array.from({ length: 1000 }, () => stream.send('x')))
      broker.published.length = 0
    }
    assert.ok(!reused)
    stream.destroy()
    await refused
  })

  test('that a connection takes with it are told from those it had not begun', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', ownTopic('mqtt'))
    const texts = numbered(MOST_IN_FLIGHT + 6)
    const { sent, ends } = sendAll(stream, texts)
    const ids = (await broker.arrived(MOST_IN_FLIGHT)).map(({ messageId }) => messageId as number)
    const acknowledged = [40, 7]
    // The acknowledgements make room for two more, which leave or not before the end is known.
    broker.acknowledge(...acknowledged.map((which) => ids[which] as number))
    await Promise.all(acknowledged.map((which) => sent[which]))
    await broker.arrived(MOST_IN_FLIGHT + acknowledged.length)
    broker.hangUp()
    const begun = MOST_IN_FLIGHT + acknowledged.length
    const again = await broker.arrived(texts.length)
    assert.deepEqual(
      again.slice(begun).map(({ payload }) => String(payload)),
      texts.slice(begun),
    )
    broker.acknowledge(...again.slice(begun).map(({ messageId }) => messageId as number))
    await Promise.all(sent)
    assert.deepEqual(ends, [
      ...acknowledged.map((which) => texts[which]),
      ...texts
        .filter((_, n) => n < begun && !acknowledged.includes(n))
        .map((text) => `${text} ERR_SS_DISCONNECTED`),
      ...texts.slice(begun),
    ])
    assert.equal(broker.connections, 2)
  })

  test('are forgotten with disconnect() and destroy()', async () => {
    for (const end of ['disconnect', 'destroy'] as const) {
      await using broker = await startScriptedBroker()
      await using context = await contextFor(broker)
      const stream = context.stream('publisher', ownTopic('mqtt'))
      const { sent, ends } = sendAll(stream, numbered(100))
      await broker.arrived(MOST_IN_FLIGHT)
      stream[end]()
      await Promise.all(sent)
      const code = end === 'destroy' ? 'ERR_SS_DESTROYED' : 'ERR_SS_DISCONNECTED'
      assert.deepEqual(
        ends,
        numbered(100).map((text) => `${text} ${code}`),
      )
      if (end === 'destroy') continue
      const next = stream.send('next')
      const published = await broker.arrived(MOST_IN_FLIGHT + 1)
      broker.acknowledge(published.at(-1)?.messageId as number)
      await next
    }
  })

  test('that are refused before they leave take none of the others with them', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = context.stream('publisher', ownTopic('mqtt'))
    const before = stream.send('before')
    const [first] = await broker.arrived(1)
    // With so long a topic the first piece of the message has no room in libwebsockets' buffer.
    stream.setMetadata('topic', 't'.repeat(PIECE + 8000))
    await assert.rejects(stream.send('x'.repeat(PIECE + 8000)), { code: 'ERR_SS_NACK' })
    stream.setMetadata('topic', 'short')
    const after = stream.send('after')
    const [, second] = await broker.arrived(2)
    assert.equal(second?.topic, 'test/short')
    broker.acknowledge(second?.messageId as number, first?.messageId as number)
    await Promise.all([before, after])
  })

  test('have their own length, also behind one that was given up', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = context.stream('qos0', ownTopic('mqtt'))
    await stream.connect()
    broker.listen(false)
    let left = 0
    const ends = Array.from({ length: 1000 }, (_, n) => {
      const giveUp = new AbortController()
      const sent = stream.send('x'.repeat(PIECE - n), { signal: giveUp.signal }).then(() => {
        left++
      })
      return { giveUp, sent }
    })
    // Until the socket takes no more.
    for (let before = -1, turns = 0; turns < 100; turns++) {
      if (left > before) turns = 0
      before = left
      await new Promise(setImmediate)
    }
    const givenUp = left
    ends[givenUp]?.giveUp.abort()
    await assert.rejects(ends[givenUp]?.sent as Promise<void>, { name: 'AbortError' })
    broker.listen(true)
    const published = await broker.arrived(ends.length - 1)
    const lengths = ends.map((_, n) => PIECE - n).filter((_, n) => n !== givenUp)
    assert.deepEqual(
      published.map(({ payload }) => payload.length),
      lengths,
    )
    ends.splice(givenUp, 1)
    await Promise.all(ends.map(({ sent }) => sent))
  })

  test('are known to handlers by the ordinal of their tx', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const given: number[] = []
    const acknowledged: number[] = []
    const count = 5
    const done = new Promise<void>((resolve) => {
      context.stream('publisher', {
        ...ownTopic('mqtt'),
        state(stream, state, ordinal) {
          if (state === 'CREATING') stream.requestTx(2)
          if (state === 'QOS_ACK_REMOTE') acknowledged.push(ordinal)
          if (acknowledged.length === count) resolve()
        },
        tx(stream, { ordinal }) {
          if (given.length === count) return undefined
          given.push(ordinal)
          if (given.length < count) stream.requestTx(2)
          return { data: `#${given.length}`, som: true, eom: true }
        },
      })
    })
    const published = await broker.arrived(count)
    assert.deepEqual(
      published.map(({ payload }) => String(payload)),
      ['#1', '#2', '#3', '#4', '#5'],
    )
    const order = [4, 2, 0, 1, 3]
    broker.acknowledge(...order.map((n) => published[n]?.messageId as number))
    await done
    assert.deepEqual(
      acknowledged,
      order.map((n) => given[n]),
    )
  })
})

test('a birth message that nobody acknowledges fails the attempt to connect', {
  timeout: 60_000,
}, async () => {
  await using broker = await startScriptedBroker()
  await using context = await contextFor(broker)
  const stream = context.stream('born', ownTopic('mqtt'))
  const failed = nextState(stream, 'UNREACHABLE')
  const sent = stream.send('after birth')
  await failed
  const births = await broker.arrived(2)
  assert.deepEqual(
    births.map(({ topic, payload, dup }) => `${topic} ${payload} ${dup}`),
    Array(2).fill('births here I am false'),
  )
  broker.acknowledge(births.at(-1)?.messageId as number)
  const published = await broker.arrived(3)
  broker.acknowledge(published.at(-1)?.messageId as number)
  await sent
})
