/** Clients of ws whose messages are compressed, both ways (RFC 7692). */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { Context, Message, SecureStream, ServerLimits } from 'lws-secure-streams'
import WebSocket, { type PerMessageDeflateOptions } from 'ws'
import { serveHttp, serveRaw } from './servers.js'
import { BINARY, CLOSE, CONTINUATION, closing, frame, PING, TEXT, WsPeer } from './ws-peer.js'

const PROTOCOL = 'Sec-WebSocket-Protocol: chat'
const LIMIT = 1_000_000
// That of the system, which has the packages of the system.
const PYTHON = '/usr/bin/python3'
const env = { PATH: process.env.PATH, LANG: 'C.UTF-8' }
const sanitized = process.env.ASAN_OPTIONS !== undefined
const part = { fin: false }
const RSV1 = 4

function serveDeflated(limits: ServerLimits = {}, perMessageDeflate = true) {
  return serveHttp(
    {
      perMessageDeflate,
      limits,
      upgrade(stream: SecureStream) {
        stream.on('message', ({ data, binary }: Message) => {
          stream.send(data, { binary: binary === true }).catch(() => {})
        })
      },
    },
    { ws_subprotocol: 'chat' },
  )
}

let site: { context: Context; port: number; url: string }
before(async () => {
  const { context, server } = await serveDeflated({ messageBytes: LIMIT })
  site = { context, port: server.port, url: `ws://127.0.0.1:${server.port}` }
})
after(async () => {
  site.context.destroy()
  await site.context.close()
})

const offering = (...offers: string[]) =>
  WsPeer.connect(
    site.port,
    PROTOCOL,
    ...offers.map((offer) => `Sec-WebSocket-Extensions: ${offer}`),
  )

const answered = ({ response }: WsPeer) =>
  /\r\nSec-WebSocket-Extensions: ([^\r]*)\r\n/.exec(response)?.[1]

const PMD = 'permessage-deflate'

