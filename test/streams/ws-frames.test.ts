import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import type { WebSocket } from 'ws'
import { startRaw, startWebSocket, type WebSocketPeer } from '../peers/index.js'
import { policyOf, quickRetry, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

const CONTINUATION = 0x0
const TEXT = 0x1
const BINARY = 0x2
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa
const FIN = 0x80

/** A frame as a server sends it; `first` is its first byte. */
function frame(first: number, payload: string | Buffer = '') {
  const bytes = Buffer.from(payload)
  assert.ok(bytes.length < 126)
  return Buffer.concat([Buffer.of(first, bytes.length), bytes])
}

describe('WebSocket frames', { timeout: 30_000 }, () => {
  let peer: WebSocketPeer
  let context: Context
  before(async () => {
    peer = await startWebSocket({ echo: false })
    context = await openContext({
      policy: policyOf({ it: streamtype('ws', peer, { opportunistic: true }) }),
    })
  })
  after(async () => {
    await context.close()
    await peer.close()
  })

  /** The stream, its `ws` at the other end, and the socket under that. */
  async function connect(): Promise<{ stream: SecureStream; ws: WebSocket; socket: Socket }> {
    const accepted = once(peer.webSockets, 'connection') as Promise<[WebSocket, IncomingMessage]>
    const stream = context.stream('it')
    await stream.connect()
    const [ws, request] = await accepted
    return { stream, ws, socket: request.socket }
  }

  test('make up messages, with control frames in between, however they are split', async () => {
    const { stream, ws, socket } = await connect()
    const pongs: string[] = []
    ws.on('pong', (payload) => pongs.push(String(payload)))
    const euro = Buffer.from('€')
    const bytes = Buffer.concat([
      frame(TEXT, Buffer.concat([Buffer.from('one '), euro.subarray(0, 1)])),
      frame(FIN | PING, 'in the middle'),
      frame(CONTINUATION, euro.subarray(1, 2)),
      frame(FIN | PONG, 'unsolicited'),
      frame(CONTINUATION),
      frame(FIN | CONTINUATION, euro.subarray(2)),
      frame(FIN | BINARY),
      frame(BINARY),
      frame(FIN | PING),
      frame(FIN | CONTINUATION),
      frame(FIN | TEXT, 'last'),
    ])
    const expected = ['one €', '', '', 'last']
    const messages = stream[Symbol.asyncIterator]()
    const hear = async () => {
      for (const text of expected) assert.equal((await messages.next()).value?.text(), text)
    }
    socket.write(bytes)
    await hear()
    for (const byte of bytes) {
      socket.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    await hear()
    assert.ok(pongs.includes('in the middle'))
    stream.destroy()
  })

  test('chunks() tells where a message begins and ends', async () => {
    const { stream, socket } = await connect()
    const chunks = stream.chunks()
    socket.write(
      Buffer.concat([
        frame(BINARY, 'a'),
        frame(FIN | PONG),
        frame(CONTINUATION, 'b'),
        frame(FIN | CONTINUATION, 'c'),
      ]),
    )
    const told: unknown[] = []
    for (let n = 0; n < 3; n++) {
      const { value } = await chunks.next()
      told.push([String(value?.data), value?.som, value?.eom])
    }
    assert.deepEqual(told, [
      ['a', true, false],
      ['b', false, false],
      ['c', false, true],
    ])
    stream.destroy()
  })

  test('of type PING are answered with what they hold, the last of several at least', async () => {
    const { stream, ws, socket } = await connect()
    for (const payload of ['', 'x', 'y'.repeat(125)]) {
      const pong = once(ws, 'pong')
      ws.ping(payload)
      assert.equal(String((await pong)[0]), payload)
    }
    const pongs: string[] = []
    const last = new Promise<void>((resolve) => {
      ws.on('pong', (payload) => {
        pongs.push(String(payload))
        if (String(payload) === '99') resolve()
      })
    })
    socket.write(Buffer.concat(Array.from({ length: 100 }, (_, n) => frame(FIN | PING, `${n}`))))
    await last
    ws.send('still there')
    assert.equal(String(await nextMessage(stream)), 'still there')
    stream.destroy()
  })

  const violations: [what: string, bytes: Buffer, code: number, says: RegExp][] = [
    ['a reserved bit', frame(FIN | 0x40 | TEXT, 'x'), 1002, /reserved bits/],
    ['another reserved bit', frame(FIN | 0x10 | PING), 1002, /reserved bits/],
    ['a reserved opcode', frame(FIN | 0x3, 'x'), 1002, /opcode/],
    ['a reserved control opcode', frame(FIN | 0xb), 1002, /opcode/],
    ['a continuation without a start', frame(FIN | CONTINUATION, 'x'), 1002, /continuation/],
    [
      'a continuation after the end',
      Buffer.concat([frame(FIN | TEXT, 'x'), frame(FIN | CONTINUATION, 'y')]),
      1002,
      /continuation/,
    ],
    [
      'a message within a message',
      Buffer.concat([frame(TEXT, 'x'), frame(FIN | TEXT, 'y')]),
      1002,
      /within a message/,
    ],
    ['a PING in fragments', frame(PING, 'x'), 1002, /in fragments/],
    ['a PING of 126 bytes', Buffer.of(FIN | PING, 126, 0, 126), 1002, /125 bytes/],
    ['a CLOSE of 64 KiB', Buffer.of(FIN | CLOSE, 127, 0, 0, 0, 0, 0, 1, 0, 0), 1002, /125 bytes/],
    ['a masked frame', Buffer.of(FIN | TEXT, 0x81, 1, 2, 3, 4, 5), 1002, /masked/],
    [
      'a length of 64 bits',
      Buffer.of(FIN | BINARY, 127, 0x80, 0, 0, 0, 0, 0, 0, 1),
      1002,
      /length/,
    ],
    ['bytes that are not UTF-8', frame(FIN | TEXT, Buffer.of(0xc0, 0xaf)), 1007, /UTF-8/],
    [
      'bytes that are not UTF-8, in a fragment',
      Buffer.concat([frame(TEXT, 'x'), frame(CONTINUATION, Buffer.of(0xff))]),
      1007,
      /UTF-8/,
    ],
    [
      'text that ends within a character',
      Buffer.concat([frame(TEXT, Buffer.of(0xe2)), frame(FIN | CONTINUATION)]),
      1007,
      /UTF-8/,
    ],
    ['half a close code', frame(FIN | CLOSE, Buffer.of(3)), 1002, /close code/],
    ['a reason that is not UTF-8', frame(FIN | CLOSE, Buffer.of(3, 232, 0xff)), 1007, /UTF-8/],
    ['half a reason', frame(FIN | CLOSE, Buffer.of(3, 232, 0xe2, 0x82)), 1007, /UTF-8/],
    ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535].map(
      (code): (typeof violations)[number] => {
        const payload = Buffer.alloc(2)
        payload.writeUInt16BE(code)
        return [`close code ${code}`, frame(FIN | CLOSE, payload), 1002, /no such close code/]
      },
    ),
  ]
  for (const [what, bytes, code, says] of violations)
    test(`that break the protocol end it: ${what}`, async () => {
      const { stream, ws, socket } = await connect()
      const states = traceStates(stream)
      const messages: string[] = []
      stream.on('message', (message) => messages.push(message.text()))
      const closed = once(ws, 'close')
      const disconnected = nextState(stream, 'DISCONNECTED')
      // What comes behind it is not listened to.
      socket.write(Buffer.concat([bytes, frame(FIN | TEXT, 'after')]))
      await disconnected
      assert.equal(stream.lastError?.code, 'ERR_SS_DISCONNECTED')
      assert.match(stream.lastError?.message ?? '', says)
      assert.equal((stream.lastError as { closeCode?: number }).closeCode, code)
      assert.equal((await closed)[0], code)
      assert.ok(!messages.includes('after'))
      assert.deepEqual(states, ['DISCONNECTED'])
      stream.destroy()
    })

  test('that announce 2^63 - 1 bytes take no memory for them', async () => {
    const { stream, socket } = await connect()
    const chunks = stream.chunks()
    socket.write(Buffer.of(FIN | BINARY, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255))
    socket.write(Buffer.alloc(256 * 1024))
    const { value } = await chunks.next()
    assert.deepEqual([value?.som, value?.eom], [true, false])
    const disconnected = nextState(stream, 'DISCONNECTED')
    socket.destroy()
    await disconnected
    stream.destroy()
  })

  test('of any kind at all do no harm', async () => {
    let state = 1
    const random = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return state >>> 16
    }
    for (let n = 0; n < 200; n++) {
      const { stream, socket } = await connect()
      const disconnected = nextState(stream, 'DISCONNECTED')
      const pieces = Array.from({ length: 20 }, () => {
        const length = random() % 125
        const noise = Buffer.from(Array.from({ length }, random))
        return random() % 4 === 0 ? noise : frame(random() & (random() % 2 ? 0xff : 0x8f), noise)
      })
      socket.end(Buffer.concat(pieces))
      await disconnected
      stream.destroy()
    }
  })
})

