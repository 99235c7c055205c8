import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext, Return, type SecureStream } from 'lws-secure-streams'
import { startFrames, startHttp1, startHttp2, WINDOW_UPDATE } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { standstill } from '../support/standstill.js'
import { nextMessage, nextState } from '../support/states.js'

const MIB = 1024 * 1024
const get = (size: number) => ({ http_method: 'GET', http_url: `/bytes/${size}` })

/** Settles when that many bytes have come; fails when more come than these. */
async function receivesJust(stream: SecureStream, bytes: number): Promise<void> {
  while (stream.stats.bytesReceived < bytes) await new Promise(setImmediate)
  await standstill(() => stream.stats.bytesReceived)
  assert.equal(stream.stats.bytesReceived, bytes)
}

describe('the credit of a peer on h2', { timeout: 30_000 }, () => {
  test('is kept up with what is read, unless the program manages it', async () => {
    await using peer = await startHttp2()
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, get(10 * MIB)) }),
    })
    await using stream = context.stream('it')
    assert.equal(stream.peerTxCredit, 0)
    const connected = nextState(stream, 'CONNECTED')
    stream.requestTx()
    await connected
    assert.ok(stream.peerTxCredit > 0)
    assert.equal((await nextMessage(stream)).length, 10 * MIB)
  })

  test('is what the program gives it, and no more', async () => {
    await using peer = await startHttp2()
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, get(MIB)) }),
    })
    await using stream = context.stream('it', { initialTxCredit: 10_000 })
    stream.requestTx()
    await receivesJust(stream, 10_000)
    assert.equal(stream.peerTxCredit, 0)
    stream.addPeerTxCredit(5000)
    assert.equal(stream.peerTxCredit, 5000)
    await receivesJust(stream, 15_000)
    for (let n = 0; n < 3; n++) stream.addPeerTxCredit(0x7fffffff)
    assert.equal((await nextMessage(stream)).length, MIB)
  })

  test('does not grow because the program reads again', async () => {
    await using peer = await startHttp2()
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, get(10 * MIB)) }),
    })
    await using stream = context.stream('it', { initialTxCredit: 5 * MIB })
    const chunks = stream.chunks()
    const first = chunks.next()
    stream.requestTx()
    let length = (await first).value?.data.length ?? 0
    await standstill(() => stream.stats.bytesReceived)
    while (length < 5 * MIB) length += (await chunks.next()).value?.data.length ?? 0
    await receivesJust(stream, 5 * MIB)
    stream.addPeerTxCredit(5 * MIB)
    while (length < 10 * MIB) length += (await chunks.next()).value?.data.length ?? 0
  })

  test('of one stream is not that of another on the connection', async () => {
    await using peer = await startHttp2()
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, get(MIB)) }),
    })
    await using held = context.stream('it', { initialTxCredit: 1 })
    held.requestTx()
    await receivesJust(held, 1)
    assert.equal((await (await context.request('it')).bytes()).length, MIB)
    assert.equal(peer.sessions, 1)
    assert.equal(held.stats.bytesReceived, 1)
  })

  test('can be given before the stream has begun', async () => {
    await using peer = await startHttp2()
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, get(MIB)) }),
    })
    await using stream = context.stream('it', { initialTxCredit: 100 })
    const connecting = nextState(stream, 'CONNECTING')
    stream.requestTx()
    await connecting
    stream.addPeerTxCredit(50)
    await receivesJust(stream, 150)
  })

  test('given by a tx handler is told the peer at once', async () => {
    let heard: (type: number, stream: number, payload: Buffer) => void = () => {}
    const told = new Promise<number>((resolve) => {
      heard = (type, stream, payload) => {
        if (type === WINDOW_UPDATE && stream > 0 && payload.readUInt32BE() > 1)
          resolve(payload.readUInt32BE())
      }
    })
    // It says nothing, so that nothing else makes the client write.
    await using peer = await startFrames(
      () => {},
      (...frame) => heard(...frame),
    )
    await using context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
    let isSent = false
    await using _ = context.stream('it', {
      state(stream, state) {
        if (state === 'CREATING') stream.requestTx(4)
      },
      tx(stream) {
        if (isSent) return Return.TX_DONT_SEND
        isSent = true
        stream.addPeerTxCredit(1000)
        return { data: 'text', som: true, eom: true }
      },
      initialTxCredit: 1,
    })
    assert.equal(await told, 1000)
  })
})

test('protocols without credit have none to give', { timeout: 30_000 }, async () => {
  await using peer = await startHttp1()
  await using context = await openContext({
    policy: policyOf({ it: streamtype('h1', peer, get(MIB)) }),
  })
  await using stream = context.stream('it', { initialTxCredit: 10 })
  const connected = nextState(stream, 'CONNECTED')
  stream.requestTx()
  await connected
  assert.equal(stream.peerTxCredit, 0)
  stream.addPeerTxCredit(10)
  assert.equal((await nextMessage(stream)).length, MIB)
})

test('what is no credit is refused', async () => {
  await using context = await openContext({
    policy: policyOf({ it: streamtype('h2', { port: 1 }) }),
  })
  const outOfRange = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
  for (const initialTxCredit of [0, -1, 0.5, 2 ** 31])
    assert.throws(() => context.stream('it', { initialTxCredit }), outOfRange)
  await using stream = context.stream('it')
  for (const bytes of [-1, 0.5, 2 ** 31])
    assert.throws(() => stream.addPeerTxCredit(bytes), outOfRange)
})
