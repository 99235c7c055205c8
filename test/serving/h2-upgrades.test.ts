/** WebSockets over h2 (RFC 8441), of clients that node:http2 and `ws` make together. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { SecureStream, ServeOptions } from 'lws-secure-streams'
import WebSocket from 'ws'
import { DATA, END_HEADERS, END_STREAM, frame, HEADERS } from '../peers/h2-frames.js'
import { block, data, FrameClient, pseudo, setting, settings, window } from './frame-client.js'
import { type H2Client, responseOf } from './h2-client.js'
import { serveClient, settled } from './h2-site.js'
import { head, openWebSocket, sendBack, sentBack } from './h2-web-socket.js'

const serve = (options: ServeOptions = { upgrade: sendBack }, subprotocol = true) =>
  serveClient(
    { transaction: (txn) => txn.ack().end('http'), ...options },
    subprotocol ? { ws_subprotocol: 'chat' } : {},
  )

async function opened(client: H2Client, path?: string): Promise<WebSocket> {
  const { socket, headers } = await openWebSocket(client, path)
  assert.equal(headers[':status'], 200)
  assert.equal(headers['sec-websocket-protocol'], 'chat')
  return socket
}

const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 4001 >> 8, 4001 & 0xff])

// Text that is not masked.
const NO_FRAME = Buffer.from([0x81, 1, 0x61])

/** A connection whose first stream carries ws. */
async function upgraded(port: number, ...first: Buffer[]): Promise<FrameClient> {
  const client = await FrameClient.connect(port)
  client.send(...first)
  const fields = block([':method', 'CONNECT'], [':protocol', 'websocket'], ...pseudo().slice(1), [
    'sec-websocket-version',
    '13',
  ])
  client.send(frame(HEADERS, END_HEADERS, 1, fields))
  await client.hears('status 1 200')
  return client
}

/** The code of the CLOSE that all of it is, when the stream has ended. */
async function closeCodes(client: FrameClient): Promise<number[]> {
  const all = () => client.frames.filter(({ type, stream }) => type === DATA && stream === 1)
  await client.until(() => all().some(({ flags }) => flags === END_STREAM))
  const said = Buffer.concat(all().map(({ payload }) => payload))
  return said[0] === 0x88 ? [said.readUInt16BE(2)] : []
}

describe('ws over h2', { timeout: 30_000 }, () => {
  test('carries text and binary, short and long, both ways', async () => {
    await using site = await serve()
    assert.equal(site.client.session.remoteSettings.enableConnectProtocol, true)
    const socket = await opened(site.client)
    assert.equal(await sentBack(socket, 'text'), 'text')
    for (const length of [0, 125, 126, 65_535, 65_536, 3_000_000]) {
      const bytes = Buffer.alloc(length, length)
      assert.ok(bytes.equals((await sentBack(socket, bytes)) as Buffer), `${length}`)
    }
    // In pieces.
    const message = once(socket, 'message')
    socket.send('a', { fin: false })
    socket.send('b', { fin: true })
    assert.equal(String((await message)[0]), 'ab')
    const pong = once(socket, 'pong')
    socket.ping('is anybody there')
    assert.equal(String((await pong)[0]), 'is anybody there')
  })

  test('has streams of its own beside http, and what the request said', async () => {
    const streams: SecureStream[] = []
    await using site = await serve({
      upgrade(stream) {
        streams.push(stream)
        sendBack(stream)
      },
    })
    const sockets = await Promise.all(['/a', '/b'].map((path) => opened(site.client, path)))
    const back = await Promise.all(sockets.map((socket, n) => sentBack(socket, `${n}`)))
    assert.deepEqual(back, ['0', '1'])
    assert.equal(String((await site.client.ask()).body), 'http')
    assert.equal(streams.length, 2)
    assert.deepEqual(
      streams.map(({ state }) => state),
      ['SERVER_UPGRADE', 'SERVER_UPGRADE'],
    )
    assert.equal(streams[0]?.remoteAddress, '127.0.0.1')
    const all = sockets.map((socket) => once(socket, 'message'))
    await site.server.broadcast('to all')
    assert.deepEqual(
      (await Promise.all(all)).map(([data]) => String(data)),
      ['to all', 'to all'],
    )
  })

  test('serves ws over h1 on the same port', async () => {
    await using site = await serve()
    const socket = new WebSocket(site.url.replace('http', 'ws'), 'chat')
    await once(socket, 'open')
    assert.equal(await sentBack(socket, 'text'), 'text')
    socket.close()
    await once(socket, 'close')
  })

  test('ends by CLOSE of the client, which is answered before the stream ends', async () => {
    const { promise: ended, settle: over } = settled()
    await using site = await serve({
      upgrade(stream) {
        stream.on('state', (state) => state === 'DESTROYING' && over())
      },
    })
    await using client = await upgraded(site.server.port)
    client.send(data(1, CLOSE))
    assert.deepEqual(await closeCodes(client), [4001])
    await ended
  })

  for (const [who, upgrade, said, code] of [
    ['the client', sendBack, CLOSE, 4001],
    ['the server that frames of it are none', sendBack, NO_FRAME, 1002],
  ] as const)
    test(`ends by CLOSE of ${who}, which waits for the window`, async () => {
      await using site = await serve({ upgrade })
      await using client = await upgraded(site.server.port, settings(setting(4, 0)))
      client.send(data(1, said))
      await client.settled()
      assert.deepEqual(
        client.frames.filter(({ type }) => type === DATA),
        [],
      )
      client.send(window(1, 1), window(1, 100))
      assert.deepEqual(await closeCodes(client), [code])
    })

  test('ends by CLOSE of the server, and by its end', async () => {
    await using site = await serve({ upgrade: (stream) => stream.destroy() })
    await using client = await upgraded(site.server.port)
    assert.deepEqual(await closeCodes(client), [1001])
    await using other = await serve()
    await using staying = await upgraded(other.server.port)
    await Promise.all([
      other.server.close(),
      closeCodes(staying).then((codes) => assert.deepEqual(codes, [1001])),
    ])
  })

  test('ends when the client resets the stream', async () => {
    const { promise: ended, settle: over } = settled()
    await using site = await serve({
      upgrade(stream) {
        stream.on('state', (state) => state === 'DESTROYING' && over())
      },
    })
    const stream = site.client.begin('/', head, { endStream: false })
    await once(stream, 'response')
    stream.close(8)
    await ended
    assert.equal(String((await site.client.ask()).body), 'http')
  })

  test('tells of frames that are none by their close code', async () => {
    await using site = await serve()
    const stream = site.client.begin('/', head, { endStream: false })
    await once(stream, 'response')
    stream.write(NO_FRAME)
    const [bytes] = await once(stream, 'data')
    assert.deepEqual([bytes[0], bytes.readUInt16BE(2)], [0x88, 1002])
  })

  for (const [name, headers, status] of [
    ['another subprotocol', { ...head, 'sec-websocket-protocol': 'other' }, 400],
    ['another version', { ...head, 'sec-websocket-version': '8' }, 400],
    ['another protocol', { ...head, ':protocol': 'connect-udp' }, 501],
  ] as const)
    test(`refuses ${name}`, async () => {
      await using site = await serve()
      const stream = site.client.begin('/', headers, { endStream: false })
      assert.equal((await responseOf(stream)).status, status)
    })

  test('is offered by servers of ws alone', async () => {
    await using site = await serve({}, false)
    assert.ok(!site.client.session.remoteSettings.enableConnectProtocol)
  })
})
