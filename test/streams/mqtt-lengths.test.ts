import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { type Peer, startScriptedBroker } from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { traceStates } from '../support/states.js'

const startBroker = () =>
  startScriptedBroker(({ qos, messageId }, broker) => {
    if (qos) broker.acknowledge(messageId as number)
  })

function contextFor(broker: Pick<Peer, 'port'>): Promise<Context> {
  const { mqtt_subscribe: _, ...qos1 } = streamtype('mqtt', broker, { opportunistic: true })
  return openContext({ policy: policyOf({ qos1, qos0: { ...qos1, mqtt_qos: 0 } }) })
}

type Pieces = readonly (string | Buffer)[]

const PINGREQ = Buffer.from([0xc0, 0])
const large = (fill: string) => Buffer.alloc(30_000, fill)

/** A stream whose tx handler gives these pieces of one message; settles with what becomes of it. */
function give(context: Context, name: string, pieces: Pieces, length?: number): Promise<string> {
  let given = 0
  return new Promise((resolve) => {
    context.stream(name, {
      ...ownTopic('mqtt'),
      state(stream, state) {
        if (state === 'CREATING') stream.requestTx(length)
        if (state === 'DISCONNECTED') resolve(`${state}: ${stream.lastError?.message}`)
        else if (state === 'QOS_ACK_REMOTE' || state === 'QOS_NACK_REMOTE') resolve(state)
        if (state === 'DISCONNECTED') stream.destroy()
      },
      tx(stream) {
        const data = pieces[given]
        if (data === undefined) return undefined
        given++
        if (given < pieces.length) stream.requestTx()
        return { data, som: given === 1, eom: given === pieces.length }
      },
    })
  })
}

const inPieces: Record<string, Pieces> = {
  'two, of which the second looks like a packet': ['ab', PINGREQ],
  'one that looks like a packet, and no more': [PINGREQ],
  'none but empty ones': ['', '', ''],
  'empty ones around another': ['', 'abc', ''],
  'large ones': [large('a'), large('b'), large('c'), 'd'],
}
const sizeOf = (pieces: Pieces) => pieces.reduce((sum, piece) => sum + piece.length, 0)

describe('an mqtt message that a tx handler gives', { timeout: 60_000 }, () => {
  for (const qos of ['qos0', 'qos1'])
    for (const [what, pieces] of Object.entries(inPieces))
      for (const isKnown of [false, true])
        test(`in pieces is one packet, ${isKnown ? 'with' : 'without'} a length: ${what}, ${qos}`, async () => {
          await using broker = await startBroker()
          await using context = await contextFor(broker)
          // Another stream of the connection is not disturbed by it.
          const other = context.stream(qos, ownTopic('mqtt'))
          await other.connect()
          const given = give(context, qos, pieces, isKnown ? sizeOf(pieces) : undefined)
          const others = Array.from({ length: 20 }, () => other.send(large('other')))
          assert.equal(await given, 'QOS_ACK_REMOTE')
          await Promise.all(others)
          const [published, ...more] = (await broker.arrived(21)).filter(
            ({ payload }) => !String(payload).startsWith('other'),
          )
          assert.equal(more.length, 0)
          assert.ok(
            Buffer.from(published?.payload ?? '').equals(
              Buffer.concat(pieces.map((piece) => Buffer.from(piece))),
            ),
          )
          assert.equal(broker.connections, 1)
        })

  test('whole is as long as it is, whatever was said before', async () => {
    await using broker = await startBroker()
    await using context = await contextFor(broker)
    assert.equal(await give(context, 'qos1', ['whole'], 1000), 'QOS_ACK_REMOTE')
    assert.equal(await give(context, 'qos1', ['whole'], 1), 'QOS_ACK_REMOTE')
    assert.deepEqual(
      (await broker.arrived(2)).map(({ payload }) => String(payload)),
      ['whole', 'whole'],
    )
  })

  for (const [what, length] of [
    ['shorter', 12],
    ['longer', 8],
  ] as const)
    test(`in pieces that are ${what} than was said ends the connection, and says so`, async () => {
      await using broker = await startBroker()
      await using context = await contextFor(broker)
      const end = await give(context, 'qos1', ['abcde', 'fghij'], length)
      assert.match(end, /^DISCONNECTED: .*tx gave another length than it had said/)
      assert.equal(broker.published.length, 0)
    })

  test('and that no packet can hold is refused, and so is the rest of it', async () => {
    await using broker = await startBroker()
    await using context = await contextFor(broker)
    const end = await give(context, 'qos1', ['one', 'two', 'three'], 2 ** 28)
    assert.equal(end, 'QOS_NACK_REMOTE')
    await context.stream('qos1', ownTopic('mqtt')).send('another')
    assert.deepEqual(
      (await broker.arrived(1)).map(({ payload }) => String(payload)),
      ['another'],
    )
    assert.equal(broker.connections, 1)
  })
})

describe('send() of more than an mqtt packet can hold', { timeout: 60_000 }, () => {
  for (const qos of ['qos0', 'qos1'])
    test(`is refused before anything leaves, and the next message goes: ${qos}`, async () => {
      await using broker = await startBroker()
      await using context = await contextFor(broker)
      const stream = context.stream(qos, ownTopic('mqtt'))
      const states = traceStates(stream)
      const tooLong = Buffer.alloc(2 ** 28)
      await assert.rejects(stream.send(tooLong), { code: 'ERR_SS_TOO_LONG', message: /268435456/ })
      // With its topic, this is.
      await assert.rejects(stream.send(tooLong.subarray(0, 2 ** 28 - 1 - 5)), {
        code: 'ERR_SS_NACK',
      })
      await stream.send('next')
      const published = await broker.arrived(1)
      assert.equal(String(published[0]?.payload), 'next')
      assert.ok(!states.includes('DISCONNECTED'))
    })
})
