// Connections of h2 that several transactions share, in situations that were reported of other clients. Each test
// says of which.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  answerStream,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  type Peer,
  RST_STREAM,
  startFrames,
  startSessions,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const OK = Buffer.of(0x88)
const uint32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [n, value] of values.entries()) bytes.writeUInt32BE(value, 4 * n)
  return bytes
}

const goaway = (last: number) => frame(GOAWAY, 0, 0, uint32(last, 0))

/** Without `retry`: nothing is done again but what may be. */
function contextFor(peer: Pick<Peer, 'port'>, more = {}): Promise<Context> {
  const { retry: _, ...it } = streamtype('h2', peer)
  const get = { ...it, http_method: 'GET' }
  const put = streamtype('h2', peer, { http_method: 'PUT' })
  return openContext({ policy: policyOf({ it: { ...it, ...more }, get, put }) })
}

describe('an h2 connection', { timeout: 60_000 }, () => {
  // undici 3140, http2-wrapper 89 and fastify-reply-from 409: what a server said of the connection's end was not
  // heard, or not before the next request was on it.
  const words: [string, (socket: Socket, last: number) => unknown, isTold: boolean][] = [
    ['GOAWAY', (socket, last) => socket.write(goaway(last)), true],
    ['GOAWAY and FIN', (socket, last) => once(socket.end(goaway(last)), 'finish'), true],
    ['FIN', (socket) => once(socket.end(), 'finish'), false],
    ['a reset', (socket) => once(socket.resetAndDestroy(), 'close'), false],
  ]
  for (const [what, say, isTold] of words)
    for (const isBusy of [false, true])
      for (const method of ['it', 'put'] as const)
        test(`that ended with ${what}, unread yet, does no request twice and loses none that it need not: ${method === 'put' ? 'PUT' : 'POST'}, ${isBusy ? 'busy' : 'idle'}`, async () => {
          const seen: [connection: number, stream: number][] = []
          let socket: Socket | undefined
          await using peer = await startFrames((from, stream) => {
            seen.push([peer.connections, stream])
            socket = from
            const isHeld = isBusy && seen.length === 2
            if (isHeld) from.write(frame(HEADERS, END_HEADERS, stream, OK))
            else from.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK))
          })
          await using context = await contextFor(peer)
          await (await context.request('get')).text()
          const held = isBusy ? await context.request('get') : undefined
          const last = seen.at(-1)?.[1] as number
          const before = seen.length
          // The client has no turn of the loop to read it.
          await say(socket as Socket, last)
          const given = context.request(method, { body: 'x' })
          const isDone = await given.then(
            () => true,
            (error) => {
              assert.equal(error.code, 'ERR_SS_DISCONNECTED')
              return false
            },
          )
          // What a server has not read is not done.
          const mayFail = method === 'it' && !isTold && isBusy
          assert.ok(isDone || mayFail)
          const done = seen.slice(before).filter(([connection]) => connection > 1)
          assert.equal(done.length, isDone ? 1 : 0)
          context.destroy()
          await held?.text().catch(() => {})
        })

  // undici 5607: a stream that the server cancelled before it answered was never heard of again, and a
  // timeout did not help.
  for (const method of ['it', 'get'] as const)
    test(`has streams that are reset with any code before their answer, and each is heard of: ${method}`, async () => {
      const codes = [...Array(14).keys(), 255, 0xffffffff]
      let code = 0
      let streams = 0
      await using peer = await startFrames((socket, stream) => {
        streams++
        socket.write(frame(RST_STREAM, 0, stream, uint32(code)))
      })
      await using context = await contextFor(peer)
      for (code of codes) {
        const before = streams
        await assert.rejects(context.request(method), ({ code: reason, message }) => {
          assert.match(reason, /^ERR_SS_(DISCONNECTED|ALL_RETRIES_FAILED)$/)
          assert.match(message, /of HTTP\/2 with ([A-Z0-9_]+|error \d+)/)
          return true
        })
        if (code !== constants.NGHTTP2_REFUSED_STREAM && method === 'it')
          assert.equal(streams, before + 1)
      }
      assert.equal(peer.connections, 1)
    })

  // undici 5524: a POST waited for as long as an event stream was open on the connection.
  test('with an event stream that goes on takes other requests, with a body too', async () => {
    let events: ServerHttp2Stream | undefined
    await using peer = await startSessions((stream) => {
      if (events) return void stream.on('end', () => answerStream(stream))
      events = stream
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' })
      stream.write('data: 1\n\n')
    })
    await using context = await contextFor(peer)
    const heard = (await context.request('get')).body[Symbol.asyncIterator]()
    assert.equal(String((await heard.next()).value), 'data: 1\n\n')
    for (const body of ['x', Buffer.alloc(300_000)]) {
      const reply = await context.request('it', { body })
      assert.equal(await reply.text(), 'answer')
    }
    events?.end('data: 2\n\n')
    assert.equal(String((await heard.next()).value), 'data: 2\n\n')
    assert.equal(peer.sessions.length, 1)
  })

  // bun 42763: answers that nobody read, though they had ended, kept their places on the connection, and the
  // next request waited for ever.
  test('has room again when answers have ended, whether somebody reads them or not', async () => {
    await using peer = await startSessions((stream) => answerStream(stream), {
      maxConcurrentStreams: 2,
    })
    await using context = await contextFor(peer)
    const unread = []
    for (let n = 0; n < 20; n++) unread.push(await context.request('it', { body: 'x' }))
    for (const reply of unread) assert.equal(await reply.text(), 'answer')
    assert.equal(peer.sessions.length, 1)
  })

  // HTTP.jl 1371: of answers that were given up unread, as those are that a retry follows, nobody gave the window
  // back, and after some the connection stood still.
  test('has its window again, however many answers are given up', async () => {
    const SIZE = 65_535
    const sizes = [...Array(300).fill(SIZE), 3_000_000, ...Array(100).fill(SIZE), 3_000_000]
    let asked = 0
    await using peer = await startSessions((stream) => {
      stream.respond({ ':status': asked < 300 ? 503 : 200 })
      stream.end(Buffer.alloc(sizes[asked++]))
    })
    const it = streamtype('h2', peer, { http_method: 'GET', retry: 'at once' })
    await using context = await openContext({
      policy: {
        ...policyOf({ it }),
        retry: [{ 'at once': { backoff: [1], conceal: 1000, jitterpc: 1 } }],
      },
    })
    assert.equal((await (await context.request('it')).bytes()).length, 3_000_000)
    for (let n = 0; n < 100; n++) {
      const reply = await context.request('it')
      for await (const piece of reply.body) if (piece.length > 0) break
    }
    assert.equal((await (await context.request('it')).bytes()).length, 3_000_000)
    assert.equal(asked, sizes.length)
    assert.equal(peer.sessions.length, 1)
  })

  // node 55888: a server that says GOAWAY again and again, with the largest stream there can be, lost streams of
  // its client each time.
  test('that is retired after every seventh request loses none, and ends when it is done', async () => {
    let count = 0
    await using peer = await startFrames((socket, stream) => {
      socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK))
      if (++count % 7 === 0) socket.write(goaway(2 ** 31 - 1))
    })
    await using context = await contextFor(peer)
    for (let round = 1; round <= 5; round++) {
      const replies = Array.from({ length: 100 }, async (_, n) =>
        (await context.request('it', { body: `${n}` })).text(),
      )
      assert.deepEqual(await Promise.all(replies), Array(100).fill(''))
      assert.equal(count, round * 100)
    }
    assert.ok(peer.connections > 1)
    while (peer.sockets.size > 1) await new Promise(setImmediate)
  })
})
