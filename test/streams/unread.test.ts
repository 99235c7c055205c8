import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { type Peer, starts } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const MIB = 1024 * 1024
const WAITS_AT_MOST = 16

for (const protocol of ['h1', 'h2'] as const)
  describe(`answers on ${protocol} that nobody reads`, { timeout: 60_000 }, () => {
    let peer: Peer
    let context: Context

    before(async () => {
      peer = await starts[protocol]()
      const of = (bytes: number) => streamtype(protocol, peer, { http_url: `/bytes/${bytes}` })
      context = await openContext({
        policy: policyOf({ large: of(MIB), endless: of(20 * MIB) }),
      })
    })
    after(async () => {
      await context.close()
      await peer.close()
    })

    async function takeOne(stream: SecureStream): Promise<number | undefined> {
      for await (const { data } of stream) return data.length
      return undefined
    }

    test('do not keep a program that only sends from sending', async () => {
      await using stream = context.stream('large')
      for (let sent = 0; sent < 3 * WAITS_AT_MOST; sent++) await stream.send('it')
      // The latest are there.
      let there = 0
      stream.on('message', () => there++)
      await new Promise((resolve) => setImmediate(resolve))
      assert.ok(there > 0 && there <= WAITS_AT_MOST, `${there}`)
    })

    test('are kept where somebody has read, and sending rejects when there are too many', async () => {
      await using stream = context.stream('large')
      await stream.send('it')
      assert.equal(await takeOne(stream), MIB)
      let sent = 0
      const error = { code: 'ERR_SS_UNREAD', message: /'large' has more answers than may wait/ }
      const sending = async () => {
        for (; sent < 3 * WAITS_AT_MOST; sent++) await stream.send('it')
      }
      await assert.rejects(sending(), error)
      await assert.rejects(stream.send('it'), error)
      for (let left = sent; left > 0; left--) assert.equal(await takeOne(stream), MIB)
      // There is room again.
      await stream.send('it')
      assert.equal(await takeOne(stream), MIB)
    })

    test('reject the send() that one which is too large is for', async () => {
      await using stream = context.stream('endless')
      await assert.rejects(stream.send('it'), { code: 'ERR_SS_UNREAD' })
      const sent = stream.send('it')
      assert.equal(await takeOne(stream), 20 * MIB)
      await sent
    })

    test('do not keep a context from closing', async () => {
      const definition = streamtype(protocol, peer, { http_url: `/bytes/${20 * MIB}` })
      const closing = await openContext({ policy: policyOf({ it: definition }) })
      const sent = assert.rejects(closing.stream('it').send('it'), { code: 'ERR_SS_UNREAD' })
      await closing.close()
      await sent
    })
  })
