/** Clients of h2 that mean no good: what a server bears, and that the others are served meanwhile. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import type { ServeOptions, Transaction } from 'lws-secure-streams'
import { END_HEADERS, END_STREAM, frame, HEADERS } from '../peers/h2-frames.js'
import {
  block,
  continuation,
  data,
  FrameClient,
  get,
  PREFACE,
  PRIORITY,
  ping,
  post,
  pseudo,
  reset,
  setting,
  settings,
  window,
} from './frame-client.js'
import { H2Client } from './h2-client.js'
import { serveHttp } from './servers.js'

const CALM = 'goaway ENHANCE_YOUR_CALM'
const TOO_MANY = 3000
const EMPTY = Buffer.alloc(0)

/** A server, one client that means no good, and one that does. */
async function attacked(limits: ServeOptions['limits'] = {}) {
  const open = new Set<Transaction>()
  const site = await serveHttp(
    {
      limits,
      async transaction(txn) {
        if (txn.url === '/large') return txn.ack().end(Buffer.alloc(10_000_000))
        if (txn.url !== '/wait') return txn.ack().end('served')
        open.add(txn)
      },
    },
    { protocol: 'h2' },
  )
  const client = await FrameClient.connect(site.server.port)
  return {
    client,
    open,
    port: site.server.port,
    /** That somebody else is served. */
    async serves() {
      await using other = new H2Client(site.url)
      assert.equal(String((await other.ask()).body), 'served')
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await site[Symbol.asyncDispose]()
    },
  }
}

const waiting = (stream: number) =>
  frame(HEADERS, END_HEADERS, stream, block(...pseudo('POST', '/wait')))
const begun = frame(HEADERS, END_STREAM, 1, block(...pseudo()).subarray(0, 5))
const streams = (count: number) => Array.from({ length: count }, (_, n) => 2 * n + 1)
const times = (bytes: Buffer) => Array<Buffer>(TOO_MANY).fill(bytes)

describe('a server of h2 ends a connection of', { timeout: 60_000 }, () => {
  for (const [name, sent] of [
    ['CONTINUATION frames without an end', [begun, ...times(continuation(1, EMPTY, 0))]],
    [
      'CONTINUATION frames of many bytes',
      [begun, ...Array<Buffer>(10).fill(continuation(1, Buffer.alloc(16_384, 'x'), 0))],
    ],
    ['streams that are opened and reset', streams(TOO_MANY).flatMap((n) => [get(n), reset(n)])],
    [
      'streams that the server resets',
      streams(TOO_MANY).flatMap((n) => [waiting(n), window(n, 0)]),
    ],
    ['malformed requests', streams(TOO_MANY).map((n) => get(n, ['A', 'b']))],
    ['more streams than are allowed', streams(TOO_MANY).map(waiting)],
    ['PING frames', times(ping())],
    ['SETTINGS frames', times(settings(setting(4, 70_000)))],
    ['PRIORITY frames', times(frame(PRIORITY, 0, 9, Buffer.from([0, 0, 0, 0, 1])))],
    ['frames that nobody knows', times(frame(0x42, 0, 0, EMPTY))],
    ['empty DATA frames', [waiting(1), ...times(data(1))]],
  ] as const)
    test(name, async () => {
      await using site = await attacked()
      site.client.send(...sent)
      await site.client.hears(CALM)
      await site.client.closed()
      await site.serves()
    })
})

