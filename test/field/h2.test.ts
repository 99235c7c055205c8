// Situations of h2 that were reported of other clients, rebuilt. Each test says of which.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  answerStream,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  type Peer,
  RST_STREAM,
  SETTINGS,
  startFrames,
  startSessions,
  WINDOW_UPDATE,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { standstill } from '../support/standstill.js'

const OK = Buffer.of(0x88)
const uint32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [n, value] of values.entries()) bytes.writeUInt32BE(value, 4 * n)
  return bytes
}

/** Without `retry`: nothing is done again but what may be. */
function contextFor(peer: Pick<Peer, 'port'>, more = {}): Promise<Context> {
  const { retry: _, ...it } = streamtype('h2', peer, more)
  return openContext({ policy: policyOf({ it }) })
}

const texts = (context: Context, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, n) =>
      (await context.request('it', { body: `${n}` })).text(),
    ),
  )

describe('reported of other h2 clients', { timeout: 60_000 }, () => {
  // undici 5468: of forty requests at once, thirty were refused when a GOAWAY came amid them, although it
  // named 0 as the last stream that the server had looked at.
  test('a GOAWAY amid a burst, which takes none of it', async () => {
    let seen = 0
    await using peer = await startFrames((socket, stream) => {
      if (peer.connections > 1) socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK))
      else if (++seen === 10) socket.end(frame(GOAWAY, 0, 0, uint32(0, 0)))
    })
    await using context = await contextFor(peer)
    assert.deepEqual(await texts(context, 40), Array(40).fill(''))
    assert.equal(peer.connections, 2)
  })

  // undici 3140: the first request after a GOAWAY that came while nothing was going on had no end.
  test('a request after a GOAWAY while nothing went on', async () => {
    const sockets: Socket[] = []
    await using peer = await startFrames((socket, stream) => {
      sockets.push(socket)
      socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK))
    })
    await using context = await contextFor(peer)
    for (let n = 1; n <= 3; n++) {
      assert.deepEqual(await texts(context, 1), [''])
      assert.equal(peer.connections, n)
      const socket = sockets.at(-1) as Socket
      const ended = once(socket, 'end')
      socket.write(frame(GOAWAY, 0, 0, uint32(1, 0)))
      // One that leaves before it arrives is begun again, too.
      if (n === 2) await ended
    }
  })

  // RFC 9113, 6.8, and httpcore 654: servers say GOAWAY with the largest stream there can be, and
  // later with the last one that they took. What came in between, and is beyond it, is lost elsewhere.
  test('a graceful end in two steps', async () => {
    let seen = 0
    await using peer = await startFrames((socket, stream) => {
      const answer = frame(HEADERS, END_HEADERS | END_STREAM, stream, OK)
      if (peer.connections > 1) {
        socket.write(answer)
        return
      }
      if (++seen < 3) return
      socket.write(frame(GOAWAY, 0, 0, uint32(0x7fffffff, 0)))
      socket.write(frame(GOAWAY, 0, 0, uint32(1, 0)))
      socket.write(frame(HEADERS, END_HEADERS | END_STREAM, 1, OK))
    })
    await using context = await contextFor(peer)
    assert.deepEqual(await texts(context, 3), ['', '', ''])
    assert.equal(peer.connections, 2)
  })

  // grpc 1024: the client's GOAWAY named one of its own streams as the last that it had looked at.
  test('the GOAWAY of a client', async () => {
    let onTold = (_last: number) => {}
    const told = new Promise<number>((resolve) => {
      onTold = resolve
    })
    await using peer = await startFrames(
      (socket) => socket.write(frame(DATA, 0, 0, Buffer.from('of no stream'))),
      (type, _, payload) => {
        if (type === GOAWAY) onTold(payload.readUInt32BE(0))
      },
    )
    await using context = await contextFor(peer)
    await assert.rejects(context.request('it'), { code: 'ERR_SS_DISCONNECTED' })
    assert.equal(await told, 0)
  })

  // reqwest 2081, go 20985: requests failed when there were more at once than the server takes. Here its
  // limit sinks when they are on their way, and it refuses those that are too many.
  test('a limit that sinks below what is going on', async () => {
    let refused = 0
    await using peer = await startSessions(() => {}, { maxConcurrentStreams: 100 })
    peer.onSession = (session) => {
      const held: ServerHttp2Stream[] = []
      const atFirst = (stream: ServerHttp2Stream) => {
        if (held.length < 5) {
          held.push(stream)
          return
        }
        refused++
        stream.close(constants.NGHTTP2_REFUSED_STREAM)
        if (refused !== 20) return
        session.settings({ maxConcurrentStreams: 5 }, () => {
          // The client knows.
          answer = answerStream
          held.forEach(answerStream)
        })
      }
      let answer = peer.sessions.length === 1 ? atFirst : answerStream
      session.on('stream', (stream) => answer(stream))
    }
    await using context = await contextFor(peer)
    assert.deepEqual(await texts(context, 100), Array(100).fill('answer'))
    assert.ok(refused > 0)
  })

  // h2 299 and bun 33602: the window that streams begin with becomes smaller while one uploads. Its own is
  // less than nothing then, and what the server adds is nothing to send by until it is more.
  test('a window that becomes less than nothing amid an upload', async () => {
    const SIZE = 200_000
    let socket: Socket | undefined
    let received = 0
    let settled = false
    let heard: (type: number, stream: number, payload: Buffer) => void = () => {}
    const begun = new Promise<void>((resolve) => {
      heard = (type, stream, payload) => {
        if (type === SETTINGS && received > 0 && payload.length === 0) settled = true
        if (type !== DATA || stream === 0) return
        received += payload.length
        if (received === 65_535) resolve()
        if (received === SIZE) socket?.write(frame(HEADERS, END_HEADERS | END_STREAM, 1, OK))
      }
    })
    await using peer = await startFrames(
      (from) => {
        socket = from
      },
      (...frame) => heard(...frame),
    )
    await using context = await contextFor(peer)
    const reply = context.request('it', { body: Buffer.alloc(SIZE) })
    await begun
    const write = (bytes: Buffer) => socket?.write(bytes)
    // INITIAL_WINDOW_SIZE is 10.
    write(frame(SETTINGS, 0, 0, Buffer.of(0, 4, 0, 0, 0, 10)))
    write(frame(WINDOW_UPDATE, 0, 0, uint32(SIZE)))
    for (let n = 0; n < 40; n++) write(frame(WINDOW_UPDATE, 0, 1, uint32(1000)))
    while (!settled) await new Promise(setImmediate)
    await standstill(() => received)
    assert.equal(received, 65_535)
    write(frame(WINDOW_UPDATE, 0, 1, uint32(SIZE)))
    assert.equal((await reply).status, 200)
    assert.equal(received, SIZE)
  })

  // okhttp 4948: the content-length of an answer to HEAD, or of a 304, was missed as payload.
  test('answers that have a content-length and no payload', async () => {
    await using peer = await startSessions((stream) => {
      stream.respond({ ':status': 304, 'content-length': 2421 }, { endStream: true })
    })
    await using context = await contextFor(peer, { http_method: 'GET' })
    const reply = await context.request('it')
    assert.equal(reply.status, 304)
    assert.equal(reply.headers.get('content-length'), '2421')
    assert.equal(await reply.text(), '')
  })

  // HTTP.jl 1360: 103 was taken for the answer, and the answer for trailers.
  test('early hints, an answer and trailers', async () => {
    await using peer = await startSessions((stream) => {
      for (let n = 0; n < 2; n++)
        stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' })
      stream.respond({ ':status': 200, 'x-a': '1' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '2' }))
      stream.end('hello')
    })
    await using context = await contextFor(peer)
    const reply = await context.request('it', { body: 'x' })
    assert.equal(reply.status, 200)
    assert.equal(reply.headers.get('link'), null)
    assert.equal(await reply.text(), 'hello')
    assert.equal(reply.trailers.get('x-sum'), '2')
  })

  // curl 986: nghttpd --early-response answers an upload at its beginning, with content-length 0, and
  // resets the stream. curl hung.
  test('an answer to the beginning of an upload', async () => {
    await using peer = await startSessions((stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'content-length': 0 }, { endStream: true })
      stream.close(constants.NGHTTP2_NO_ERROR)
    })
    await using context = await contextFor(peer)
    const body = Buffer.alloc(50_000_000)
    for (let n = 0; n < 2; n++) {
      const reply = await context.request('it', { body })
      assert.ok(reply.acked)
      assert.equal(await reply.text(), '')
    }
  })

  // curl 6015: a download that a reset with NO_ERROR cut short was a success.
  test('a reset with NO_ERROR amid an answer whose length nobody knows', async () => {
    await using peer = await startFrames((socket, stream) => {
      socket.write(frame(HEADERS, END_HEADERS, stream, OK))
      socket.write(frame(DATA, 0, stream, Buffer.from('half')))
      socket.write(frame(RST_STREAM, 0, stream, uint32(0)))
    })
    await using context = await contextFor(peer)
    const reply = await context.request('it')
    await assert.rejects(reply.text(), { code: 'ERR_SS_DISCONNECTED' })
  })
})
