// Compressed messages that others' servers of ws took for something else. A control frame between the fragments of one
// made the rest of it plain in wsproto (#205), and that frame compressed in libwebsockets (#1470). Behind others, an
// empty message threw in seasocks (#125), and was no deflate in IXWebSocket (#167) and capnproto (#1601). A client that
// offered a smaller window was told a larger one by ws (#2336), and refused by Autobahn (#276); an offer without
// parameters had no answer in websockets for Python (#1109), and one that could not be met ended the handshake in
// coder/websocket (#258).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import zlib from 'node:zlib'
import type { Message, SecureStream } from 'lws-secure-streams'
import WebSocket from 'ws'
import { serveHttp } from '../serving/servers.js'
import { CONTINUATION, frame, PING, PONG, TEXT, WsPeer } from '../serving/ws-peer.js'

const RSV1 = 4
const part = { fin: false }
const TAIL = Buffer.from([0, 0, 0xff, 0xff])

const serveDeflated = () =>
  serveHttp(
    {
      perMessageDeflate: true,
      upgrade(stream: SecureStream) {
        stream.on('message', ({ data, binary }: Message) => {
          stream.send(data, { binary: binary === true }).catch(() => {})
        })
      },
    },
    { ws_subprotocol: 'chat' },
  )

const offering = (port: number, offer: string) =>
  WsPeer.connect(
    port,
    'Sec-WebSocket-Protocol: chat',
    `Sec-WebSocket-Extensions: permessage-deflate${offer}`,
  )

/** Compresses one message after the other, as a client with a context does. */
async function compressed(...messages: string[]): Promise<Buffer[]> {
  const deflate = zlib.createDeflateRaw()
  const all: Buffer[] = []
  for (const message of messages) {
    const pieces: Buffer[] = []
    const take = (piece: Buffer) => pieces.push(piece)
    deflate.on('data', take)
    deflate.write(message)
    await new Promise<void>((resolve) => deflate.flush(zlib.constants.Z_SYNC_FLUSH, resolve))
    deflate.off('data', take)
    // Nothing at all is an empty block, of which the first byte is left.
    all.push(message ? Buffer.concat(pieces).subarray(0, -TAIL.length) : Buffer.from([0]))
  }
  return all
}

/** What messages of one context say. */
function inflated(messages: readonly Buffer[]): string[] {
  const finishFlush = zlib.constants.Z_SYNC_FLUSH
  const said = messages.map((_, n) =>
    String(
      zlib.inflateRawSync(
        Buffer.concat(messages.slice(0, n + 1).flatMap((message) => [message, TAIL])),
        { finishFlush },
      ),
    ),
  )
  return said.map((all, n) => all.slice(said[n - 1]?.length ?? 0))
}

describe('a compressed message', { timeout: 30_000 }, () => {
  for (const apart of [false, true])
    test(`has control frames amid its fragments${apart ? ', byte by byte' : ''}`, async () => {
      await using site = await serveDeflated()
      const peer = await offering(site.server.port, '')
      const [first, second] = (await compressed('one and one', 'one and two')) as [Buffer, Buffer]
      const frames = [
        frame(TEXT, first.subarray(0, 3), { rsv: RSV1, ...part }),
        frame(PING, 'a'),
        frame(CONTINUATION, first.subarray(3, 6), part),
        frame(PONG, 'b'),
        frame(CONTINUATION, first.subarray(6)),
        frame(TEXT, 'plain'),
        frame(TEXT, second, { rsv: RSV1 }),
      ]
      await peer.send(Buffer.concat(frames), apart)
      await peer.hears(4)
      const heard = peer.frames.filter(({ opcode }) => opcode === TEXT)
      assert.deepEqual(inflated(heard.map(({ data }) => data)), [
        'one and one',
        'plain',
        'one and two',
      ])
      assert.deepEqual(
        peer.frames
          .filter(({ opcode }) => opcode === PONG)
          .map(({ data, rsv }) => [`${data}`, rsv]),
        [['a', 0]],
      )
      peer.socket.destroy()
    })

  test('that is empty may be anywhere', async () => {
    await using site = await serveDeflated()
    const said = ['', 'a', '', '', 'a', '']
    const peer = await offering(site.server.port, '')
    for (const message of await compressed(...said))
      await peer.send(frame(TEXT, message, { rsv: RSV1 }))
    await peer.hears(said.length)
    assert.deepEqual(inflated(peer.frames.map(({ data }) => data)), said)
    peer.socket.destroy()

    const socket = new WebSocket(site.url.replace('http', 'ws'), 'chat', {
      perMessageDeflate: { threshold: 0 },
    })
    await once(socket, 'open')
    for (const message of said) {
      socket.send(message)
      assert.equal(String((await once(socket, 'message'))[0]), message)
    }
    socket.terminate()
  })
})

describe('an offer', { timeout: 30_000 }, () => {
  for (const [offer, answer] of [
    ['', 'permessage-deflate'],
    ['; client_max_window_bits=9', 'permessage-deflate'],
    ['; server_max_window_bits=8', undefined],
    ['; unheard_of', undefined],
  ] as const)
    test(`of permessage-deflate${offer} is ${answer ? '' : 'not '}taken, and ws goes on`, async () => {
      await using site = await serveDeflated()
      const peer = await offering(site.server.port, offer)
      assert.match(peer.response, /^HTTP\/1.1 101 /)
      const [, extension] = /Sec-WebSocket-Extensions: (.*)\r\n/i.exec(peer.response) ?? []
      assert.equal(extension, answer)
      await peer.send(frame(TEXT, 'plain'))
      await peer.hears(1)
      const [{ data, rsv } = {}] = peer.frames
      assert.equal(rsv ? inflated([data as Buffer])[0] : String(data), 'plain')
      peer.socket.destroy()
    })

  for (const clientMaxWindowBits of [9, 15])
    test(`of ws with a window of ${clientMaxWindowBits} bits works both ways`, async () => {
      await using site = await serveDeflated()
      const socket = new WebSocket(site.url.replace('http', 'ws'), 'chat', {
        perMessageDeflate: { clientMaxWindowBits, serverMaxWindowBits: 9, threshold: 0 },
      })
      await once(socket, 'open')
      const long = Array.from({ length: 20_000 }, (_, n) => n % 997).join()
      socket.send(long)
      assert.equal(String((await once(socket, 'message'))[0]), long)
      socket.terminate()
    })
})
