/** Clients of ws that send more than anybody wants. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { Message, SecureStream } from 'lws-secure-streams'
import { serveHttp } from './servers.js'
import { CONTINUATION, frame, PING, TEXT, WsPeer } from './ws-peer.js'

const chat = { ws_subprotocol: 'chat' }
const PROTOCOL = 'Sec-WebSocket-Protocol: chat'
const sanitized = process.env.ASAN_OPTIONS !== undefined
const MB = 1_000_000

/** What the process has of memory now, and not as garbage. */
function memory(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

const echo = {
  upgrade(stream: SecureStream) {
    stream.on('message', ({ data, binary }: Message) => {
      stream.send(data, { binary: binary === true }).catch(() => {})
    })
  },
}

/** Sends it until the socket takes no more for a while, or so often; gives the bytes that it took. */
async function floods(peer: WsPeer, bytes: Uint8Array, times: number): Promise<number> {
  const { socket } = peer
  let sent = 0
  for (let n = 0; n < times && !socket.destroyed; n++) {
    sent += bytes.length
    if (socket.write(bytes)) continue
    const signal = AbortSignal.timeout(1000)
    await Promise.race([once(socket, 'drain', { signal }), peer.closed]).catch(() => {})
    if (signal.aborted) return sent - socket.writableLength
  }
  return sent
}

const many = (one: Uint8Array, count: number) =>
  Buffer.concat(Array.from({ length: count }, () => one))

describe('a server of ws bears', { timeout: 60_000 }, () => {
  test('300,000 PINGs of a client that reads no PONG', async () => {
    await using site = await serveHttp(echo, chat)
    const peer = await WsPeer.connect(site.server.port, PROTOCOL)
    const before = memory()
    peer.socket.pause()
    const pings = many(frame(PING, 'p'.repeat(125)), 1000)
    await floods(peer, pings, 300)
    const grown = memory() - before
    if (!sanitized) assert.ok(grown < 60 * MB, `memory grew by ${grown}`)
    const other = await WsPeer.connect(site.server.port, PROTOCOL)
    await other.send(frame(TEXT, 'still here'))
    await other.hears(1)
    assert.deepEqual(other.heard, ['text:still here'])
    peer.socket.resume()
    await peer.send(frame(TEXT, 'and so is this'))
    while (!peer.heard.includes('text:and so is this')) await once(peer.socket, 'data')
    for (const { socket } of [peer, other]) socket.destroy()
  })

  test('the last of several PINGs, which it answers', async () => {
    await using site = await serveHttp(echo, chat)
    const peer = await WsPeer.connect(site.server.port, PROTOCOL)
    await peer.send(Buffer.concat([frame(PING, '1'), frame(PING, '2'), frame(PING, '3')]))
    while (!peer.heard.includes('pong:3')) await once(peer.socket, 'data')
    peer.socket.destroy()
  })

  for (const [name, data] of [
    ['of a byte', 'x'],
    ['without any', ''],
  ] as const)
    test(`no more than 16,384 fragments ${name}`, async () => {
      await using site = await serveHttp(echo, chat)
      const most = await WsPeer.connect(site.server.port, PROTOCOL)
      const first = frame(TEXT, data, { fin: false })
      const next = frame(CONTINUATION, data, { fin: false })
      await most.send(Buffer.concat([first, many(next, 16_382), frame(CONTINUATION)]))
      await most.hears(1)
      assert.equal(most.heard[0]?.length, 'text:'.length + 16_383 * data.length)
      await most.send(Buffer.concat([first, many(next, 16_384)]))
      await most.closed
      assert.equal(most.heard[1], 'close:1008')
    })

  test('messages that nobody reads, which come when somebody does', async () => {
    let stream: SecureStream | undefined
    await using site = await serveHttp(
      {
        upgrade: (upgraded) => {
          stream = upgraded
        },
      },
      chat,
    )
    const peer = await WsPeer.connect(site.server.port, PROTOCOL)
    for (const size of [100, 30_000]) {
      const before = memory()
      const one = frame(TEXT, 'x'.repeat(size))
      const some = many(one, Math.ceil(300_000 / one.length))
      const took = await floods(peer, some, 400)
      assert.ok(took < 60 * MB, `the socket took ${took}`)
      const grown = memory() - before
      if (!sanitized) assert.ok(grown < 120 * MB, `memory grew by ${grown}`)
      let count = 0
      const reading = (async () => {
        for await (const { data } of stream as SecureStream) {
          if (String(data) === 'the end') break
          assert.equal(data.length, size)
          count++
        }
      })()
      await peer.send(frame(TEXT, 'the end'))
      await reading
      assert.ok(count > 0 && count % (some.length / one.length) === 0, `${count} messages`)
    }
    peer.socket.destroy()
  })

  test('a client that reads nothing of what it is sent', async () => {
    let stream: SecureStream | undefined
    await using site = await serveHttp(
      {
        upgrade: (upgraded) => {
          stream = upgraded
        },
      },
      chat,
    )
    const peer = await WsPeer.connect(site.server.port, PROTOCOL)
    peer.socket.pause()
    const piece = Buffer.alloc(1_000_000)
    let sent = 0
    for (let isStuck = false; !isStuck; sent++) {
      const late = new Promise<true>((resolve) => setTimeout(resolve, 500, true))
      const settled = stream?.send(piece).then(() => false)
      settled?.catch(() => {})
      isStuck = (await Promise.race([settled, late])) === true
    }
    assert.ok(sent < 60, `${sent} MB were taken`)
    peer.socket.destroy()
  })
})
