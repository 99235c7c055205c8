// What was reported of other clients of ws that compress.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import zlib from 'node:zlib'
import { openContext } from 'lws-secure-streams'
import { startWebSocket } from '../peers/index.js'
import { CONTINUATION, frame, PING, TEXT } from '../serving/ws-peer.js'
import { policyOf, streamtype } from '../support/policies.js'

const RSV1 = 4
const deflated = (text: string | Buffer) =>
  zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4)
const first = { fin: false, mask: null, rsv: RSV1 }
const last = { mask: null }

/** What a stream hears of those frames, and the code that it ends the connection with, if it does. */
async function heard(
  frames: readonly Buffer[],
  { maxPayload = 1e6, negotiated = true } = {},
): Promise<(string | number)[]> {
  await using peer = await startWebSocket({ echo: false, perMessageDeflate: {} })
  const it = streamtype('ws', peer, { ws_binary: false })
  await using context = await openContext({ policy: policyOf({ it }) })
  const accepted = once(peer.webSockets, 'connection')
  const stream = context.stream('it', { perMessageDeflate: negotiated && { maxPayload } })
  await stream.connect()
  const [ws, request] = (await accepted) as [NodeJS.EventEmitter, IncomingMessage]
  request.socket.write(Buffer.concat([...frames, frame(TEXT, 'end', last)]))
  const all: (string | number)[] = []
  const closed = once(ws, 'close').then(([code]) => all.push(code))
  const ended = new Promise<void>((resolve) => {
    stream.on('message', (message) => {
      if (message.text() === 'end') resolve()
      else all.push(message.text())
    })
  })
  await Promise.race([closed, ended])
  return all
}

describe('a client that compresses', { timeout: 30_000 }, () => {
  // Bun's pull request 33395 and websockets' issue 1720 (Python): the bit says that a message begins, and was taken
  // amid one.
  for (const negotiated of [true, false])
    test(`ends at the bit of compression amid a message, ${negotiated ? 'with' : 'without'} it`, async () => {
      const frames = [
        frame(TEXT, 'one ', { fin: false, mask: null }),
        frame(CONTINUATION, 'two', { mask: null, rsv: RSV1 }),
      ]
      assert.deepEqual(await heard(frames, { negotiated }), [1002])
    })

  // Dart's pull request 63488: a control frame amid a message made the rest of it plain.
  test('goes on with a message behind a control frame', async () => {
    const bytes = deflated('one two')
    const frames = [
      frame(TEXT, bytes.subarray(0, 2), first),
      frame(PING, '', last),
      frame(CONTINUATION, bytes.subarray(2), last),
    ]
    assert.deepEqual(await heard(frames), ['one two'])
  })

  // websockets' issue 1715 (Python): one or two bytes more than the limit were cut off, and nobody was told.
  // websocketpp's 1191: the limit was looked at when all was inflated.
  for (const more of [0, 1, 2])
    test(`a message of the limit and ${more} bytes`, async () => {
      const text = 'x'.repeat(16_384 + more)
      const frames = [frame(TEXT, deflated(text), { ...last, rsv: RSV1 })]
      assert.deepEqual(await heard(frames, { maxPayload: 16_384 }), [more ? 1009 : text])
    })

  // nginx-clojure's issue 163: messages that were not compressed ended the connection.
  test('hears plain messages between others', async () => {
    const frames = ['a', 'b', 'c'].map((text, n) =>
      n === 1 ? frame(TEXT, text, last) : frame(TEXT, deflated(text), { ...last, rsv: RSV1 }),
    )
    assert.deepEqual(await heard(frames), ['a', 'b', 'c'])
  })
})
