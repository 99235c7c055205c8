import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import type { RawData, WebSocket } from 'ws'
import { startRaw, startWebSocket, type WebSocketPeer } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

const notUtf8 = {
  'a byte that is none': Buffer.of(0xff),
  'half a character': Buffer.from('ä').subarray(0, 1),
  'a surrogate': Buffer.of(0xed, 0xa0, 0x80),
  'more bytes than needed': Buffer.of(0xc0, 0x80),
  'what is beyond Unicode': Buffer.of(0xf4, 0x90, 0x80, 0x80),
  'the rest of a character': Buffer.from('x€').subarray(2),
}

/** What a peer receives: its text, or its bytes. */
function heardBy(peer: WebSocketPeer): (string | Buffer)[] {
  const heard: (string | Buffer)[] = []
  peer.webSockets.on('connection', (socket: WebSocket) =>
    socket.on('message', (data: RawData, binary) =>
      heard.push(binary ? (data as Buffer) : data.toString()),
    ),
  )
  return heard
}

const opened = (peer: WebSocketPeer): Promise<Context> =>
  openContext({
    policy: policyOf({
      text: streamtype('ws', peer, { ws_binary: false }),
      binary: streamtype('ws', peer, { ws_binary: true }),
    }),
  })

describe('the kind of a ws message', { timeout: 60_000 }, () => {
  test('is that of the policy, or of send()', async () => {
    await using peer = await startWebSocket()
    const heard = heardBy(peer)
    await using context = await opened(peer)
    const bytes = Buffer.of(0xff, 0)
    await using text = context.stream('text')
    await text.send('1')
    await text.send(Buffer.from('ä 2'))
    await text.send('3', { binary: true })
    await text.send(bytes, { binary: true })
    await text.send('4', { binary: false })
    await using binary = context.stream('binary')
    await binary.send('5')
    await binary.send(bytes)
    await binary.send('6', { binary: false })
    await binary.send(Buffer.from('7'), { binary: false })
    await binary.send('8')
    const b = Buffer.from
    const ofText = ['1', 'ä 2', b('3'), bytes, '4']
    const ofBinary = [b('5'), bytes, '6', '7', b('8')]
    // The peer sends each back as what it was.
    for (const [stream, expected] of [
      [text, ofText],
      [binary, ofBinary],
    ] as const) {
      const kinds: [string, boolean][] = []
      for await (const message of stream) {
        kinds.push([message.data.toString('hex'), message.binary])
        if (kinds.length === expected.length) break
      }
      assert.deepEqual(
        kinds,
        expected.map((data) => [b(data).toString('hex'), typeof data !== 'string']),
      )
    }
    assert.deepEqual(heard, [...ofText, ...ofBinary])
  })

  test('is that of all its frames, when it is long', async () => {
    await using peer = await startWebSocket()
    await using context = await opened(peer)
    await using stream = context.stream('text')
    const long = Buffer.alloc(1024 * 1024, 'ä')
    for (const binary of [true, false, true]) {
      const [message] = await Promise.all([
        once(stream, 'message').then(([message]) => message),
        stream.send(long, { binary }),
      ])
      assert.ok(message.data.equals(long))
      assert.equal(message.binary, binary)
    }
  })

  test('cannot be text where the bytes are none, and nothing happens to the connection', async () => {
    await using peer = await startWebSocket()
    const heard = heardBy(peer)
    const b = (one: string | Buffer) => Buffer.from(one)
    await using context = await opened(peer)
    await using text = context.stream('text')
    await using binary = context.stream('binary')
    const wrong = {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: /"data" .*UTF-8.*binary: true.*ws_binary/,
    }
    for (const bytes of Object.values(notUtf8)) {
      assert.throws(() => text.send(bytes), wrong)
      assert.throws(() => text.send(Buffer.concat([Buffer.from('ok '), bytes])), wrong)
      assert.throws(() => binary.send(bytes, { binary: false }), wrong)
      await binary.send(bytes)
      await text.send(bytes, { binary: true })
    }
    await text.send('still here')
    const echoes: string[] = []
    while (echoes.at(-1) !== 'still here') echoes.push((await nextMessage(text)).toString())
    assert.equal(echoes.length, Object.keys(notUtf8).length + 1)
    for (const bytes of Object.values(notUtf8)) assert.ok(heard.some((one) => bytes.equals(b(one))))
    assert.equal(peer.connections, 2)

    const duplex = context.stream('text').duplex()
    const failed = once(duplex, 'error') as Promise<[Error]>
    duplex.write(Buffer.of(0xff))
    assert.equal(((await failed)[0] as NodeJS.ErrnoException).code, wrong.code)
    // biome-ignore lint/suspicious/noExplicitAny: on purpose
    assert.throws(() => text.send('x', { binary: 1 as any }), { code: 'ERR_INVALID_ARG_TYPE' })
  })

  test('is no matter of other protocols', async () => {
    await using peer = await startRaw()
    await using context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    await using stream = context.stream('it')
    await stream.send(Buffer.of(0xff), { binary: false })
    assert.deepEqual(await nextMessage(stream), Buffer.of(0xff))
  })
})
