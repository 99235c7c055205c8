// Messages of ws that are compressed, both ways (RFC 7692), on streams that ask for it.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import zlib from 'node:zlib'
import {
  type Context,
  openContext,
  type PerMessageDeflate,
  type SecureStream,
} from 'lws-secure-streams'
import type { PerMessageDeflateOptions } from 'ws'
import { CertificateAuthority, starts, startWebSocket, type WebSocketPeer } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { serveHttp } from '../serving/servers.js'
import { BINARY, CONTINUATION, frame, PING, TEXT } from '../serving/ws-peer.js'
import { ownTopic, policyOf, protocols, streamtype } from '../support/policies.js'
import { nextMessage, nextState, receiveBytes } from '../support/states.js'

const PMD = 'permessage-deflate'
const RSV1 = 4
const part = { fin: false, mask: null }
const LONG = 'compress me, please. '.repeat(5000)
// That of the system, which has the packages of the system.
const PYTHON = '/usr/bin/python3'
const env = { PATH: process.env.PATH, LANG: 'C.UTF-8' }

const deflated = (text: string | Buffer) =>
  zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4)

const contextFor = (peer: { port: number }, more = {}) =>
  openContext({ policy: policyOf({ it: streamtype('ws', peer, { ws_binary: false, ...more }) }) })

/** The stream, what it asked for, and the socket at the other end. */
async function connect(
  context: Context,
  peer: WebSocketPeer,
  perMessageDeflate: boolean | PerMessageDeflate = true,
): Promise<{ stream: SecureStream; request: IncomingMessage; extensions: string }> {
  const accepted = once(peer.webSockets, 'connection')
  const stream = context.stream('it', { perMessageDeflate })
  await stream.connect()
  const [{ extensions }, request] = await accepted
  return { stream, request, extensions }
}

async function echoes(stream: SecureStream, text: string): Promise<void> {
  await stream.send(text)
  assert.equal(String(await nextMessage(stream)), text)
}

describe('what is offered', { timeout: 60_000 }, () => {
  for (const [asked, offer] of [
    [true, `${PMD}; client_max_window_bits`],
    [{}, `${PMD}; client_max_window_bits`],
    [
      { serverNoContextTakeover: true },
      `${PMD}; server_no_context_takeover; client_max_window_bits`,
    ],
    [
      { clientNoContextTakeover: true },
      `${PMD}; client_no_context_takeover; client_max_window_bits`,
    ],
    [
      { serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
      `${PMD}; server_max_window_bits=9; client_max_window_bits=10`,
    ],
    [false, undefined],
    [undefined, undefined],
  ] as const)
    test(JSON.stringify(asked) ?? 'nothing', async () => {
      await using peer = await startWebSocket({ perMessageDeflate: { threshold: 0 } })
      await using context = await contextFor(peer)
      const accepted = once(peer.webSockets, 'connection')
      const stream = context.stream('it', asked === undefined ? {} : { perMessageDeflate: asked })
      await stream.connect()
      const [socket, request] = await accepted
      assert.equal(request.headers['sec-websocket-extensions'], offer)
      assert.equal(socket.extensions !== '', offer !== undefined)
      for (const text of [LONG, 'short', '', LONG, '€'.repeat(70_000)]) await echoes(stream, text)
    })

  test('no effect on the other protocols', async () => {
    for (const protocol of protocols) {
      await using peer = await starts[protocol]()
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
      })
      const stream = context.stream('it', { ...ownTopic(protocol), perMessageDeflate: true })
      await stream.send('hello')
      assert.equal(String(await receiveBytes(stream, 5)), 'hello')
    }
  })
})

