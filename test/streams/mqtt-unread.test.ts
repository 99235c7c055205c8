import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { type ScriptedBroker, startScriptedBroker } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const MEBIBYTE = 1024 * 1024
const SIZE = 64 * 1024

const contextFor = (broker: ScriptedBroker): Promise<Context> =>
  openContext({ policy: policyOf({ it: streamtype('mqtt', broker) }) })

const open = (context: Context, topic = 't'): SecureStream =>
  context.stream('it', { metadata: { topic } })

/** A message that begins with its number. */
const numbered = (n: number) => Buffer.alloc(SIZE, `${n};`.padEnd(SIZE, '.'))
const numberOf = (data: Buffer) => Number.parseInt(data.toString('latin1', 0, 12), 10)

/** Delivers messages of QoS 0, as fast as they are taken, until it is told to stop. */
function flood(broker: ScriptedBroker, most = Infinity) {
  const flooding = { delivered: 0, stopped: false, end: Promise.resolve() }
  const run = async () => {
    while (!flooding.stopped && flooding.delivered < most)
      await broker.deliver('test/t', numbered(flooding.delivered++))
  }
  flooding.end = run()
  return flooding
}

describe('an mqtt reader that waits for an acknowledgement', {
  timeout: 120_000,
  concurrency: true,
}, () => {
  test('gets it, though it is behind what it has not read; each time, and loses nothing', async () => {
    const count = 24 * (MEBIBYTE / SIZE)
    await using broker = await startScriptedBroker(({ messageId }, it) => {
      it.acknowledge(messageId as number)
    })
    await using context = await contextFor(broker)
    const stream = open(context)
    await stream.connect()
    const flooding = flood(broker, count)
    const got: number[] = []
    for await (const { data } of stream) {
      got.push(numberOf(data))
      await stream.send('done')
      if (got.length === count) break
    }
    await flooding.end
    assert.deepEqual(
      got,
      Array.from({ length: count }, (_, n) => n),
    )
    assert.equal(stream.stats.messagesDropped, undefined)
  })

  test('has what is in front of it kept, up to 32 MiB, and no faster than needed', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const warnings: string[] = []
    context.on('log', ({ level, text }) => level === 'warn' && warnings.push(text))
    const stream = open(context)
    await stream.connect()
    const messages = stream[Symbol.asyncIterator]()
    const flooding = flood(broker)
    const first = await messages.next()
    const sent = stream.send('withheld')
    const [published] = await broker.arrived(1)
    const begun = performance.now()
    while (flooding.delivered * SIZE < 48 * MEBIBYTE) await broker.deliver('test/t', numbered(-1))
    const seconds = (performance.now() - begun) / 1000
    // 8 MB a second, and what the sockets between hold.
    assert.ok(seconds > 2, `${seconds} s`)
    flooding.stopped = true
    await flooding.end
    for (let n = 1; n <= 3; n++) await broker.deliver('test/t', `QoS 1, ${n}`, n)
    broker.acknowledge(published?.messageId as number)
    await sent

    const numbers = [numberOf(first.value?.data as Buffer)]
    const texts: string[] = []
    while (texts.length < 3) {
      const { value } = await messages.next()
      if (value?.text().startsWith('QoS 1')) texts.push(value.text())
      else if (numberOf(value?.data as Buffer) >= 0) numbers.push(numberOf(value?.data as Buffer))
    }
    assert.deepEqual(texts, ['QoS 1, 1', 'QoS 1, 2', 'QoS 1, 3'])
    assert.deepEqual(
      numbers,
      numbers.map((_, n) => n),
    )
    assert.ok(numbers.length * SIZE < 34 * MEBIBYTE)
    assert.ok((stream.stats.messagesDropped ?? 0) > 0)
    assert.equal(warnings.filter((text) => /'it' drops messages of QoS 0/.test(text)).length, 1)
    await broker.acknowledgedBy(3)
  })

  test('has a broker stop at what it may have in flight', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const stream = open(context)
    await stream.connect()
    const messages = stream[Symbol.asyncIterator]()
    const first = messages.next()
    const sent = stream.send('withheld')
    const [published] = await broker.arrived(1)
    const count = 80
    const fits = MEBIBYTE / SIZE
    for (let id = 1; id <= count; id++) await broker.deliver('test/t', numbered(id), id)
    await first
    while (stream.stats.messagesReceived < count) await new Promise(setImmediate)
    // What was read before the stream could say stop is acknowledged as well.
    assert.ok(broker.acknowledgements.length < 2 * fits, `${broker.acknowledgements.length}`)
    for (let id = 2; id <= count; id++)
      assert.equal(numberOf((await messages.next()).value?.data as Buffer), id)
    await broker.acknowledgedBy(count)
    assert.deepEqual(
      broker.acknowledgements,
      Array.from({ length: count }, (_, n) => n + 1),
    )
    broker.acknowledge(published?.messageId as number)
    await sent
  })

  test('keeps nothing from the others when it is destroyed', async () => {
    await using broker = await startScriptedBroker()
    await using context = await contextFor(broker)
    const [stream, other] = [open(context), open(context, 'other')]
    await Promise.all([stream.connect(), other.connect()])
    const first = stream[Symbol.asyncIterator]().next()
    const sent = stream.send('withheld')
    const rejected = assert.rejects(sent, { code: 'ERR_SS_DESTROYED' })
    await broker.arrived(1)
    const count = 40
    for (let id = 1; id <= count; id++) await broker.deliver('test/t', numbered(id), id)
    await first
    while (stream.stats.messagesReceived < count) await new Promise(setImmediate)
    stream.destroy()
    await rejected
    await broker.acknowledgedBy(count)
    await broker.deliver('test/other', 'for the other', count + 1)
    for await (const message of other) {
      assert.equal(message.text(), 'for the other')
      break
    }
    await broker.acknowledgedBy(count + 1)
    assert.equal(broker.connections, 1)
  })
})
