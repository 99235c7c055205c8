import assert from 'node:assert/strict'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { patternBytes, type RawPeer, startRaw } from '../peers/index.js'
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

  test('ends with its stream, though what has arrived was not read', async () => {
    const stream = context.stream('it')
    const duplex = stream.duplex()
    duplex.write(patternBytes(300_000))
    while (stream.stats.bytesReceived < 300_000) await new Promise(setImmediate)
    stream.destroy()
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

  test('ends when the peer has said all, which is read to its end', async () => {
    const bytes = patternBytes(4 * 1024 * 1024)
    await using speaker = await startRaw({
      accept: (socket) => {
        socket.end(bytes)
        socket.resume()
      },
    })
    await using other = await openContext({ policy: policyOf({ it: streamtype('raw', speaker) }) })
    const stream = other.stream('it')
    const duplex = stream.duplex()
    duplex.write('hello')
    assert.ok((await buffer(duplex)).equals(bytes))
    await finished(duplex)
    while (!stream.destroyed) await once(stream, 'state')
  })

  test('destroys its stream', async () => {
    const stream = context.stream('it')
    stream.duplex().destroy()
    while (!stream.destroyed) await once(stream, 'state')
  })
})
