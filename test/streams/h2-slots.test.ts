import assert from 'node:assert/strict'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { constants } from 'node:http2'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type Context, openContext } from 'lws-secure-streams'
import {
  answerStream,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  type Peer,
  type SessionPeer,
  startFrames,
  startSessions,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const { NGHTTP2_NO_ERROR, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM } = constants
const SLOTS = 8
const REQUESTS = 20

/** How each of `count` requests of 'it' ended: with the text of its answer, or the error. */
function askAll(context: Context, count = REQUESTS) {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      try {
        return await (await context.request('it', { body: `${n}` })).text()
      } catch (error) {
        return error as Error & { code: string; cause?: Error }
      }
    }),
  )
}

function contextFor(peer: Peer, isRetried = false) {
  const { retry: _, ...without } = streamtype('h2', peer)
  return openContext({ policy: policyOf({ it: isRetried ? streamtype('h2', peer) : without }) })
}

/** The server's side: what it does when all slots of its first connection are taken. */
function whenFull(full: (peer: SessionPeer, streams: ServerHttp2Stream[]) => void) {
  const held: ServerHttp2Stream[] = []
  return (stream: ServerHttp2Stream, peer: SessionPeer) => {
    if (stream.session !== peer.sessions[0]) answerStream(stream)
    else if (held.push(stream) === SLOTS) full(peer, held)
  }
}

const ends = {
  'with FIN': ({ sockets }: SessionPeer) => [...sockets][0]?.end(),
  'with RST': ({ sockets }: SessionPeer) => [...sockets][0]?.resetAndDestroy(),
  'with GOAWAY, for an error': ({ sessions }: SessionPeer, streams: ServerHttp2Stream[]) =>
    sessions[0]?.goaway(NGHTTP2_ENHANCE_YOUR_CALM, streams.at(-1)?.id),
}

describe('h2 streams that wait for a place', { timeout: 60_000 }, () => {
  for (const [how, end] of Object.entries(ends))
    for (const isRetried of [false, true])
      test(`go to the next connection when theirs ends ${how}, ${isRetried ? 'with' : 'without'} retry`, async () => {
        await using peer = await startSessions(whenFull(end), { maxConcurrentStreams: SLOTS })
        await using context = await contextFor(peer, isRetried)
        const ended = await askAll(context)
        const failed = ended.filter((end) => typeof end !== 'string')
        // Those that the server had may have had an effect, and are not repeated.
        assert.equal(failed.length, SLOTS)
        for (const { code, message } of failed) {
          assert.equal(code, 'ERR_SS_DISCONNECTED')
          assert.match(message, /POST is not repeated, since the server may have done it/)
          if (how.includes('GOAWAY'))
            assert.match(message, /ended the connection \(GOAWAY\) with ENHANCE_YOUR_CALM/)
        }
      })

  for (const [how, end] of Object.entries(ends))
    test(`and those that the server had do so, too, when the method is idempotent: ${how}`, async () => {
      await using peer = await startSessions(whenFull(end), { maxConcurrentStreams: SLOTS })
      const it = streamtype('h2', peer, { http_method: 'PUT' })
      await using context = await openContext({ policy: policyOf({ it }) })
      assert.deepEqual(await askAll(context), Array(REQUESTS).fill('answer'))
    })

  test('do not wait for those that GOAWAY lets end', async () => {
    const held: ServerHttp2Stream[] = []
    let onOthersDone = () => {}
    const othersDone = new Promise<void>((resolve) => {
      onOthersDone = resolve
    })
    let others = 0
    await using peer = await startSessions(
      (stream, peer) => {
        if (stream.session === peer.sessions[0]) {
          if (held.push(stream) === SLOTS) stream.session?.goaway(NGHTTP2_NO_ERROR, stream.id)
          return
        }
        answerStream(stream)
        if (++others === REQUESTS - SLOTS) onOthersDone()
      },
      { maxConcurrentStreams: SLOTS },
    )
    await using context = await contextFor(peer)
    const ended = askAll(context)
    await othersDone
    held.forEach(answerStream)
    assert.deepEqual(await ended, Array(REQUESTS).fill('answer'))
  })

  test('are heard of when the server takes more of them, and not before', async () => {
    const open = new Set<ServerHttp2Stream>()
    let most = 0
    await using peer = await startSessions(
      (stream) => {
        open.add(stream)
        stream.on('close', () => open.delete(stream))
        most = Math.max(most, open.size)
        setImmediate(() => answerStream(stream))
      },
      { maxConcurrentStreams: 0 },
    )
    const begun = new Promise<ServerHttp2Session>((resolve) => {
      peer.onSession = resolve
    })
    await using context = await contextFor(peer)
    const ended = askAll(context)
    const session = await begun
    const ping = promisify(session.ping.bind(session))
    for (let n = 0; n < 3; n++) await ping()
    assert.equal(most, 0)
    session.settings({ maxConcurrentStreams: 3 })
    assert.deepEqual(await ended, Array(REQUESTS).fill('answer'))
    assert.ok(most > 0 && most <= 3, `${most} streams at once`)
  })

  test('wait while the server takes none, though it took some before', async () => {
    let streams = 0
    await using peer = await startSessions((stream) => {
      streams++
      answerStream(stream)
    })
    await using context = await contextFor(peer)
    assert.deepEqual(await askAll(context, 1), ['answer'])
    const [session] = peer.sessions as [ServerHttp2Session]
    const settle = promisify((maxConcurrentStreams: number, done: (error: Error | null) => void) =>
      session.settings({ maxConcurrentStreams }, done),
    )
    await settle(0)
    const ended = askAll(context)
    const ping = promisify(session.ping.bind(session))
    for (let n = 0; n < 3; n++) await ping()
    assert.equal(streams, 1)
    await settle(2)
    assert.deepEqual(await ended, Array(REQUESTS).fill('answer'))
    assert.equal(peer.sessions.length, 1)
  })
})

