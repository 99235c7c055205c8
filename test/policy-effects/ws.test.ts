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

describe('ws', { timeout: 30_000 }, () => {
  effectOf('ws_binary', 'says whether messages are binary or text', async () => {
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

  effectOf('ws_subprotocol', 'is what the server is asked for', async () => {
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
})