describe('an offer of permessage-deflate', { timeout: 60_000 }, () => {
  for (const [offer, answer] of [
    [PMD, PMD],
    ['Permessage-Deflate', PMD],
    [`${PMD}; client_max_window_bits`, PMD],
    [`${PMD}; client_max_window_bits=15`, PMD],
    [`${PMD}; client_max_window_bits="8"`, PMD],
    [`${PMD};server_max_window_bits=15`, `${PMD}; server_max_window_bits=15`],
    [`${PMD} ; server_max_window_bits="9"`, `${PMD}; server_max_window_bits=9`],
    [`${PMD}; server_no_context_takeover`, `${PMD}; server_no_context_takeover`],
    [`${PMD}; client_no_context_takeover`, `${PMD}; client_no_context_takeover`],
    [
      `${PMD}; server_max_window_bits=10; client_no_context_takeover; client_max_window_bits; server_no_context_takeover`,
      `${PMD}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10`,
    ],
    [`x-frob, ${PMD}`, PMD],
    [`x-frob; a="b", ${PMD}`, PMD],
    [`${PMD}; frob, ${PMD}; server_no_context_takeover`, `${PMD}; server_no_context_takeover`],
    // zlib has no such window.
    [`${PMD}; server_max_window_bits=8, ${PMD}`, PMD],
    [`${PMD}; server_max_window_bits=8`, undefined],
    ['x-frob', undefined],
    [`x-${PMD}`, undefined],
    [`${PMD}-x`, undefined],
    [`${PMD}; frob`, undefined],
    [`${PMD}; server_max_window_bits`, undefined],
    [`${PMD}; server_max_window_bits=`, undefined],
    [`${PMD}; server_max_window_bits=7`, undefined],
    [`${PMD}; server_max_window_bits=16`, undefined],
    [`${PMD}; server_max_window_bits=09`, undefined],
    [`${PMD}; server_max_window_bits=9x`, undefined],
    [`${PMD}; server_max_window_bits="9`, undefined],
    [`${PMD}; server_max_window_bits=99999999999999999999`, undefined],
    [`${PMD}; client_max_window_bits=7`, undefined],
    [`${PMD}; client_max_window_bits=16`, undefined],
    [`${PMD}; server_no_context_takeover=1`, undefined],
    [`${PMD}; client_no_context_takeover=true`, undefined],
    [`${PMD}; server_no_context_takeover; server_no_context_takeover`, undefined],
    [`${PMD}; server_max_window_bits=9; server_max_window_bits=10`, undefined],
    [`${PMD} server_no_context_takeover`, undefined],
    [`${PMD};;`, undefined],
    [`${PMD}; ${'x'.repeat(2000)}`, undefined],
    [',,,', undefined],
  ] as const)
    test(`${offer.slice(0, 100)} is ${answer ? `answered with ${answer}` : 'not taken'}`, async () => {
      const peer = await offering(offer)
      assert.equal(answered(peer), answer)
      await peer.send(frame(TEXT, 'plain'))
      await peer.hears(1)
      peer.socket.destroy()
    })

  test('may be in a field of its own', async () => {
    const peer = await offering('x-frob', `${PMD}; server_no_context_takeover`)
    assert.equal(answered(peer), `${PMD}; server_no_context_takeover`)
    peer.socket.destroy()
  })

  test('is no business of servers without ws', async () => {
    await assert.rejects(serveRaw({ connection() {}, perMessageDeflate: true }), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /perMessageDeflate.*ws_subprotocol/,
    })
  })

  test('is not taken without the option', async () => {
    await using plain = await serveDeflated({}, false)
    const peer = await WsPeer.connect(
      plain.server.port,
      PROTOCOL,
      `Sec-WebSocket-Extensions: ${PMD}`,
    )
    assert.equal(answered(peer), undefined)
    await peer.send(frame(TEXT, 'a', { rsv: RSV1 }))
    await peer.closed
    assert.deepEqual(peer.heard, ['close:1002'])
  })
})

/** As a message is sent: without the tail of its last block. */
function deflated(data: string | Buffer, options: zlib.ZlibOptions = {}): Buffer {
  const all = zlib.deflateRawSync(data, { ...options, finishFlush: zlib.constants.Z_SYNC_FLUSH })
  return all.subarray(0, -4)
}

const inflated = (data: Uint8Array) =>
  zlib.inflateRawSync(Buffer.concat([data, Buffer.from([0, 0, 255, 255])]), {
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
  })

/** What comes back for frames, inflated. */
async function echoOf(frames: readonly Uint8Array[], apart = false): Promise<string> {
  const peer = await offering(`${PMD}; server_no_context_takeover`)
  await peer.send(Buffer.concat(frames), apart)
  await peer.hears(1)
  const [first, ...rest] = peer.frames
  if (first?.opcode === CLOSE) return `close:${first.data.readUInt16BE(0)}`
  assert.deepEqual([first?.rsv, ...rest.map(({ rsv }) => rsv)], [RSV1, ...rest.map(() => 0)])
  peer.socket.destroy()
  return inflated(Buffer.concat(peer.frames.map(({ data }) => data))).toString('latin1')
}