describe('the pings of a policy', { timeout: 30_000 }, () => {
  const retry = (validity: object) => [{ quick: { ...quickRetry, ...validity } }]

  test('are sent when the connection is quiet, and their answers keep it', async () => {
    await using peer = await startWebSocket()
    await using context = await openContext({
      policy: {
        ...policyOf({ it: streamtype('ws', peer) }),
        retry: retry({ svalidping: 1, svalidhup: 3 }),
      },
    })
    const accepted = once(peer.webSockets, 'connection')
    await using stream = context.stream('it')
    const states = traceStates(stream)
    await stream.connect()
    const [ws] = await accepted
    for (let n = 0; n < 4; n++) await once(ws, 'ping')
    assert.ok(!states.includes('DISCONNECTED'))
  })

  test('find out that nobody is there any more', async () => {
    const silent = new Set<Socket>()
    await using peer = await startWebSocket()
    await using relay = await startRaw({
      accept: (socket) => {
        silent.add(socket)
        const server = new Socket().connect(peer.port, '127.0.0.1')
        socket.once('data', (request) => server.write(request))
        server.once('data', (response) => socket.write(response))
        socket.on('close', () => server.destroy())
      },
    })
    await using context = await openContext({
      policy: {
        ...policyOf({ it: streamtype('ws', relay, { opportunistic: true }) }),
        retry: retry({ svalidping: 1, svalidhup: 2 }),
      },
    })
    await using stream = context.stream('it')
    await stream.connect()
    await nextState(stream, 'DISCONNECTED')
    assert.equal(silent.size, 1)
  })
})
