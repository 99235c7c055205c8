import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
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
  patternBytes,
  type RawPeer,
  RST_STREAM,
  SETTINGS,
  startFrames,
  WINDOW_UPDATE,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const OK = 0x88
/** A header that is in no table. */
const header = (name: string, value: string) =>
  Buffer.concat([
    Buffer.of(0, name.length),
    Buffer.from(name),
    Buffer.of(value.length),
    Buffer.from(value),
  ])
/** The status 200, and a content-length. */
const headers = (length?: number) => {
  const text = `${length}`
  if (length === undefined) return Buffer.of(OK)
  return Buffer.concat([Buffer.of(OK, 0x0f, 0x0d, text.length), Buffer.from(text)])
}

describe('frames of h2', { timeout: 30_000 }, () => {
  let peer: RawPeer
  let context: Context
  let answer: (stream: number, socket: Socket) => Buffer[]
  let heard: (type: number, stream: number, payload: Buffer) => void = () => {}
  const it = { http_method: 'GET' }

  before(async () => {
    peer = await startFrames(
      (socket, stream) => {
        for (const bytes of answer(stream, socket)) socket.write(bytes)
      },
      (...frame) => heard(...frame),
    )
    context = await openContext({ policy: policyOf({ it: streamtype('h2', peer, it) }) })
  })
  after(async () => {
    await context.close()
    await peer.close()
  })

  test('have their padding for themselves, and room in the window for it', async () => {
    const padding = Buffer.alloc(256).fill(255, 0, 1)
    const piece = patternBytes(1000)
    // Three megabytes of padding: much more than the window.
    const pieces = Array.from({ length: 12_000 }, () =>
      Buffer.concat([padding.subarray(0, 1), piece, padding.subarray(1)]),
    )
    answer = (stream) => [
      frame(HEADERS, END_HEADERS, stream, headers()),
      ...pieces.map((padded) => frame(DATA, PADDED, stream, padded)),
      frame(DATA, PADDED | END_STREAM, stream, Buffer.of(0)),
    ]
    const received = await (await context.request('it')).bytes()
    assert.equal(received.length, 12_000 * piece.length)
    assert.ok(received.equals(Buffer.concat(Array(12_000).fill(piece))))
  })

  test('have as much payload as the content-length says', async () => {
    for (const [length, text, cut] of [
      [3, 'abc', false],
      [0, '', false],
      [4, 'abc', true],
      [2, 'abc', true],
      [1, '', true],
    ] as const) {
      answer = (stream) => [
        frame(HEADERS, END_HEADERS, stream, headers(length)),
        frame(DATA, END_STREAM, stream, Buffer.from(text)),
      ]
      const reply = await context.request('it')
      if (cut) await assert.rejects(reply.bytes(), { code: 'ERR_SS_DISCONNECTED' }, `${length}`)
      else assert.equal(await reply.text(), text)
    }
    answer = (stream) => [frame(HEADERS, END_HEADERS | END_STREAM, stream, headers(1))]
    await assert.rejects((await context.request('it')).bytes(), { code: 'ERR_SS_DISCONNECTED' })
  })

  test('of answers that nobody waits for any more are passed over', async () => {
    const streams: number[] = []
    const allAsked = new Promise<Socket>((resolve) => {
      answer = (stream, socket) => {
        if (streams.push(stream) === 3) resolve(socket)
        return []
      }
    })
    const reset: number[] = []
    const bothReset = new Promise<void>((resolve) => {
      heard = (type, stream) => {
        if (type === RST_STREAM && reset.push(stream) === 2) resolve()
      }
    })
    const abort = new AbortController()
    const { signal } = abort
    const given = [context.request('it', { signal }), context.request('it', { signal })]
    const wanted = context.request('it')
    const socket = await allAsked
    abort.abort(new Error('given up'))
    for (const one of given) await assert.rejects(one, /given up/)
    await bothReset
    for (const stream of new Set([...reset, ...streams])) {
      socket.write(frame(HEADERS, END_HEADERS, stream, headers()))
      socket.write(frame(DATA, END_STREAM, stream, Buffer.from('abc')))
    }
    assert.equal(await (await wanted).text(), 'abc')
    // Neither was lost and done again.
    assert.equal(streams.length, 3)
  })

  test('of streams that are gone do not use up the window of the connection', async () => {
    const abort = new AbortController()
    const asked = new Promise<[Socket, number]>((resolve) => {
      answer = (stream, socket) => {
        resolve([socket, stream])
        return []
      }
    })
    const given = context.request('it', { signal: abort.signal })
    const [socket, stream] = await asked
    let credit = 0
    const reset = new Promise<void>((resolve) => {
      heard = (type, id, payload) => {
        if (type === RST_STREAM) resolve()
        if (type === WINDOW_UPDATE && id === 0) credit += payload.readUInt32BE()
      }
    })
    abort.abort(new Error('given up'))
    await assert.rejects(given, /given up/)
    await reset
    socket.write(frame(HEADERS, END_HEADERS, stream, headers()))
    // As many downloads as it takes would each have a little on the way when they end.
    const data = Buffer.concat(Array(64).fill(frame(DATA, 0, stream, Buffer.alloc(16_384))))
    for (let length = 0; credit === 0; length += 64 * 16_384) {
      assert.ok(length < 0x3fffffff, 'the window of the connection is used up')
      if (!socket.write(data)) await once(socket, 'drain')
    }
    assert.ok(credit >= 0x20000000, `${credit}`)
  })

  test('beyond the window end the transaction', async () => {
    const pieces = Array<Buffer>(4096).fill(patternBytes(16_384))
    const reset = new Promise<void>((resolve) => {
      heard = (type) => {
        if (type === RST_STREAM) resolve()
      }
    })
    answer = (stream) => [
      frame(HEADERS, END_HEADERS, stream, headers()),
      ...pieces.map((piece) => frame(DATA, 0, stream, piece)),
    ]
    const reply = await context.request('it')
    await reset
    await assert.rejects(reply.bytes(), { code: 'ERR_SS_DISCONNECTED' })
  })

  test('of payload before the headers are no answer', async () => {
    answer = (stream) => [frame(DATA, END_STREAM, stream, Buffer.from('abc'))]
    await assert.rejects(context.request('it'), {
      code: 'ERR_SS_ALL_RETRIES_FAILED',
      message: /payload before its headers/,
    })
  })

  test('that make a window larger than one may be end the connection', async () => {
    const LARGEST = 2 ** 31 - 1
    const update = Buffer.alloc(4)
    update.writeUInt32BE(LARGEST - 65_535)
    const setting = Buffer.alloc(6)
    setting.writeUInt16BE(4)
    setting.writeUInt32BE(LARGEST, 2)
    answer = (stream) => [frame(WINDOW_UPDATE, 0, stream, update), frame(SETTINGS, 0, 0, setting)]
    const goaway = new Promise<number>((resolve) => {
      heard = (type, _, payload) => {
        if (type === GOAWAY) resolve(payload.readUInt32BE(4))
      }
    })
    const given = context.request('it')
    await assert.rejects(given, { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    assert.equal(await goaway, http2.constants.NGHTTP2_FLOW_CONTROL_ERROR)
  })

  const NONE = Buffer.alloc(0)
  const long = Buffer.concat([Buffer.of(OK), header('x-long', 'value')])
  const blocks: Record<string, Buffer[]> = {
    'within a header': [long.subarray(0, 5), long.subarray(5)],
    'with nothing in the first': [NONE, long],
    'with nothing in the last': [long, NONE],
    'with nothing in between': [Buffer.of(OK), NONE, NONE, header('x', 'y')],
  }
  const headerFrames = (stream: number, flags: number, block: Buffer[]) =>
    block.map((piece, n) => {
      const isLast = n === block.length - 1 ? END_HEADERS : 0
      return n === 0
        ? frame(HEADERS, flags | isLast, stream, piece)
        : frame(CONTINUATION, isLast, stream, piece)
    })
  for (const [where, block] of Object.entries(blocks))
    test(`have the headers in pieces, ${where}`, async () => {
      const data = (stream: number) => frame(DATA, END_STREAM, stream, Buffer.from('abc'))
      answer = (stream) => [...headerFrames(stream, 0, block), data(stream)]
      assert.equal(await (await context.request('it')).text(), 'abc')
      answer = (stream) => headerFrames(stream, END_STREAM, block)
      assert.equal(await (await context.request('it')).text(), '')
      answer = (stream) => [
        ...headerFrames(stream, 0, [header(':status', '103'), NONE]),
        ...headerFrames(stream, 0, block),
        frame(DATA, 0, stream, Buffer.from('abc')),
        ...headerFrames(stream, END_STREAM, [NONE, header('x-trailer', 'z'), NONE]),
      ]
      assert.equal(await (await context.request('it')).text(), 'abc')
    })

  test('without headers, or with an end before the response, are no answer', async () => {
    const nothings: [RegExp, (stream: number) => Buffer[]][] = [
      [/status/, (stream) => headerFrames(stream, END_STREAM, [NONE])],
      [/ended before/, (stream) => headerFrames(stream, END_STREAM, [header(':status', '103')])],
    ]
    for (const [message, nothing] of nothings) {
      answer = nothing
      await assert.rejects(context.request('it'), { code: 'ERR_SS_ALL_RETRIES_FAILED', message })
    }
  })

  for (const [what, end] of Object.entries({
    destroyed: (stream: { destroy(): void }) => stream.destroy(),
    disconnected: (stream: { disconnect(): void }) => stream.disconnect(),
  }))
    test(`are taken to their end where their stream is ${what} amid one`, async () => {
      let rest: () => void = () => {}
      answer = (stream, socket) => {
        const whole = frame(DATA, END_STREAM, stream, patternBytes(10_000))
        rest = () => socket.write(whole.subarray(5000))
        return [frame(HEADERS, END_HEADERS, stream, headers()), whole.subarray(0, 5000)]
      }
      await using stream = context.stream('it')
      stream.requestTx()
      for await (const { data } of stream.chunks()) {
        assert.ok(data.length > 0)
        break
      }
      const closed = once(stream, 'state')
      end(stream)
      await closed
      rest()
      const connections = peer.connections
      answer = (id) => [
        frame(HEADERS, END_HEADERS, id, headers()),
        frame(DATA, END_STREAM, id, Buffer.from('after')),
      ]
      assert.equal(await (await context.request('it')).text(), 'after')
      assert.equal(peer.connections, connections)
    })
})

for (const [what, settings] of Object.entries({
  'without a table for headers': { headerTableSize: 0 },
  'without a limit for streams': { maxConcurrentStreams: 2 ** 32 - 1 },
}))
  test(`a peer ${what} has its way`, { timeout: 30_000 }, async () => {
    const server = http2.createServer({ settings })
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200 })
      stream.end('it')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const peer = { port: ((server as Server).address() as AddressInfo).port }
    const context = await openContext({
      policy: policyOf({ it: streamtype('h2', peer, { http_method: 'GET' }) }),
    })
    for (let n = 0; n < 3; n++) assert.equal(await (await context.request('it')).text(), 'it')
    await context.close()
    server.close()
  })
