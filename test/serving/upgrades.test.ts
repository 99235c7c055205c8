/** Clients that upgrade to ws, on the streamtype that serves http. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type Message, openContext, Return, type SecureStream } from 'lws-secure-streams'
import WebSocket from 'ws'
import { exchange } from '../support/native-http-server.js'
import { httpServer, servedPolicy, serveHttp } from './servers.js'

const echo = {
  upgrade(stream: SecureStream) {
    stream.on('message', ({ data, binary }: Message) => {
      stream.send(data, { binary: binary === true }).catch(() => {})
    })
  },
}
const chat = { ws_subprotocol: 'chat' }

async function connect(url: string, protocols: string | string[] = 'chat'): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), protocols)
  await once(socket, 'open')
  return socket
}

const handshake = (...fields: string[]) =>
  [
    'GET /ws HTTP/1.1',
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    ...fields,
    '',
    '',
  ].join('\r\n')
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const VERSION = 'Sec-WebSocket-Version: 13'

async function turns(): Promise<void> {
  for (let n = 0; n < 5; n++) await turn()
}

describe('an upgrade to ws', { timeout: 60_000 }, () => {
  test('is told on the stream that was accepted, with what the request said', async () => {
    let upgraded: SecureStream | undefined
    const states: unknown[] = []
    await using site = await serveHttp(
      {
        connection: (stream) => stream.on('state', (state) => states.push(state)),
        upgrade: (stream) => {
          upgraded = stream
        },
      },
      chat,
    )
    const socket = await connect(`${site.url}/path?query`)
    assert.equal(socket.protocol, 'chat')
    const { path, query, method } = upgraded?.metadata ?? {}
    assert.deepEqual([method, path, query], ['GET', '/path', 'query'])
    assert.deepEqual(states, ['SERVER_UPGRADE'])
    socket.close()
    await once(upgraded as SecureStream, 'state')
    assert.equal(site.server.stats.connections, 1)
  })

  test('answers with a subprotocol as long as a policy may have', async () => {
    const longest = 'p'.repeat(253)
    await using site = await serveHttp(echo, { ws_subprotocol: longest })
    const socket = await connect(site.url, longest)
    assert.equal(socket.protocol, longest)
    socket.close()
  })

  test('passes messages of both kinds and any size, both ways', async () => {
    await using site = await serveHttp(echo, chat)
    const socket = await connect(site.url)
    for (const data of [
      '',
      'text',
      'é'.repeat(40_000),
      Buffer.from([0, 255]),
      Buffer.alloc(3_000_000, 7),
    ]) {
      socket.send(data)
      const [back, isBinary] = await once(socket, 'message')
      assert.equal(isBinary, typeof data !== 'string')
      assert.ok(Buffer.from(data).equals(back))
    }
    socket.terminate()
  })

  test('puts fragments together', async () => {
    await using site = await serveHttp(echo, chat)
    const socket = await connect(site.url)
    const both = Promise.all([once(socket, 'pong'), once(socket, 'message')])
    socket.send('a', { fin: false })
    socket.ping('between')
    socket.send('b', { fin: true })
    const [[pong], [back]] = await both
    assert.equal(String(pong), 'between')
    assert.equal(String(back), 'ab')
    socket.terminate()
  })

  test('is served beside http, by several clients at once', async () => {
    await using site = await serveHttp(
      { ...echo, transaction: (txn) => txn.ack().end('page') },
      chat,
    )
    const sockets = await Promise.all(Array.from({ length: 20 }, () => connect(site.url)))
    const answers = sockets.map(async (socket, n) => {
      socket.send(`${n}`)
      return String((await once(socket, 'message'))[0])
    })
    const pages = Array.from({ length: 20 }, async () => (await fetch(site.url)).text())
    assert.deepEqual(await Promise.all(pages), Array(20).fill('page'))
    assert.deepEqual(
      await Promise.all(answers),
      sockets.map((_, n) => `${n}`),
    )
    const all = sockets.map((socket) => once(socket, 'message'))
    await site.server.broadcast('to all')
    for (const [data] of await Promise.all(all)) assert.equal(String(data), 'to all')
    for (const socket of sockets) socket.terminate()
  })

  test('follows a transaction on the same connection, which has ended', async () => {
    let ended: Promise<void> | undefined
    let settledBefore: Promise<unknown> | undefined
    await using site = await serveHttp(
      {
        upgrade: (stream) => {
          settledBefore = Promise.race([ended, turns().then(() => 'pending')])
          echo.upgrade(stream)
        },
        transaction: (txn) => {
          ended = txn.ack().end(Buffer.alloc(20_000_000, 'page'))
        },
      },
      chat,
    )
    const close = Buffer.from([0x88, 0x80, 0, 0, 0, 0])
    const both = `GET / HTTP/1.1\r\nHost: a\r\n\r\n${handshake(KEY, VERSION)}`
    const response = (await exchange(site.server.port, both, close)).slice(20_000_000)
    assert.match(response, /pageHTTP\/1\.1 101 [\s\S]*\r\n\r\n\x88/)
    assert.match(response, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/)
    assert.equal(await settledBefore, undefined)
  })

  test('tells the code that a client closes with', async () => {
    let upgraded: SecureStream | undefined
    await using site = await serveHttp(
      {
        upgrade: (stream) => {
          upgraded = stream
        },
      },
      chat,
    )
    const socket = await connect(site.url)
    const reading = assert.doesNotReject(async () => {
      for await (const _ of upgraded as SecureStream);
    })
    socket.close(4001, 'enough')
    const [code] = await once(socket, 'close')
    assert.equal(code, 4001)
    await reading
    assert.match(upgraded?.lastError?.message ?? '', /4001.*enough/)
  })

  test('is told that the server goes away, behind what was sent', async () => {
    await using site = await serveHttp(
      {
        upgrade: (stream) => {
          stream.send('last words')
        },
      },
      chat,
    )
    const socket = new WebSocket(site.url.replace('http', 'ws'), 'chat')
    const heard = Promise.all([once(socket, 'message'), once(socket, 'close')])
    await once(socket, 'open')
    await site.server.close()
    const [[message], [code]] = await heard
    assert.equal(String(message), 'last words')
    assert.equal(code, 1001)
  })

  test('by handlers, which are changed then', async () => {
    await using context = await openContext({ policy: servedPolicy({ served: httpServer(chat) }) })
    const server = await context.serve('served', {
      state(stream, state) {
        if (state === 'SERVER_TXN') {
          stream.setMetadata('mime', 'text/plain')
          stream.serverAck(0)
          stream.requestTx(4)
        }
        if (state === 'SERVER_UPGRADE') {
          let last: Buffer | undefined
          stream.changeHandlers({
            rx(_, data) {
              last = Buffer.from(data)
              stream.requestTx()
            },
            tx: () => (last ? { data: last, som: true, eom: true } : Return.TX_DONT_SEND),
          })
        }
        return Return.OK
      },
      rx: () => {},
      tx: () => ({ data: Buffer.from('page'), som: true, eom: true }),
    })
    const url = `http://127.0.0.1:${server.port}`
    for (let n = 0; n < 3; n++) {
      const response = await fetch(url)
      assert.equal(response.headers.get('content-type'), 'text/plain')
      assert.equal(await response.text(), 'page')
    }
    const socket = await connect(url)
    socket.send('to a handler')
    assert.equal(String((await once(socket, 'message'))[0]), 'to a handler')
    socket.terminate()
    context.destroy()
  })

  test('is taken from a list of protocols', async () => {
    await using site = await serveHttp({ upgrade: (stream) => stream.destroy() }, chat)
    for (const list of ['h2c, WebSocket', 'websocket,h2c']) {
      const asked = handshake(KEY, VERSION).replace('Upgrade: websocket', `Upgrade: ${list}`)
      assert.match(await exchange(site.server.port, asked), /^HTTP\/1.1 101 /)
    }
  })

  for (const [name, status, fields, subprotocol] of [
    ['without a key', 400, [VERSION], chat],
    [
      'with a key of other bytes',
      400,
      [VERSION, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ='],
      chat,
    ],
    ['with a key that is too long', 400, [VERSION, `Sec-WebSocket-Key: ${'a'.repeat(300)}`], chat],
    ['without a version', 426, [KEY], chat],
    ['with another version', 426, [KEY, 'Sec-WebSocket-Version: 8'], chat],
    ['with other subprotocols', 400, [KEY, VERSION, 'Sec-WebSocket-Protocol: a, b'], chat],
    // A client that is told 'chat' then ends the connection.
    ['with it in other letters', 400, [KEY, VERSION, 'Sec-WebSocket-Protocol: CHAT'], chat],
    ['that the policy does not have', 404, [KEY, VERSION, 'Connection: close'], {}],
  ] as const)
    test(`is refused ${name}`, async () => {
      await using site = await serveHttp({ connection() {} }, subprotocol)
      const response = await exchange(site.server.port, handshake(...fields))
      assert.equal(Number(response.slice(9, 12)), status)
      if (status === 426) assert.match(response, /\r\nSec-WebSocket-Version: 13\r\n/)
    })

  for (const [name, frame] of [
    ['that is not masked', [0x81, 1, 0x61]],
    ['with a reserved bit', [0xc1, 0x81, 0, 0, 0, 0, 0x61]],
    ['with a reserved opcode', [0x83, 0x81, 0, 0, 0, 0, 0x61]],
    ['that continues nothing', [0x80, 0x81, 0, 0, 0, 0, 0x61]],
    ['of text that is no UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]],
    ['of control in fragments', [0x09, 0x80, 0, 0, 0, 0]],
  ] as const)
    test(`ends with a frame ${name}`, async () => {
      await using site = await serveHttp(echo, chat)
      const socket = net.connect({ port: site.server.port, host: '127.0.0.1' })
      socket.write(handshake(KEY, VERSION))
      socket.write(Buffer.from(frame))
      let got = Buffer.alloc(0)
      let close = -1
      for await (const data of socket) {
        got = Buffer.concat([got, data])
        close = got.indexOf('\r\n\r\n\x88', 'latin1')
        // We do not answer it.
        if (close >= 0 && got.length >= close + 8) break
      }
      assert.equal(got.readUInt16BE(close + 6), name.includes('UTF-8') ? 1007 : 1002)
    })
})
