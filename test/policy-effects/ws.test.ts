import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe } from 'node:test'
import { openContext, type SecureStream } from 'lws-secure-streams'
import type { WebSocket } from 'ws'
import { startWebSocket, type WebSocketPeer } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { effectOf } from './effect-of.js'

type Keys = Parameters<typeof streamtype>[2]

interface Connected {
  stream: SecureStream
  ws: WebSocket
  request: IncomingMessage
}

/** A stream that differs from the others of this file by these keys only. */
async function withStream<T>(
  keys: Keys,
  use: (connected: Connected) => Promise<T>,
  options: Parameters<typeof startWebSocket>[0] = {},
): Promise<T> {
  await using peer: WebSocketPeer = await startWebSocket({ echo: false, ...options })
  await using context = await openContext({
    policy: policyOf({ it: streamtype('ws', peer, keys) }),
  })
  const accepted = once(peer.webSockets, 'connection') as Promise<[WebSocket, IncomingMessage]>
  const stream = context.stream('it')
  await stream.connect()
  const [ws, request] = await accepted
  return await use({ stream, ws, request })
}

/** A stream that asks to write for each burst, and the order in which it reads and writes. */
async function withHandlers<T>(
  keys: Keys,
  size: number,
  use: (ws: WebSocket, sequence: string[]) => Promise<T>,
): Promise<T> {
  await using peer: WebSocketPeer = await startWebSocket({ echo: false })
  await using context = await openContext({
    policy: policyOf({ it: streamtype('ws', peer, keys) }),
  })
  const accepted = once(peer.webSockets, 'connection') as Promise<[WebSocket]>
  const sequence: string[] = []
  const stream = context.stream('it', {
    rx: (stream, data, { som, eom }) => {
      assert.ok(data.length <= size)
      if (som && sequence.length === 0) stream.requestTx()
      if (eom) sequence.push('rx')
    },
    tx: () => {
      if (sequence.includes('tx')) return undefined
      sequence.push('tx')
      return { data: 'x', som: true, eom: true }
    },
  })
  stream.connect()
  const [ws] = await accepted
  return await use(ws, sequence)
}

describe('ws', { timeout: 30_000 }, () => {
  effectOf('s.ws_binary', 'says whether messages are binary or text', async () => {
    for (const binary of [true, false])
      await withStream({ ws_binary: binary }, async ({ stream, ws }) => {
        // Of a large one, each frame says it.
        for (const message of ['hello', '', 'x'.repeat(200_000)]) {
          const received = once(ws, 'message')
          await stream.send(message)
          const [data, isBinary] = await received
          assert.deepEqual([String(data), isBinary], [message, binary])
        }
      })
  })

  effectOf('s.ws_subprotocol', 'is what the server is asked for', async () => {
    for (const subprotocol of [undefined, 'chat', 'superchat, chat'])
      await withStream(
        subprotocol === undefined ? {} : { ws_subprotocol: subprotocol },
        async ({ ws, request }) => {
          assert.equal(request.headers['sec-websocket-protocol'], subprotocol)
          assert.equal(ws.protocol, subprotocol === undefined ? '' : 'chat')
        },
        { subprotocol: 'chat' },
      )
  })

  effectOf('s.ws_prioritize_reads', 'has what came read before anything is written', async () => {
    const size = 60_000
    const burst = Array.from({ length: 16 }, () => Buffer.alloc(size))

    /** How many messages were read before the first write that the first of them asked for. */
    const readFirst = (prioritized: boolean) =>
      withHandlers({ ws_prioritize_reads: prioritized }, size, async (ws, sequence) => {
        // How much is there at once depends on the system; the most of several attempts counts.
        let most = 0
        for (let attempt = 0; attempt < 20; attempt++) {
          const answered = once(ws, 'message')
          for (const message of burst) ws.send(message)
          await answered
          while (sequence.filter((event) => event === 'rx').length < burst.length)
            await new Promise(setImmediate)
          most = Math.max(most, sequence.indexOf('tx'))
          sequence.length = 0
        }
        return most
      })
    // One read is 64 KiB at most.
    assert.ok((await readFirst(false)) <= 2)
    assert.ok((await readFirst(true)) > 2)
  })
})
