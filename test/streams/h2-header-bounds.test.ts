import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import {
  CONTINUATION,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  type RawPeer,
  startFrames,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const ENHANCE_YOUR_CALM = 11
const PROTOCOL_ERROR = 1
const OK = Buffer.of(0x88)
const NONE = Buffer.alloc(0)

const integer = (prefix: number, first: number, value: number): Buffer => {
  if (value < prefix) return Buffer.of(first | value)
  const bytes = [first | prefix]
  let rest = value - prefix
  for (; rest > 127; rest >>= 7) bytes.push(0x80 | (rest & 0x7f))
  return Buffer.of(...bytes, rest)
}
const text = (value: string) => Buffer.concat([integer(0x7f, 0, value.length), Buffer.from(value)])
/** A header that is in no table, nor added to one. */
const literal = (name: string, value: string) =>
  Buffer.concat([Buffer.of(0), text(name), text(value)])
const setCookie = (value: string) => literal('set-cookie', value)

function contextFor(peer: RawPeer) {
  const metadata = [{ cookies: 'set-cookie:' }, { a: 'x-a:' }]
  const { retry: _, ...it } = streamtype('h2', peer, { http_method: 'GET', metadata })
  return openContext({ policy: policyOf({ it }) })
}

/** A server that answers with one block of headers. */
function startBlock(block: () => Buffer): Promise<RawPeer> {
  const FRAME = 16_384
  return startFrames((socket, stream) => {
    const bytes = block()
    for (let at = 0; at < bytes.length; at += FRAME) {
      const isLast = at + FRAME >= bytes.length ? END_HEADERS : 0
      const piece = bytes.subarray(at, at + FRAME)
      if (at === 0) socket.write(frame(HEADERS, END_STREAM | isLast, stream, piece))
      else socket.write(frame(CONTINUATION, isLast, stream, piece))
    }
  })
}

/** A server that writes what `piece` gives for as long as there is somebody. */
async function startEndless(piece: (stream: number) => Buffer, begin: Buffer, flags = 0) {
  let error: number | undefined
  const write = (socket: Socket, stream: number) => {
    const hundred = Buffer.concat(Array(100).fill(piece(stream)))
    while (socket.writable && socket.write(hundred));
    socket.once('drain', () => write(socket, stream))
  }
  const peer = await startFrames(
    (socket, stream) => {
      socket.write(frame(HEADERS, flags, stream, begin))
      write(socket, stream)
    },
    (type, _, payload) => {
      if (type === GOAWAY) error = payload.readUInt32BE(4)
    },
  )
  return { peer, heard: () => error }
}

describe('h2 headers', { timeout: 60_000 }, () => {
  const endless = {
    'frames without anything': NONE,
    'frames of ignored bytes': Buffer.concat(Array(500).fill(literal('x-a', 'b'))),
    'changes of the size of the table': Buffer.alloc(1000, 0x20),
    'one header': Buffer.alloc(16_000, 'a'),
  }
  for (const [what, piece] of Object.entries(endless))
    test(`that do not end are refused: ${what}`, async () => {
      const begin =
        what === 'one header'
          ? Buffer.concat([
              OK,
              Buffer.of(0, 3),
              Buffer.from('x-a'),
              Buffer.of(0x7f, 0xff, 0xff, 0x7f),
            ])
          : OK
      const { peer, heard } = await startEndless(
        (stream) => frame(CONTINUATION, 0, stream, piece),
        begin,
      )
      await using _ = peer
      await using context = await contextFor(peer)
      await assert.rejects(context.request('it'), ({ code, message }) => {
        assert.equal(code, 'ERR_SS_ALL_RETRIES_FAILED')
        assert.match(message, /what it sends breaks HTTP\/2: /)
        return true
      })
      if (what !== 'one header') assert.equal(heard() ?? ENHANCE_YOUR_CALM, ENHANCE_YOUR_CALM)
    })

  test('that do not end are refused where nobody waits for them, too', async () => {
    const { peer } = await startEndless((stream) => frame(CONTINUATION, 0, stream, NONE), OK)
    await using _ = peer
    await using context = await contextFor(peer)
    const abort = new AbortController()
    const given = context.request('it', { signal: abort.signal })
    const other = context.request('it')
    abort.abort(new Error('given up'))
    await assert.rejects(given, /given up/)
    await assert.rejects(other, { code: 'ERR_SS_ALL_RETRIES_FAILED' })
  })

  test('of one name count one by one, up to more than two hundred', async () => {
    let count = 0
    // Two that are in a table, after which the places of the others are even.
    await using peer = await startBlock(() =>
      Buffer.concat([
        OK,
        Buffer.of(0x80 | 16),
        ...Array.from({ length: count }, (_, n) => setCookie(`n${n}=1`)),
      ]),
    )
    await using context = await contextFor(peer)
    for (count of [1, 126, 127, 128, 129, 220]) {
      const { metadata } = await context.request('it')
      const wanted = Array.from({ length: count }, (_, n) => `n${n}=1`)
      assert.deepEqual(metadata.cookies?.split(', '), wanted)
    }
    for (count of [254, 255, 256, 257, 258, 300, 600, 2000])
      await assert.rejects(context.request('it'), { code: 'ERR_SS_ALL_RETRIES_FAILED' }, `${count}`)
    count = 1
    assert.equal((await context.request('it')).metadata.cookies, 'n0=1')
  })

  for (const [name, key] of [
    ['set-cookie', 'cookies'],
    ['x-a', 'a'],
  ] as const)
    test(`take as much as there is room for, and not a byte more: ${name}`, async () => {
      let length = 0
      let longest = 0
      await using peer = await startBlock(() =>
        Buffer.concat([OK, literal(name, 'v'.repeat(length))]),
      )
      await using context = await contextFor(peer)
      const isWhole = async () => {
        const reply = await context.request('it').catch((error) => error)
        if (reply instanceof Error) {
          assert.equal(Object(reply).code, 'ERR_SS_ALL_RETRIES_FAILED')
          return false
        }
        // One that is not known and has no room is left out.
        if (!reply.metadata[key]) return false
        assert.equal(reply.metadata[key].length, length)
        return true
      }
      // The request, and its headers, are kept in the same place.
      let step = 16_384
      length = step
      for (; step >= 1; step /= 2) {
        if (await isWhole()) {
          longest = length
          length += step
        } else length -= step
      }
      assert.ok(longest > 31_000, `${longest}`)
      for (length = longest - 3; length < longest + 20; length++) await isWhole()
    })

  test('of a stream that was never opened end the connection', async () => {
    let onTold = (_error: number) => {}
    const told = new Promise<number>((resolve) => {
      onTold = resolve
    })
    await using peer = await startFrames(
      (socket, stream) => socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream + 2, OK)),
      (type, _, payload) => {
        if (type === GOAWAY) onTold(payload.readUInt32BE(4))
      },
    )
    await using context = await contextFor(peer)
    await assert.rejects(context.request('it'), ({ message }) => {
      assert.match(message, /what it sends breaks HTTP\/2: headers of no stream/)
      return true
    })
    assert.equal(await told, PROTOCOL_ERROR)
  })
})
