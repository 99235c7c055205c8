import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Context, openContext } from 'lws-secure-streams'
import { patternBytes, startWebSocket, type WebSocketPeer } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const MiB = 1024 * 1024

// The sanitizers' allocator keeps more than it is asked for.
const countsMemory = process.platform === 'linux' && !process.env.ASAN_OPTIONS

/** What this process has asked the system for, whether it has used it or not. */
function dataBytes(): number {
  const [, kilobytes] =
    /^VmData:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

describe('frames that arrive in pieces', { timeout: 60_000 }, () => {
  let peer: WebSocketPeer
  let context: Context
  before(async () => {
    peer = await startWebSocket()
    context = await openContext({ policy: policyOf({ it: streamtype('ws', peer) }) })
  })
  after(async () => {
    await context.close()
    await peer.close()
  })

  test('make up messages that follow each other closely', async () => {
    await using stream = context.stream('it')
    const sent = [MiB, 3 * MiB + 17, 5000, 1, 70_000, 0, MiB - 1].map((size) => patternBytes(size))
    for (const bytes of sent) stream.send(bytes)
    const messages = stream[Symbol.asyncIterator]()
    for (const bytes of sent) {
      const { value } = await messages.next()
      assert.ok(value?.data.equals(bytes), `${bytes.length} bytes`)
    }
  })

  test('are each their own when the program gives their memory away', async () => {
    await using stream = context.stream('it')
    const sent = patternBytes(MiB / 2)
    stream.send(sent)
    while (stream.stats.bytesReceived < sent.length) await setImmediate()
    const received: Buffer[] = []
    for await (const { data, eom } of stream.chunks()) {
      received.push(Buffer.from(data))
      const { buffer } = data
      // Small payloads lie in memory that cannot be given away.
      if (data.length > 4096) structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
      if (eom) break
    }
    assert.ok(received.length > 1)
    assert.ok(Buffer.concat(received).equals(sent))
  })

  test('have a buffer only while they arrive', { skip: !countsMemory }, async () => {
    const streams = Array.from({ length: 2000 }, () => context.stream('it'))
    const before = dataBytes()
    await Promise.all(streams.map((stream) => stream.connect()))
    const each = (dataBytes() - before) / streams.length
    for (const stream of streams) stream.destroy()
    // What the server takes in this process, and what V8 keeps ready, is much less than that.
    assert.ok(each < 64 * 1024, `${each} bytes a connection`)
  })
})
