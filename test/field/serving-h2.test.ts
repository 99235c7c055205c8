// Servers of h2 in situations that others' servers did not survive. The first messages of a WebSocket were lost when
// they came together with its request in zio-http (#46), circuits (#261) and Netty (#1331). A connection that idled
// ended without GOAWAY in nghttp2 (#2884) and Armeria (#637), so that clients could not know what to ask for again.
// DATA for a stream that had been reset was not given back to the window of the connection, which starved all others,
// in python-hyper's h2 (#1210) and Dart's http2 (#97); a body that nobody read did in hyper (#2899). A window that
// became smaller amid a response was not heeded by Bun (#41329) and swift-nio-http2 (#64), and an empty last frame
// waited for a window in h2 (#1314). Cookies that had been cut apart stayed so in Warp (wai #436), and were joined by
// commas in Granian (#678). Trailers were an error in nginx (#1527), and confused Go behind a reset (#58286).
// "OPTIONS *" was refused by Rust's http (#843). A response to HEAD had a body in OpenSwoole (#402). A Host beside an
// equal :authority was refused when it had a port in nginx (#772), and another was taken in Vert.x (#4776).
// The refusal of a WebSocket stayed in the buffers of libwebsockets (#3653).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants } from 'node:http2'
import { describe, test } from 'node:test'
import type { Transaction } from 'lws-secure-streams'
import { DATA, END_HEADERS, END_STREAM, frame, HEADERS } from '../peers/h2-frames.js'
import {
  block,
  data,
  FrameClient,
  get,
  post,
  pseudo,
  setting,
  settings,
  window,
} from '../serving/frame-client.js'
import { responseOf } from '../serving/h2-client.js'
import { connected, serveClient, serveH2, settled } from '../serving/h2-site.js'
import { head, sendBack } from '../serving/h2-web-socket.js'

const SIZE = 200_000
const WINDOW = 4

/** Answers with what was asked for; reads bodies at /read alone. */
async function answer(txn: Transaction): Promise<void> {
  if (txn.url === '/large') return txn.ack().end('x'.repeat(SIZE))
  if (txn.url === '/empty') return txn.ack().end()
  if (txn.url !== '/read') return txn.ack().end(txn.url)
  const { length } = await txn.request.text()
  return txn.ack().end(`${length} ${[...txn.trailers].join()}`)
}

const PIECE = Buffer.alloc(16_384)

/** A request in a frame. */
const request = (stream: number, path: string, authority = 'a', fields: [string, string][] = []) =>
  frame(
    HEADERS,
    END_HEADERS | END_STREAM,
    stream,
    block(...pseudo('GET', path).slice(0, 3), [':authority', authority], ...fields),
  )

/** Text of one character, under a mask of zeros; and the end of a WebSocket. */
const message = (text: string) => Buffer.from([0x81, 0x81, 0, 0, 0, 0, text.charCodeAt(0)])
const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 1000 >> 8, 1000 & 0xff])

describe('a WebSocket over h2', { timeout: 30_000 }, () => {
  test('has the messages that come together with its request', async () => {
    await using site = await serveClient({ upgrade: sendBack }, { ws_subprotocol: 'chat' })
    const stream = site.client.begin('/', head, { endStream: false })
    stream.write(Buffer.concat([message('a'), message('b')]))
    const received: Buffer[] = []
    for await (const piece of stream) {
      received.push(piece)
      if (Buffer.concat(received).length === 6) break
    }
    const echoes = Buffer.from([0x81, 1, 0x61, 0x81, 1, 0x62])
    assert.deepEqual(Buffer.concat(received), echoes)
  })

  test('ends when its CLOSE comes together with its request', async () => {
    const over = settled()
    await using site = await serveClient(
      {
        async upgrade(stream) {
          for await (const { data: one } of stream) assert.equal(String(one), 'a')
          over.settle()
        },
      },
      { ws_subprotocol: 'chat' },
    )
    const stream = site.client.begin('/', head, { endStream: false })
    stream.end(Buffer.concat([message('a'), CLOSE]))
    assert.deepEqual(Buffer.concat(await stream.toArray()), Buffer.from([0x88, 2, 3, 0xe8]))
    await over.promise
  })

  for (const [name, subprotocol] of [
    ['for another subprotocol', 'talk'],
    ['for one in other letters', 'CHAT'],
  ] as const)
    test(`is refused at once ${name}`, async () => {
      await using site = await serveClient({ upgrade: sendBack }, { ws_subprotocol: 'chat' })
      const fields = { ...head, 'sec-websocket-protocol': subprotocol }
      const { status } = await responseOf(site.client.begin('/', fields, { endStream: false }))
      assert.equal(status, 400)
    })
})