describe('a server of h2', { timeout: 60_000 }, () => {
  test('refuses streams beyond its limit, and serves the others', async () => {
    await using site = await attacked({ streamsPerConnection: 3 })
    site.client.send(...streams(5).map(waiting))
    await site.client.hears('reset 7 REFUSED_STREAM')
    await site.client.hears('reset 9 REFUSED_STREAM')
    site.client.send(reset(1), get(11))
    await site.client.hears('status 11 200')
  })

  test('answers headers that HPACK makes many with 431', async () => {
    await using site = await attacked()
    const entry = block(['x', 'y'.repeat(3000)])
    // Into the table, and then by one byte each.
    entry.writeUInt8(0x40)
    const bomb = Buffer.concat([block(...pseudo()), entry, Buffer.alloc(10_000, 0xbe)])
    const before = process.memoryUsage().rss
    for (const stream of streams(50)) {
      site.client.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, bomb))
      await site.client.hears(`status ${stream} 431`)
    }
    assert.ok(process.memoryUsage().rss - before < 50_000_000)
    site.client.send(get(201))
    await site.client.hears('status 201 200')
  })

  test('waits for windows without holding up others', async () => {
    await using site = await attacked()
    site.client.send(settings(setting(4, 0)))
    for (const stream of streams(100))
      site.client.send(
        frame(HEADERS, END_HEADERS | END_STREAM, stream, block(...pseudo('GET', '/large'))),
      )
    await site.client.hears('status 199 200')
    await site.serves()
    // One byte at a time is as good.
    site.client.send(window(1, 1), window(0, 1))
    await site.client.until(({ frames }) => frames.at(-1)?.payload.length === 1)
    await site.serves()
  })

  test('resets a stream that sends more than its window, and keeps no more of it', async () => {
    await using site = await attacked()
    site.client.send(waiting(1), ...Array<Buffer>(100).fill(data(1, Buffer.alloc(16_384))))
    await site.client.hears('reset 1 FLOW_CONTROL_ERROR')
    site.client.send(get(3))
    await site.client.hears('status 3 200')
  })

  test('reads no more of a client that reads nothing', async () => {
    await using site = await attacked()
    const socket = net.connect(site.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.on('error', () => {})
    socket.pause()
    socket.write(Buffer.concat([PREFACE, settings(), window(0, 0x7fffffff - 65_535)]))
    socket.write(settings(setting(4, 0x7fffffff)))
    const before = process.memoryUsage().rss
    for (const stream of streams(20))
      socket.write(
        frame(HEADERS, END_HEADERS | END_STREAM, stream, block(...pseudo('GET', '/large'))),
      )
    await site.serves()
    for (let n = 0; n < 500; n++) socket.write(ping())
    await site.serves()
    // The bodies are the handlers', one for each.
    assert.ok(process.memoryUsage().rss - before < 350_000_000)
    socket.destroy()
  })

  test('waits for headers as long as it is told, also beside streams', async () => {
    await using site = await attacked({ headersTimeout: 100 })
    await using silent = await FrameClient.connect(site.port, false)
    site.client.send(waiting(1), frame(HEADERS, 0, 3, block(...pseudo()).subarray(0, 5)))
    await Promise.all([silent.closed(), site.client.closed()])
    await site.serves()
  })

  test('tells handlers that their streams are gone with the connection', async () => {
    await using site = await attacked()
    site.client.send(...streams(10).map(waiting))
    assert.ok(await site.client.settled())
    while (site.open.size < 10) await new Promise(setImmediate)
    const over = [...site.open].map(
      ({ stream }) =>
        new Promise<void>((resolve) => {
          stream.on('state', (state) => state === 'DESTROYING' && resolve())
        }),
    )
    site.client.send(ping('x'.repeat(9)))
    await Promise.all(over)
    await site.serves()
  })

  test('aborts the body of a stream that is reset', async () => {
    await using site = await attacked()
    site.client.send(waiting(1), data(1, 'abc'))
    while (site.open.size < 1) await new Promise(setImmediate)
    const [txn] = site.open
    const text = new Response(txn?.body).text()
    site.client.send(reset(1))
    await assert.rejects(text, { code: 'ERR_SS_DISCONNECTED' })
    site.client.send(post(3), data(3, '', END_STREAM))
    await site.client.hears('status 3 200')
  })

  test('goes on with its streams when a client says GOAWAY, and ends then', async () => {
    await using site = await attacked()
    site.client.send(waiting(1), frame(7, 0, 0, Buffer.alloc(8)))
    while (site.open.size < 1) await new Promise(setImmediate)
    const [txn] = site.open
    await txn?.ack().end('still')
    await site.client.hears('status 1 200')
    await site.client.closed()
  })
})
