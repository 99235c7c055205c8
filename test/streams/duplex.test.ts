import assert from 'node:assert/strict'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { type RawPeer, startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

describe('duplex()', { timeout: 20_000 }, () => {
  let peer: RawPeer
  let context: Context
  before(async () => {
    peer = await startRaw()
    context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
  })
  after(async () => {
    await context.close()
    await peer.close()
  })

  for (const reads of [true, false])
    test(`ends with its stream, ${reads ? 'read' : 'not read'}`, async () => {
      const stream = context.stream('it')
      const duplex = stream.duplex()
      const closed = once(duplex, 'close')
      if (reads) {
        duplex.write('hello')
        const [hello] = await once(duplex, 'data')
        assert.equal(hello.toString(), 'hello')
      }
      stream.destroy()
      await closed
      await finished(duplex)
      assert.equal(duplex.destroyed, true)
    })

  for (const reads of [true, false])
    test(`fails with its stream, ${reads ? 'read' : 'not read'}`, async () => {
      const stream = context.stream('it')
      const duplex = stream.duplex()
      if (reads) duplex.resume()
      stream.destroy(new Error('enough'))
      const [error] = await once(duplex, 'error')
      assert.equal(error.message, 'enough')
      assert.equal(duplex.destroyed, true)
    })

  test('destroys its stream', async () => {
    const stream = context.stream('it')
    stream.duplex().destroy()
    while (!stream.destroyed) await once(stream, 'state')
  })
})