describe('a connection of h2', { timeout: 30_000 }, () => {
  test('that idles ends with GOAWAY, which says what was served', async () => {
    await using site = await serveClient({
      transaction: answer,
      limits: { keepAliveTimeout: 100 },
    })
    const { session } = site.client
    const goneAway = once(session, 'goaway')
    const closed = once(session, 'close')
    assert.equal(String((await site.client.ask('/1')).body), '/1')
    const [code, last] = await goneAway
    assert.deepEqual([code, last], [constants.NGHTTP2_NO_ERROR, 1])
    await closed
  })

  test('without a request ends with GOAWAY, too', async () => {
    await using site = await serveClient({ transaction: answer, limits: { headersTimeout: 100 } })
    const [code, last] = await once(site.client.session, 'goaway')
    assert.deepEqual([code, last], [constants.NGHTTP2_NO_ERROR, 0])
  })

  test('has its window back from DATA that nobody wants any more', async () => {
    await using site = await serveH2({ transaction: answer })
    await using client = await FrameClient.connect(site.server.port)
    // Each gets its response at once, and sends on; together it is more than the window of 16 MiB.
    let stream = 1
    for (; stream < 180; stream += 2) {
      client.send(post(stream), ...Array.from({ length: 15 }, () => data(stream, PIECE)))
      await client.hears(`reset ${stream} NO_ERROR`)
    }
    client.send(get(stream))
    await client.hears(`status ${stream} 200`)
  })

  test('serves others beside one whose body is not read', async () => {
    const release = settled()
    await using site = await connected(async (txn) => {
      if (txn.url === '/kept') await release.promise
      return answer(txn)
    })
    const kept = site.client.begin('/kept', { ':method': 'POST' })
    kept.end(Buffer.alloc(5_000_000))
    const other = await site.client.ask('/read', {}, 'y'.repeat(3_000_000))
    assert.equal(String(other.body), '3000000 ')
    release.settle()
    assert.equal(String((await responseOf(kept)).body), '/kept')
  })
})

describe('a stream of h2', { timeout: 30_000 }, () => {
  const lengthOf = (client: FrameClient, stream: number) =>
    client.frames
      .filter((one) => one.type === DATA && one.stream === stream)
      .reduce((sum, { payload }) => sum + payload.length, 0)
  const hasEnded = (client: FrameClient, stream: number) =>
    client.frames.some((one) => one.stream === stream && (one.flags & END_STREAM) !== 0)

  test('heeds a window that becomes smaller than what it has used', async () => {
    await using site = await serveH2({ transaction: answer })
    await using client = await FrameClient.connect(site.server.port)
    client.send(window(0, 1_000_000), request(1, '/large'))
    await client.until((all) => lengthOf(all, 1) === 65_535)
    // It is 65,535 bytes below zero, then at zero, and then at one.
    client.send(settings(setting(WINDOW, 0)), window(1, 65_535))
    await client.settled('at zero!')
    assert.equal(lengthOf(client, 1), 65_535)
    client.send(window(1, 1))
    await client.until((all) => lengthOf(all, 1) === 65_536)
    await client.settled('at one!!')
    assert.equal(lengthOf(client, 1), 65_536)
    client.send(settings(setting(WINDOW, SIZE)))
    await client.until((all) => hasEnded(all, 1))
    assert.equal(lengthOf(client, 1), SIZE)
  })

  test('ends an empty response without a window', async () => {
    await using site = await serveH2({ transaction: answer })
    await using client = await FrameClient.connect(site.server.port)
    client.send(settings(setting(WINDOW, 0)), request(1, '/empty'))
    await client.until((all) => hasEnded(all, 1))
  })

  test('has its cookies in one field', async () => {
    await using site = await connected((txn) => txn.ack().end(txn.headers.get('cookie') ?? ''))
    const { body } = await site.client.ask('/', { cookie: ['a=1', 'b=2; c=3', 'd=4'] })
    assert.equal(String(body), 'a=1; b=2; c=3; d=4')
  })

  test('may have trailers, also behind its response', async () => {
    await using site = await connected(answer)
    for (const [path, body] of [
      ['/read', '3 x-sum,6'],
      ['/unread', '/unread'],
    ] as const) {
      const stream = site.client.begin(path, { ':method': 'POST' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '6' }))
      const response = responseOf(stream)
      stream.end('abc')
      assert.equal(String((await response).body), body)
    }
    assert.equal(String((await site.client.ask('/next')).body), '/next')
  })

  test('may ask for "OPTIONS *"', async () => {
    await using site = await connected(answer)
    const { status, body } = await site.client.ask('*', { ':method': 'OPTIONS' })
    assert.deepEqual([status, String(body)], [200, '*'])
  })

  test('has no body for HEAD, but its length', async () => {
    await using site = await connected(answer)
    const { headers, body } = await site.client.ask('/large', { ':method': 'HEAD' })
    assert.deepEqual([headers['content-length'], body.length], [String(SIZE), 0])
  })

  for (const [host, told] of [
    ['a:80', 'status 1 200'],
    ['b:80', 'reset 1 PROTOCOL_ERROR'],
    ['a', 'reset 1 PROTOCOL_ERROR'],
  ] as const)
    test(`with :authority a:80 and Host ${host} is ${told}`, async () => {
      await using site = await serveH2({ transaction: answer })
      await using client = await FrameClient.connect(site.server.port)
      client.send(request(1, '/', 'a:80', [['host', host]]))
      await client.hears(told)
    })
})