describe('a compressed message', { timeout: 60_000 }, () => {
  const hello = deflated('Hello')
  const long = 'some text that repeats itself, '.repeat(20_000)
  const squeezed = deflated(long)
  const [head, tail] = [hello.subarray(0, 3), hello.subarray(3)]
  const rsv = { rsv: RSV1 }

  for (const [name, frames, answer] of [
    ['in one frame', [frame(TEXT, hello, rsv)], 'Hello'],
    ['of a RFC 7692 example', [frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'), rsv)], 'Hello'],
    [
      'of two blocks',
      [frame(TEXT, Buffer.from('f248050000 00ffffcac9c90700'.replace(' ', ''), 'hex'), rsv)],
      'Hello',
    ],
    ['that is stored', [frame(TEXT, Buffer.from('000500faff48656c6c6f00', 'hex'), rsv)], 'Hello'],
    [
      'with a block that says it is the last',
      [frame(TEXT, Buffer.from('f348cdc9c9070000', 'hex'), rsv)],
      'Hello',
    ],
    ['in fragments', [frame(TEXT, head, { ...rsv, ...part }), frame(CONTINUATION, tail)], 'Hello'],
    [
      'in fragments, the last of which is empty',
      [frame(TEXT, hello, { ...rsv, ...part }), frame(CONTINUATION)],
      'Hello',
    ],
    [
      'in fragments, the first of which is empty',
      [frame(TEXT, '', { ...rsv, ...part }), frame(CONTINUATION, hello)],
      'Hello',
    ],
    ['that is empty', [frame(TEXT, Buffer.from([0]), rsv)], ''],
    ['without a byte', [frame(TEXT, '', rsv)], ''],
    ['that is binary', [frame(BINARY, deflated(Buffer.from([0xff, 0])), rsv)], '\xff\0'],
    ['that is long', [frame(TEXT, squeezed, rsv)], long],
    ['beside one that is not', [frame(TEXT, 'plain')], 'plain'],
    [
      'with RSV1 on a continuation',
      [frame(TEXT, head, { ...rsv, ...part }), frame(CONTINUATION, tail, rsv)],
      'close:1002',
    ],
    [
      'with RSV1 on a continuation of what is plain',
      [frame(TEXT, 'a', part), frame(CONTINUATION, tail, rsv)],
      'close:1002',
    ],
    ['with RSV1 on PING', [frame(PING, 'a', rsv)], 'close:1002'],
    ['with RSV1 on CLOSE', [frame(CLOSE, closing(1000), rsv)], 'close:1002'],
    ['with RSV1 and RSV2', [frame(TEXT, hello, { rsv: 6 })], 'close:1002'],
    ['that is no such thing', [frame(TEXT, Buffer.from('ffffffffff', 'hex'), rsv)], 'close:1007'],
    [
      'that looks back beyond its beginning',
      [frame(TEXT, Buffer.from('4a044200', 'hex'), rsv)],
      'close:1007',
    ],
    [
      'of text that is no UTF-8',
      [frame(TEXT, deflated(Buffer.from([0x61, 0xff])), rsv)],
      'close:1007',
    ],
    [
      'of text that ends amid a character',
      [frame(TEXT, deflated(Buffer.from([0x61, 0xc3])), rsv)],
      'close:1007',
    ],
    [
      'that is as long as it may be',
      [frame(BINARY, deflated(Buffer.alloc(LIMIT)), rsv)],
      '\0'.repeat(LIMIT),
    ],
    [
      'that is a byte too long',
      [frame(BINARY, deflated(Buffer.alloc(LIMIT + 1)), rsv)],
      'close:1009',
    ],
    [
      'that is a bomb',
      [frame(BINARY, deflated(Buffer.alloc(300_000_000), { level: 9 }), rsv)],
      'close:1009',
    ],
    [
      'that is a bomb in fragments',
      [
        frame(BINARY, deflated(Buffer.alloc(600_000)), { ...rsv, ...part }),
        frame(
          CONTINUATION,
          Buffer.concat([Buffer.from([0, 0, 255, 255]), deflated(Buffer.alloc(600_000))]),
        ),
      ],
      'close:1009',
    ],
  ] as [name: string, frames: Uint8Array[], answer: string][]) {
    test(`${name}`, async () => assert.equal(await echoOf(frames), answer))
    if (frames.every(({ length }) => length < 100))
      test(`${name}, byte by byte`, async () => assert.equal(await echoOf(frames, true), answer))
  }

  test('of many that are bombs takes no memory', async () => {
    const bomb = frame(BINARY, deflated(Buffer.alloc(100_000_000), { level: 9 }), rsv)
    const begun = process.memoryUsage().rss
    for (let n = 0; n < 20; n++) assert.equal(await echoOf([bomb]), 'close:1009')
    const grown = process.memoryUsage().rss - begun
    if (!sanitized) assert.ok(grown < 60_000_000, `memory grew by ${grown}`)
  })
})

describe('a client with permessage-deflate', { timeout: 60_000 }, () => {
  const messages = [
    'a',
    '',
    'text '.repeat(30_000),
    'text '.repeat(30_000),
    Buffer.from([0, 255]),
    randomBytes(200_000),
    Buffer.alloc(900_000, 7),
    'é'.repeat(70_000),
    '',
    'the last',
  ]

  for (const [name, perMessageDeflate] of [
    ['as it is', {}],
    ['that compresses all', { threshold: 0 }],
    [
      'without contexts',
      { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
    ],
    ['whose window is small', { threshold: 0, clientMaxWindowBits: 9, serverMaxWindowBits: 9 }],
    [
      'whose window is small, and forgotten',
      { threshold: 0, serverMaxWindowBits: 10, serverNoContextTakeover: true },
    ],
    ['that compresses nothing', { threshold: Infinity }],
  ] as [string, PerMessageDeflateOptions][])
    test(`of ws, ${name}, gets back what it sends`, async () => {
      const socket = new WebSocket(site.url, 'chat', { perMessageDeflate })
      await once(socket, 'open')
      assert.match(socket.extensions, /permessage-deflate/)
      for (let round = 0; round < 3; round++) {
        let count = 0
        const all = new Promise<void>((resolve, reject) => {
          const take = (data: Buffer, isBinary: boolean) => {
            const sent = messages[count++] as string | Buffer
            if (
              isBinary !== (typeof sent !== 'string') ||
              !Buffer.from(sent as string).equals(data)
            )
              reject(new Error(`message ${count} has ${data.length} bytes`))
            if (count < messages.length) return
            socket.off('message', take)
            resolve()
          }
          socket.on('message', take)
          socket.once('close', (code) => reject(new Error(`closed with ${code}`)))
        })
        for (const message of messages) socket.send(message)
        await all
      }
      socket.close(1000)
      const [code] = await once(socket, 'close')
      assert.equal(code, 1000)
    })

  test('is told by fewer bytes what it knows', async () => {
    const peer = await offering(PMD)
    const text = randomBytes(3000).toString('hex')
    for (let n = 1; n <= 2; n++) {
      await peer.send(frame(TEXT, text))
      await peer.hears(n)
    }
    const [first, second] = peer.frames.map(({ data }) => data.length) as [number, number]
    assert.ok(first > 3000 && second < 300, `${first}, then ${second}`)
    peer.socket.destroy()
  })

  test('of websockets in Python gets back what it sends', {
    skip:
      spawnSync(PYTHON, ['-c', 'import websockets'], { env }).status !== 0 &&
      'there is no websockets: apt-get install python3-websockets',
  }, async () => {
    const script = 'test/serving/peers/deflate_client.py'
    const { stdout } = await promisify(execFile)(PYTHON, [script, site.url], { env })
    assert.equal(stdout, 'all\nall\nall\n')
  })

  test('whose connections are many leaves nothing behind', async () => {
    const hello = frame(TEXT, deflated('hello '.repeat(2000)), { rsv: RSV1 })
    const round = async (count: number) => {
      for (let n = 0; n < count; n += 20)
        await Promise.all(
          Array.from({ length: 20 }, async () => {
            const peer = await offering(PMD)
            await peer.send(hello)
            await peer.hears(1)
            peer.socket.destroy()
            await peer.closed
          }),
        )
      globalThis.gc?.()
      return process.memoryUsage().rss
    }
    const first = await round(200)
    const grown = (await round(400)) - first
    // Each has had 300 kB.
    if (!sanitized) assert.ok(grown < 50_000_000, `memory grew by ${grown}`)
  })
})
