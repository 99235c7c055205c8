// Servers whose connections stop, or go wrong, behind what a handler did not read, and behind an upgrade. Connections
// hung behind unread bodies in actix-web (#2632), bytes of such a body were taken for the next request in Deno
// (#34446, before it landed), connections that were to end stayed open behind one in a server on Zig's http (lightpanda
// #3268), and for ever in node:http (#39137); one of HTTP/1.0 was kept behind a response without a length in ReactPHP
// (#552); facil.io (#16) lost messages of a WebSocket that came together with its upgrade.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { serveHttp } from '../serving/servers.js'
import { exchange } from '../support/native-http-server.js'

const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join('')
const sized = (path: string, body: string, ...fields: string[]) =>
  lines(`POST ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${body.length}`, ...fields, '') + body
const chunked = (path: string, body: string) =>
  lines(`POST ${path} HTTP/1.1`, 'Host: a', 'Transfer-Encoding: chunked', '') +
  lines(body.length.toString(16), body, '0', '')
const close = lines('GET /close HTTP/1.1', 'Host: a', 'Connection: close', '')

describe('a server whose handler reads no bodies', { timeout: 60_000 }, () => {
  for (const [name, request] of [
    ['with a length', sized],
    ['in chunks', chunked],
  ] as const)
    for (const length of [3, 70_000])
      test(`serves the next request, and no byte of a body ${name}, of ${length}`, async () => {
        const urls: string[] = []
        await using site = await serveHttp({
          transaction(txn) {
            urls.push(txn.url)
            return txn.ack().end(txn.url)
          },
        })
        const hidden = sized('/hidden', '').padEnd(length, 'x').slice(0, length)
        const paths = Array.from({ length: 30 }, (_, n) => `/${n}`)
        const all = paths.map((path) => request(path, hidden))
        // In one go, and each by itself.
        await exchange(site.server.port, all.join('') + close)
        await exchange(site.server.port, ...all, close)
        assert.deepEqual(urls, [...paths, '/close', ...paths, '/close'])
      })

  test('ends a connection that is to end, and says all of its response before', async () => {
    const page = 'page'.repeat(1000)
    await using site = await serveHttp({ transaction: (txn) => txn.ack().end(page) })
    const socket = net.connect({ port: site.server.port, host: '127.0.0.1' })
    // Half of the body never comes.
    socket.write(sized('/', 'x'.repeat(50_000), 'Connection: close').slice(0, -25_000))
    const response = String(Buffer.concat(await socket.toArray()))
    assert.ok(response.endsWith(`\r\n\r\n${page}`))
  })

  test('ends a connection that idles behind one', async () => {
    await using site = await serveHttp({ transaction: (txn) => txn.ack().end() })
    const socket = net.connect({ port: site.server.port, host: '127.0.0.1' })
    socket.write(sized('/', 'body'))
    socket.resume()
    await once(socket, 'end')
  })
})

test('a client of HTTP/1.0 that asks for keep-alive is told where a response without a length ends', async () => {
  await using site = await serveHttp({
    async transaction(txn) {
      await txn.write('foo\n')
      await turn()
      await txn.end('bar\n')
    },
  })
  const response = await exchange(
    site.server.port,
    lines('GET / HTTP/1.0', 'Connection: keep-alive', ''),
  )
  assert.match(response, /^connection: close\r$/m)
  assert.ok(response.endsWith('\r\n\r\nfoo\nbar\n'))
})

test('messages that come together with an upgrade are there when somebody reads, however late', async () => {
  const texts: string[] = []
  let over = () => {}
  const isOver = new Promise<void>((resolve) => {
    over = resolve
  })
  await using site = await serveHttp(
    {
      async upgrade(stream) {
        for (let n = 0; n < 20; n++) await turn()
        for await (const { data } of stream) texts.push(String(data))
        over()
      },
    },
    { ws_subprotocol: 'chat' },
  )
  const upgrade = lines(
    'GET / HTTP/1.1',
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    '',
  )
  const frame = (text: string) =>
    Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])
  const expected = Array.from({ length: 50 }, (_, n) => `message ${n}`)
  const socket = net.connect({ port: site.server.port, host: '127.0.0.1' })
  socket.write(Buffer.concat([Buffer.from(upgrade), ...expected.map(frame)]))
  await once(socket, 'data')
  while (texts.length < expected.length) await turn()
  socket.destroy()
  await isOver
  assert.deepEqual(texts, expected)
})
