// Header blocks of h2, cut, padded and marked as other clients met them. A block that was cut amid an
// instruction of HPACK, or a HEADERS frame with padding before a CONTINUATION, lost its rest without a word
// (oven-sh/bun #31323, nghttp2/nghttp2 #367, okhttp #469); several changes of the size of the table at the
// beginning of a block were refused (python-hyper/hpack #95); and flags that mean nothing to a frame were obeyed
// (embedthis/appweb #4).

import assert from 'node:assert/strict'
import { constants } from 'node:http2'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  PADDED,
  SETTINGS,
  startFrames,
  WINDOW_UPDATE,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const PRIORITY = 0x20
const PING = 6
// No frame has a meaning for these.
const UNDEFINED = 0x02 | 0x10 | 0x40 | 0x80

/** As RFC 7541 codes them in its appendix C. */
const NAME = Buffer.from('8825a849e95ba97d7f', 'hex')
const VALUE = Buffer.from('8925a849e95bb8e8b4bf', 'hex')
const SIZES = Buffer.from('203fe11f', 'hex')
const OK = Buffer.of(0x88)
const block = Buffer.concat([
  // The table has no entries, and then 4096 bytes for some.
  SIZES,
  OK,
  Buffer.of(0x40),
  NAME,
  VALUE,
  // The one that was added; its name with another value; a name by a number, and by a long one.
  Buffer.of(0xbe, 0x7e, 2),
  Buffer.from('no'),
  Buffer.of(0x5f, 6),
  Buffer.from('text/x'),
  Buffer.of(0x0f, 0x0d, 1),
  Buffer.from('3'),
])
const wanted = { custom: 'custom-value, custom-value, no', type: 'text/x' }
const ABC = Buffer.from('abc')

type Answer = (stream: number) => Buffer[]

async function start(answer: Answer) {
  let error: number | undefined
  let onEnd = (_error: number | undefined) => {}
  /** The error that the client's GOAWAY names, once the client has hung up. */
  const ended = new Promise<number | undefined>((resolve) => {
    onEnd = resolve
  })
  const peer = await startFrames(
    (socket, stream) => {
      socket.once('close', () => onEnd(error))
      socket.write(Buffer.concat(answer(stream)))
    },
    (type, _, payload) => {
      if (type === GOAWAY) error = payload.readUInt32BE(4)
    },
  )
  return Object.assign(peer, { ended })
}

function open(peer: { port: number }): Promise<Context> {
  const metadata = [{ custom: 'custom-key:' }, { type: 'content-type:' }]
  const { retry: _, ...it } = streamtype('h2', peer, { http_method: 'GET', metadata })
  return openContext({ policy: policyOf({ it }) })
}

/** What a HEADERS frame has around its piece of the block. */
interface Around {
  padding?: number
  priority?: boolean
}

function headers(stream: number, flags: number, piece: Buffer, { padding, priority }: Around) {
  const isPadded = padding !== undefined
  return frame(
    HEADERS,
    flags | (isPadded ? PADDED : 0) | (priority ? PRIORITY : 0),
    stream,
    Buffer.concat([
      isPadded ? Buffer.of(padding) : Buffer.alloc(0),
      priority ? Buffer.of(0, 0, 0, 0, 15) : Buffer.alloc(0),
      piece,
      Buffer.alloc(padding ?? 0),
    ]),
  )
}

/** The block, cut in these places. */
function cut(stream: number, places: number[], around: Around = {}, undefinedFlags = 0): Buffer[] {
  const ends = [...places, block.length]
  const frames = ends.map((end, n) => {
    const piece = block.subarray(n === 0 ? 0 : ends[n - 1], end)
    const flags = n === ends.length - 1 ? END_HEADERS : 0
    return n === 0
      ? headers(stream, flags, piece, around)
      : frame(CONTINUATION, flags | undefinedFlags, stream, piece)
  })
  return [...frames, frame(DATA, END_STREAM, stream, ABC)]
}

const everywhere = Array.from({ length: block.length + 1 }, (_, n) => n)

