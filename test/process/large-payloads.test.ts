import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { keystreamPieces, takeSlowly } from '../peers/http-handler.js'
import { type Peer, startHttp1, startHttp2, startRaw, startWebSocket } from '../peers/index.js'
import { Keystream } from '../support/keystream.js'
import { policyOf, streamtype } from '../support/policies.js'
import { runFixture } from '../support/run-fixture.js'
import { nextState } from '../support/states.js'

const MESSAGE = 256 * 1024 ** 2
const GIBIBYTE = 1024 ** 3
const AT_MOST = 64
const sanitized = process.env.ASAN_OPTIONS !== undefined

let digest: string | undefined

/** Of the first gibibyte of a keystream. */
function gibibyteDigest(): string {
  if (digest) return digest
  const hash = createHash('sha1')
  for (const piece of keystreamPieces(GIBIBYTE)) hash.update(piece)
  digest = hash.digest('hex')
  return digest
}

/** Says a gibibyte, or takes it. */
const startRawBulk = (direction: 'down' | 'up') => () =>
  startRaw({
    accept: (socket) => {
      const done =
        direction === 'down'
          ? pipeline(Readable.from(keystreamPieces(GIBIBYTE)), socket)
          : takeSlowly(socket, GIBIBYTE, () => socket.bytesRead).then((result) =>
              socket.end(JSON.stringify(result)),
            )
      done.catch(() => {})
    },
  })

const starts: Record<string, Record<'down' | 'up', () => Promise<Peer>>> = {
  h1: { down: startHttp1, up: startHttp1 },
  h2: { down: startHttp2, up: startHttp2 },
  raw: { down: startRawBulk('down'), up: startRawBulk('up') },
}

describe('a gibibyte leaves memory as it was', {
  timeout: 300_000,
  skip: sanitized && "the sanitizers' memory is counted along",
}, () => {
  for (const protocol of ['h1', 'h2', 'raw'])
    for (const [direction, words] of [
      ['down', 'from a peer, read slowly'],
      ['up', 'to a peer that reads slowly'],
    ] as const)
      test(`${protocol}: ${words}`, async () => {
        await using peer = await (starts[protocol]?.[direction] ?? startRaw)()
        const { code, signal, stderr, reports } = await runFixture('transfer', {
          argument: { protocol, direction, port: peer.port, length: GIBIBYTE },
        })
        assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
        const [{ result, megabytes }] = reports as [{ result: unknown; megabytes: number }]
        const whole = direction === 'up' ? { same: true } : { sha1: gibibyteDigest() }
        assert.deepEqual(result, { length: GIBIBYTE, ...whole })
        assert.ok(megabytes < AT_MOST, `memory grew by ${megabytes} MiB`)
      })
})

/** Takes messages, or says one, as the HTTP peers do. */
async function startWebSocketBulk(): Promise<Peer> {
  const peer = await startWebSocket({ echo: false })
  peer.webSockets.on('connection', (socket, { url }) => {
    if (url?.startsWith('/keystream')) socket.send(new Keystream().next(MESSAGE))
    else
      socket.on('message', (data: Buffer) => {
        const same = new Keystream().matches(data)
        socket.send(JSON.stringify({ length: data.length, same }))
      })
  })
  return peer
}

describe('a message of 256 MiB is one message, both ways', { timeout: 300_000 }, () => {
  for (const [protocol, start] of Object.entries({
    h1: startHttp1,
    h2: startHttp2,
    ws: startWebSocketBulk,
  }))
    test(protocol, async () => {
      await using peer = await start()
      const ended = await runFixture('message', {
        argument: { protocol, port: peer.port, length: MESSAGE },
      })
      assert.deepEqual(ended, {
        code: 0,
        signal: null,
        stderr: '',
        reports: [
          { length: MESSAGE, same: true },
          { same: true, ends: ['som', 'eom'], length: MESSAGE },
          true,
        ],
      })
    })
})

test('a message that goes on for more than 512 MiB ends its connection', {
  timeout: 120_000,
}, async () => {
  await using peer = await startWebSocket({ echo: false })
  const piece = Buffer.alloc(1024 ** 2)
  peer.webSockets.on('connection', (socket) => {
    const goOn = () => {
      if (socket.readyState === socket.OPEN) socket.send(piece, { fin: false }, goOn)
    }
    goOn()
  })
  await using context = await openContext({ policy: policyOf({ it: streamtype('ws', peer) }) })
  await using stream = context.stream('it')
  const disconnected = nextState(stream, 'DISCONNECTED')
  const received = stream[Symbol.asyncIterator]().next()
  stream.connect()
  await disconnected
  assert.match(String(stream.lastError), /more than 512 MiB; chunks\(\) takes such a one/)
  assert.equal(stream.stats.messagesReceived, 0)
  stream.destroy()
  assert.deepEqual(await received, { done: true, value: undefined })
})
