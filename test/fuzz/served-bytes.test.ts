/** Requests with any bytes changed, dropped or doubled: a server goes on for everybody else, and keeps nothing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import type { ServeOptions } from 'lws-secure-streams'
import { END_HEADERS, END_STREAM, frame, HEADERS } from '../peers/h2-frames.js'
import {
  block,
  data,
  PREFACE,
  ping,
  post,
  pseudo,
  reset,
  settings,
  window,
} from '../serving/frame-client.js'
import { serveHttp } from '../serving/servers.js'

const RUNS = Number(process.env.LWS_SS_FUZZ_RUNS ?? 200)
const seed = process.env.LWS_SS_FUZZ_SEED

const h1 = [
  'GET /a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n',
  'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
].map((text) => Buffer.from(text))

const upgrade = Buffer.from(
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: chat\r\n' +
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n',
)
const masked = (first: number, payload: string) =>
  Buffer.concat([
    Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]),
    Buffer.from(payload, 'latin1'),
  ])
const ws = [
  masked(0x81, 'hello'),
  masked(0x01, 'hel'),
  masked(0x80, 'lo'),
  masked(0x89, 'ping'),
  masked(0x88, '\x03\xe8'),
  masked(0xc1, '\xf2\x48\xcd\xc9\xc9\x07\x00'),
]

const h2 = [
  settings(),
  frame(HEADERS, END_HEADERS | END_STREAM, 1, block(...pseudo())),
  post(3),
  data(3, Buffer.from('hello'), END_STREAM),
  frame(HEADERS, END_STREAM, 5, block(...pseudo()).subarray(0, 9)),
  ping('pingpong'),
  window(0, 1000),
  reset(3),
]

/** The bytes of these in any order, with some of them spoilt, in pieces of any length. */
const spoilt = (beginning: Buffer, parts: readonly Buffer[]) =>
  fc
    .record({
      parts: fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 8 }),
      changes: fc.array(fc.record({ at: fc.nat(), to: fc.nat(255), kind: fc.nat(2) }), {
        maxLength: 4,
      }),
      cuts: fc.array(fc.nat(), { maxLength: 4 }),
      isBegun: fc.constantFrom(true, true, true, false),
    })
    .map((given) => {
      const spoil = [...Buffer.concat(given.parts)]
      for (const { at, to, kind } of given.changes) {
        const place = at % (spoil.length + 1)
        if (kind === 0) spoil[place] = to
        else if (kind === 1) spoil.splice(place, 1 + (to % 5))
        else spoil.splice(place, 0, ...spoil.slice(0, to))
      }
      const whole = Buffer.concat([given.isBegun ? beginning : Buffer.of(), Buffer.from(spoil)])
      const cuts = given.cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b)
      return [0, ...cuts].map((cut, n) => whole.subarray(cut, cuts[n]))
    })

const options: ServeOptions = {
  perMessageDeflate: true,
  async transaction(txn) {
    let length = 0
    for await (const piece of txn.body) length += piece.length
    await txn.ack().end(`${length}`)
  },
  upgrade(stream) {
    stream.on('message', ({ data: bytes, binary }) => {
      stream.send(bytes, { binary }).catch(() => {})
    })
  },
}

/** Sends them, and leaves when the server has hung up, or has had turns to read them and to answer. */
async function send(port: number, pieces: readonly Buffer[]): Promise<void> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {})
  const closed = once(socket, 'close')
  await Promise.race([once(socket, 'connect'), closed])
  socket.resume()
  for (const piece of pieces) {
    if (!socket.writable) break
    await new Promise((resolve) => socket.write(piece, resolve))
  }
  socket.end()
  for (let turns = 0; turns < 4 && !socket.closed; turns++) await turn()
  socket.destroy()
  await closed
}

describe('whatever clients say, a server goes on', { timeout: 2 ** 31 - 1 }, () => {
  for (const [name, protocol, beginning, parts] of [
    ['h1', 'h1', Buffer.of(), h1],
    ['ws', 'h1', upgrade, ws],
    ['h2', 'h2', PREFACE, h2],
  ] as const)
    test(name, async () => {
      await using site = await serveHttp(options, { protocol, ws_subprotocol: 'chat' })
      await fc.assert(
        fc.asyncProperty(spoilt(beginning, parts), (pieces) => send(site.server.port, pieces)),
        { numRuns: RUNS, ...(seed && { seed: Number(seed) }) },
      )
      const response = await fetch(site.url, { method: 'POST', body: 'still there' })
      assert.equal(await response.text(), '11')
      await site.server.close()
      assert.equal(site.server.stats.clients, 0)
    })
})