describe('a header block', { timeout: 60_000 }, () => {
  const cuts: Record<string, [places: number[], around?: Around, undefinedFlags?: number][]> = {
    'in three pieces, cut anywhere': everywhere.flatMap((one) =>
      everywhere.slice(one).map((other): [number[]] => [[one, other]]),
    ),
    'in pieces of one byte': [[everywhere]],
    'with padding, cut anywhere': [0, 1, 255].flatMap((padding) =>
      everywhere.map((one): [number[], Around] => [[one], { padding }]),
    ),
    'with a priority, cut anywhere': everywhere.map((one) => [[one], { priority: true }]),
    'with both, cut anywhere': [0, 1, 255].flatMap((padding) =>
      everywhere.map((one): [number[], Around] => [[one], { padding, priority: true }]),
    ),
    'with flags that mean nothing to a CONTINUATION': everywhere.map((one) => [
      [one],
      {},
      UNDEFINED | END_STREAM | PADDED | PRIORITY,
    ]),
  }
  for (const [what, all] of Object.entries(cuts))
    test(`${what}, is the same block`, async () => {
      let next = 0
      await using peer = await start((stream) => cut(stream, ...(all[next++] ?? [[]])))
      await using context = await open(peer)
      for (const [places, around] of all) {
        const reply = await context.request('it', { timeout: 10_000 })
        const where = `${places} ${JSON.stringify(around)}`
        assert.deepEqual({ ...reply.metadata }, wanted, where)
        assert.equal(await reply.text(), 'abc', where)
      }
      assert.equal(peer.connections, 1)
    })

  test('follows frames with flags that mean nothing to them', async () => {
    const all = UNDEFINED | PADDED | PRIORITY | END_HEADERS
    await using peer = await start((stream) => [
      frame(SETTINGS, all, 0, Buffer.of(0, 4, 0, 1, 0, 0)),
      frame(PING, all, 0, Buffer.from('12345678')),
      frame(WINDOW_UPDATE, all | 1, 0, Buffer.of(0, 0, 1, 0)),
      frame(WINDOW_UPDATE, all | 1, stream, Buffer.of(0, 0, 1, 0)),
      ...cut(stream, []),
    ])
    await using context = await open(peer)
    for (let n = 0; n < 3; n++)
      assert.equal(await (await context.request('it', { timeout: 10_000 })).text(), 'abc')
    assert.equal(peer.connections, 1)
  })

  const coded = (...bytes: number[]) =>
    Buffer.concat([Buffer.of(0x40), NAME, Buffer.of(0x80 | bytes.length, ...bytes)])
  const wrong: Record<string, Buffer[]> = {
    'Huffman code that ends in zeros': [OK, coded(0x18)],
    'Huffman code that ends in a whole byte of ones': [OK, coded(0x1f, 0xff)],
    'Huffman code with an end amid it': [OK, coded(0xff, 0xff, 0xff, 0xff)],
    'a name that ends in zeros': [OK, Buffer.of(0x40, 0x81, 0x18, 1, 0x61)],
    'an index of what is not there': [OK, Buffer.of(0xbe)],
    'a name by an index of what is not there': [OK, Buffer.of(0x7e, 1, 0x61)],
    'the index 0': [OK, Buffer.of(0x80)],
    'an integer that is too large': [OK, Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)],
    'an instruction that is not complete': [OK, Buffer.of(0x40, 3, 0x61)],
    'a change of the size at its end': [OK, Buffer.of(0x20)],
    'a size beyond what was allowed': [Buffer.of(0x3f, 0xe2, 0xff, 0x03), OK],
  }
  for (const [what, pieces] of Object.entries(wrong))
    for (const isCut of [false, true])
      test(`with ${what} is a COMPRESSION_ERROR${isCut ? ', also in pieces' : ''}`, async () => {
        const bytes = Buffer.concat(pieces)
        await using peer = await start((stream) =>
          isCut
            ? [
                frame(HEADERS, END_STREAM, stream, bytes.subarray(0, -1)),
                frame(CONTINUATION, END_HEADERS, stream, bytes.subarray(-1)),
              ]
            : [frame(HEADERS, END_HEADERS | END_STREAM, stream, bytes)],
        )
        await using context = await open(peer)
        await assert.rejects(context.request('it', { timeout: 10_000 }), ({ code, message }) => {
          assert.equal(code, 'ERR_SS_ALL_RETRIES_FAILED')
          assert.match(message, /what it sends breaks HTTP\/2/)
          return true
        })
        assert.equal(await peer.ended, constants.NGHTTP2_COMPRESSION_ERROR)
      })
})