describe('a server may answer', { timeout: 60_000 }, () => {
  const servers: Record<string, PerMessageDeflateOptions> = {
    'as it likes': {},
    'with all that there is': {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 9,
      clientMaxWindowBits: 9,
    },
    'with a smaller window for the client': { clientMaxWindowBits: 12 },
    'that it forgets': { serverNoContextTakeover: true },
  }
  for (const [how, options] of Object.entries(servers))
    test(how, async () => {
      await using peer = await startWebSocket({ perMessageDeflate: { threshold: 0, ...options } })
      await using context = await contextFor(peer)
      const { stream, request } = await connect(context, peer)
      const noise = randomBytes(50_000).toString('base64')
      for (let n = 0; n < 3; n++)
        for (const text of [LONG, noise, 'x', '']) await echoes(stream, text)
      assert.ok(request.socket.bytesRead < 4 * noise.length, `${request.socket.bytesRead}`)
    })

  test('not at all', async () => {
    await using peer = await startWebSocket()
    await using context = await contextFor(peer)
    const { stream, extensions } = await connect(context, peer)
    assert.equal(extensions, '')
    await echoes(stream, LONG)
  })

  const answered = (answer: string) =>
    ServerPeer.listen(
      http.createServer().on('upgrade', ({ headers }: IncomingMessage, socket: Socket) => {
        const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
        const accept = createHash('sha1').update(key).digest('base64')
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Extensions: ${answer}\r\n\r\n`,
        )
      }),
    )

  for (const answer of [
    'x-webkit-deflate-frame',
    `${PMD}, ${PMD}`,
    `${PMD}; client_max_window_bits`,
    `${PMD}; client_max_window_bits=16`,
    `${PMD}; client_max_window_bits=13`,
    `${PMD}; server_max_window_bits=11`,
    `${PMD}; server_max_window_bits`,
    `${PMD}; server_no_context_takeover; server_no_context_takeover`,
    `${PMD}; server_no_context_takeover=1`,
    `${PMD}; something_else`,
    `${PMD};`,
    `${PMD}; ${'x'.repeat(300)}`,
    ',',
  ])
    test(`not with ${answer.slice(0, 70)}`, async () => {
      await using peer = await answered(answer)
      await using context = await contextFor(peer)
      const perMessageDeflate = { serverMaxWindowBits: 10, clientMaxWindowBits: 12 }
      const stream = context.stream('it', { perMessageDeflate })
      await assert.rejects(stream.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
    })

  test('with a window that zlib cannot fill: messages leave as they are', async () => {
    await using peer = await answered(`${PMD}; client_max_window_bits=8`)
    await using context = await contextFor(peer)
    const stream = context.stream('it', { perMessageDeflate: true })
    await stream.connect()
    const [socket] = peer.sockets
    const heard = once(socket as Socket, 'data')
    await stream.send('hello')
    assert.equal(((await heard)[0] as Buffer)[0], 0x80 | TEXT)
  })
})

describe('compressed messages', { timeout: 60_000 }, () => {
  test('are as long as their payload allows, in any fragments and pieces', async () => {
    await using peer = await startWebSocket({ echo: false, perMessageDeflate: {} })
    await using context = await contextFor(peer)
    const { stream, request } = await connect(context, peer)
    const messages = stream[Symbol.asyncIterator]()
    const [one, two] = [deflated('héllo wörld '.repeat(9)), deflated('a')]
    const bytes = Buffer.concat([
      // What a first fragment has may be too little to inflate anything.
      frame(TEXT, one.subarray(0, 1), { ...part, rsv: RSV1 }),
      frame(PING, 'amid', { mask: null }),
      frame(CONTINUATION, '', part),
      frame(CONTINUATION, one.subarray(1, 9), part),
      frame(CONTINUATION, one.subarray(9), { mask: null }),
      frame(TEXT, 'plain', { mask: null }),
      frame(BINARY, two, { mask: null, rsv: RSV1 }),
      frame(TEXT, Buffer.of(0), { mask: null, rsv: RSV1 }),
    ])
    const hear = async () => {
      for (const text of ['héllo wörld '.repeat(9), 'plain', 'a', ''])
        assert.equal((await messages.next()).value?.text(), text)
    }
    request.socket.write(bytes)
    await hear()
    for (const byte of bytes) {
      request.socket.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    await hear()
  })

  test('say where they begin and end', async () => {
    await using peer = await startWebSocket({ echo: false, perMessageDeflate: {} })
    await using context = await contextFor(peer)
    const { stream, request } = await connect(context, peer)
    const bytes = deflated(randomBytes(40_000))
    request.socket.write(
      Buffer.concat([
        frame(BINARY, bytes.subarray(0, 3), { ...part, rsv: RSV1 }),
        frame(CONTINUATION, bytes.subarray(3), { mask: null }),
        frame(TEXT, 'x', { mask: null }),
      ]),
    )
    let length = 0
    const ends: boolean[] = []
    for await (const { data, som, eom } of stream.chunks()) {
      assert.equal(som, length === 0)
      length += data.length
      if (eom) ends.push(length === 40_000)
      if (eom) break
    }
    assert.deepEqual(ends, [true])
  })

  for (const [what, frames, code] of [
    ['no deflate', [frame(TEXT, 'hello', { mask: null, rsv: RSV1 })], 1007],
    [
      'text that is not UTF-8',
      [frame(TEXT, deflated(Buffer.of(0xff)), { mask: null, rsv: RSV1 })],
      1007,
    ],
    ['another reserved bit', [frame(TEXT, deflated('x'), { mask: null, rsv: 2 })], 1002],
    [
      'a compressed continuation',
      [
        frame(TEXT, 'a', { ...part, rsv: RSV1 }),
        frame(CONTINUATION, 'b', { mask: null, rsv: RSV1 }),
      ],
      1002,
    ],
    ['a compressed ping', [frame(PING, 'a', { mask: null, rsv: RSV1 })], 1002],
  ] as const)
    test(`end the connection with ${code} for ${what}`, async () => {
      await using peer = await startWebSocket({ echo: false, perMessageDeflate: {} })
      await using context = await contextFor(peer)
      const { stream, request } = await connect(context, peer)
      const [ws] = peer.clients
      const closed = once(ws as never, 'close')
      const disconnected = nextState(stream, 'DISCONNECTED')
      request.socket.write(Buffer.concat(frames))
      assert.equal((await closed)[0], code)
      await disconnected
    })

  test('that are too long when inflated end the connection with 1009, at once', async () => {
    await using peer = await startWebSocket({ echo: false, perMessageDeflate: {} })
    await using context = await contextFor(peer)
    const { stream, request } = await connect(context, peer, { maxPayload: 1_000_000 })
    request.socket.write(
      frame(BINARY, deflated(Buffer.alloc(1_000_000)), { mask: null, rsv: RSV1 }),
    )
    assert.equal((await nextMessage(stream)).length, 1_000_000)
    const [ws] = peer.clients
    const closed = once(ws as never, 'close')
    const bomb = deflated(Buffer.alloc(300_000_000))
    const before = process.memoryUsage().rss
    request.socket.write(frame(BINARY, bomb, { mask: null, rsv: RSV1 }))
    assert.equal((await closed)[0], 1009)
    assert.ok(process.memoryUsage().rss - before < 100_000_000)
  })

  test('go over TLS, and on after another connection', async () => {
    const authority = await CertificateAuthority.create()
    await using peer = await startWebSocket({
      tls: await authority.issue(),
      perMessageDeflate: { threshold: 0 },
    })
    const it = streamtype('ws', peer, { tls: true, ws_binary: false })
    await using context = await openContext({ policy: policyOf({ it }, authority) })
    const { stream } = await connect(context, peer)
    await echoes(stream, LONG)
    const lost = nextState(stream, 'DISCONNECTED')
    peer.dropConnections()
    await lost
    await echoes(stream, LONG)
  })
})

describe('with servers of others', { timeout: 60_000 }, () => {
  test('with serve()', async () => {
    const { context: site, server } = await serveHttp(
      {
        perMessageDeflate: true,
        upgrade: (stream) =>
          void stream.on('message', ({ data }) => stream.send(data).catch(() => {})),
      },
      { ws_subprotocol: 'chat' },
    )
    await using context = await contextFor(server, {
      ws_subprotocol: 'chat',
      endpoint: '127.0.0.1',
    })
    const stream = context.stream('it', { perMessageDeflate: true })
    for (let n = 0; n < 3; n++) await echoes(stream, LONG)
    site.destroy()
    await site.close()
  })

  const scripts = {
    websockets: `
import asyncio, websockets
async def echo(ws, *_):
    assert any(e.name == 'permessage-deflate' for e in ws.extensions)
    async for message in ws: await ws.send(message)
async def main():
    async with websockets.serve(echo, '127.0.0.1', 0, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())`,
    aiohttp: `
import asyncio
from aiohttp import web, WSMsgType
async def echo(request):
    ws = web.WebSocketResponse(compress=True, max_msg_size=0)
    await ws.prepare(request)
    assert ws.compress
    async for m in ws:
        if m.type == WSMsgType.TEXT: await ws.send_str(m.data)
    return ws
async def main():
    app = web.Application()
    app.add_routes([web.get('/', echo)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, '127.0.0.1', 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()
asyncio.run(main())`,
  }
  for (const [name, script] of Object.entries(scripts)) {
    const skip =
      spawnSync(PYTHON, ['-c', `import ${name}`], { env }).status !== 0 &&
      `there is no ${name}: apt-get install python3-${name}`
    test(`with ${name} for Python`, { skip }, async () => {
      const server = execFile(PYTHON, ['-c', script], { env })
      const [line] = await once(createInterface({ input: server.stdout as never }), 'line')
      const peer = { port: Number(line) }
      for (const perMessageDeflate of [
        true,
        { serverNoContextTakeover: true, clientNoContextTakeover: true },
      ]) {
        await using context = await contextFor(peer, { endpoint: '127.0.0.1' })
        const stream = context.stream('it', { perMessageDeflate })
        for (let n = 0; n < 3; n++) for (const text of [LONG, 'é', '']) await echoes(stream, text)
      }
      const gone = once(server, 'exit')
      server.kill()
      await gone
    })
  }
})

describe('may not be', () => {
  for (const [given, code] of [
    ['yes', 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [{ serverNoContextTakeover: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ serverMaxWindowBits: 7 }, 'ERR_OUT_OF_RANGE'],
    [{ clientMaxWindowBits: 8 }, 'ERR_OUT_OF_RANGE'],
    [{ clientMaxWindowBits: 16 }, 'ERR_OUT_OF_RANGE'],
    [{ maxPayload: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ maxPayload: '1' }, 'ERR_INVALID_ARG_TYPE'],
  ] as const)
    test(JSON.stringify(given), async () => {
      await using context = await contextFor({ port: 1 })
      const perMessageDeflate = given as unknown as boolean
      assert.throws(() => context.stream('it', { perMessageDeflate }), { code })
    })
})