describe('h2 streams that the server did nothing with', { timeout: 60_000 }, () => {
  test('begin again when GOAWAY says so, with all of their body', async () => {
    const bodies: string[] = []
    const held: ServerHttp2Stream[] = []
    await using peer = await startSessions(async (stream, peer) => {
      if (stream.session === peer.sessions[0]) {
        // Only the first one counts.
        if (held.push(stream) === 5) stream.session?.goaway(NGHTTP2_NO_ERROR, held[0]?.id)
        return
      }
      bodies.push(Buffer.concat(await stream.toArray()).toString())
      answerStream(stream)
      if (bodies.length === 4) answerStream(held[0] as ServerHttp2Stream)
    })
    await using context = await contextFor(peer)
    assert.deepEqual(await askAll(context, 5), Array(5).fill('answer'))
    assert.equal(new Set(bodies).size, 4)
  })

  test('begin again after REFUSED_STREAM, whatever their method', async () => {
    let refused = 0
    await using peer = await startSessions((stream) => {
      if (refused++ < 3) stream.close(NGHTTP2_REFUSED_STREAM)
      else answerStream(stream)
    })
    await using context = await contextFor(peer)
    const stream = context.stream('it')
    const states: unknown[] = []
    stream.on('state', (state) => states.push(state))
    await stream.send('once')
    assert.equal(refused, 4)
    // It was no failed attempt.
    assert.ok(!states.includes('UNREACHABLE'))
    assert.equal(peer.sessions.length, 1)
    stream.destroy()
  })

  test('are given up when none is ever taken', async () => {
    let asked = 0
    await using peer = await startSessions((stream) => {
      asked++
      stream.close(NGHTTP2_REFUSED_STREAM)
    })
    await using context = await contextFor(peer)
    for (let round = 1; round <= 2; round++) {
      const [error] = await askAll(context, 1)
      assert.ok(error instanceof Error)
      assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
      assert.match(error.message, /reset the stream of HTTP\/2 with REFUSED_STREAM/)
      assert.equal(asked, round * 6)
    }
  })

  test('are given up when every connection ends with a GOAWAY that takes none', async () => {
    // For node:http2, 0 would be the last one that it has.
    const none = frame(GOAWAY, 0, 0, Buffer.alloc(8))
    await using peer = await startFrames((socket) => socket.write(none))
    await using context = await contextFor(peer)
    const [error] = await askAll(context, 1)
    assert.ok(error instanceof Error)
    assert.match(error.message, /GOAWAY, NO_ERROR/)
    assert.equal(peer.connections, 6)
  })

  test('leave a connection that is closed when it has no other', async () => {
    let onClosed = () => {}
    const closed = new Promise<void>((resolve) => {
      onClosed = resolve
    })
    await using peer = await startFrames((socket, stream) => {
      const ok = frame(HEADERS, END_HEADERS | END_STREAM, stream, Buffer.of(0x88))
      const last = Buffer.alloc(8)
      last.writeUInt32BE(stream)
      if (peer.connections === 1) {
        socket.on('end', onClosed)
        socket.write(frame(GOAWAY, 0, 0, last))
      }
      socket.write(ok)
    })
    await using context = await contextFor(peer)
    assert.deepEqual(await askAll(context, 1), [''])
    await closed
    assert.deepEqual(await askAll(context, 1), [''])
  })

  test('end with their reason, or when they are given up, in between too', async () => {
    const controller = new AbortController()
    let asked = 0
    await using peer = await startSessions((stream) => {
      stream.close(NGHTTP2_REFUSED_STREAM)
      if (++asked === 3) controller.abort(new Error('given up'))
    })
    await using context = await contextFor(peer)
    await assert.rejects(context.request('it', { signal: controller.signal }), /given up/)
  })
})
