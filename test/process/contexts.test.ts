import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, Return } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Peer,
  startHttp2,
  startRaw,
  startWebSocket,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { runFixture } from '../support/run-fixture.js'
import { nextMessage } from '../support/states.js'

const greeter = (greeting: string) => startRaw({ accept: (socket) => socket.write(greeting) })

async function echoes(context: Context, text: string): Promise<void> {
  await using stream = context.stream('it')
  const reply = nextMessage(stream)
  await stream.send(text)
  assert.equal((await reply).toString(), text)
}

describe('several contexts in one process', { timeout: 60_000 }, () => {
  let echo: Peer
  before(async () => {
    echo = await startWebSocket()
  })
  after(() => echo.close())

  const openEcho = () => openContext({ policy: policyOf({ it: streamtype('ws', echo) }) })

  test('each goes by its own policy, whatever the others call theirs', async () => {
    const texts = ['one', 'two', 'three']
    const peers = await Promise.all(texts.map(greeter))
    const contexts = await Promise.all(
      peers.map((peer) => openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })),
    )
    const heard = await Promise.all(
      contexts.map(async (context) => {
        const stream = context.stream('it')
        stream.connect()
        return (await nextMessage(stream)).toString()
      }),
    )
    assert.deepEqual(heard, texts)
    for (const closable of [...contexts, ...peers]) await closable.close()
  })

  test('each trusts whom its own policy trusts', async () => {
    const authorities = [await CertificateAuthority.create(), await CertificateAuthority.create()]
    const peers = await Promise.all(
      authorities.map(async (authority) => startWebSocket({ tls: await authority.issue() })),
    )
    const [mine, foreign] = peers
    assert.ok(mine && foreign)
    const policies = authorities.map((authority) =>
      policyOf(
        {
          it: streamtype('ws', mine, { tls: true }),
          other: streamtype('ws', foreign, { tls: true }),
        },
        authority,
      ),
    )
    const contexts = await Promise.all(policies.map((policy) => openContext({ policy })))
    const [trustsMine, trustsForeign] = contexts
    assert.ok(trustsMine && trustsForeign)
    for (const [context, good, bad] of [
      [trustsMine, 'it', 'other'],
      [trustsForeign, 'other', 'it'],
    ] as const) {
      await context.stream(good).connect()
      await assert.rejects(context.stream(bad).connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    }
    for (const closable of [...contexts, ...peers]) await closable.close()
  })

  test('each has its own connections', async () => {
    await using peer = await startHttp2()
    const policy = policyOf({ it: streamtype('h2', peer) })
    const contexts = await Promise.all([1, 2, 3].map(() => openContext({ policy })))
    for (const context of contexts)
      for (const text of ['first', 'second']) await echoes(context, text)
    assert.equal(peer.sessions, contexts.length)
    for (const context of contexts) await context.close()
  })

  test('one that is closed leaves the others alone', async () => {
    const [going, staying] = await Promise.all([openEcho(), openEcho()])
    const stream = staying.stream('it')
    const messages = stream[Symbol.asyncIterator]()
    await stream.send('before')
    await going.stream('it').connect()
    await going.close()
    await stream.send('after')
    for (const text of ['before', 'after'])
      assert.equal((await messages.next()).value?.text(), text)
    await staying.close()
    assert.throws(() => going.stream('it'), { code: 'ERR_SS_DESTROYED' })
  })

  test('a hundred at once', async () => {
    const contexts = await Promise.all(Array.from({ length: 100 }, openEcho))
    await Promise.all(contexts.map((context, n) => echoes(context, `context ${n}`)))
    await Promise.all(contexts.map((context) => context.close()))
  })

  test('one opens another from any of its handlers, and closes itself', async () => {
    for (const where of ['CREATING', 'CONNECTING', 'CONNECTED', 'tx', 'rx']) {
      const outer = await openEcho()
      const inner = await new Promise<Context>((resolve, reject) => {
        const act = () => {
          openEcho().then(resolve, reject)
          outer.destroy()
        }
        outer.stream('it', {
          state: (stream, state) => {
            if (state === 'CREATING') stream.requestTx()
            if (state === where) act()
          },
          tx: () => {
            if (where === 'tx') act()
            return where === 'rx' ? { data: 'x', som: true, eom: true } : Return.TX_DONT_SEND
          },
          rx: () => {
            if (where === 'rx') act()
          },
        })
      })
      await outer.close()
      await echoes(inner, where)
      await inner.close()
    }
  })

  for (const what of ['close', 'create'] as const)
    test(`one is used from what another tells, at once: ${what}`, async () => {
      const { code, signal, stderr, reports } = await runFixture('two-contexts', {
        argument: { what, port: echo.port },
      })
      assert.deepEqual([code, signal, stderr], [0, null, ''])
      const { idle } = reports.at(-1) as { idle: number }
      assert.ok(idle < 1000, `the loop slept for ${idle} ms`)
    })
})
