import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import {
  type Context,
  DisconnectedError,
  openContext,
  Return,
  type SecureStream,
} from 'lws-secure-streams'
import type { WebSocket } from 'ws'
import { patternBytes, startWebSocket, type WebSocketPeer } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

describe('a WebSocket that its server closes', { timeout: 30_000 }, () => {
  let peer: WebSocketPeer
  let context: Context
  before(async () => {
    peer = await startWebSocket({ echo: false })
    context = await openContext({
      policy: policyOf({
        it: streamtype('ws', peer, { opportunistic: true }),
        lasting: streamtype('ws', peer, { opportunistic: false }),
      }),
    })
  })
  after(async () => {
    await context.close()
    await peer.close()
  })

  async function connect(name = 'it'): Promise<{ stream: SecureStream; ws: WebSocket }> {
    const accepted = once(peer.webSockets, 'connection') as Promise<[WebSocket]>
    const stream = context.stream(name)
    await stream.connect()
    return { stream, ws: (await accepted)[0] }
  }

  const NO_CODE = 1005
  const closes: [code: number, reason: string][] = [
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].map(
      (code): [number, string] => [code, `because of ${code}`],
    ),
    [3000, ''],
    [4000, 'x'.repeat(123)],
    [4999, 'zu spät ☹'],
    [NO_CODE, ''],
  ]

  test('tells with which code and reason, and answers with the same code', async () => {
    for (const [code, reason] of closes) {
      const { stream, ws } = await connect()
      const states = traceStates(stream)
      const disconnected = nextState(stream, 'DISCONNECTED')
      const closed = once(ws, 'close')
      if (code === NO_CODE) ws.close()
      else ws.close(code, reason)
      await disconnected
      const error = stream.lastError
      assert.ok(error instanceof DisconnectedError)
      assert.equal(error.closeCode, code)
      assert.equal(error.closeReason, reason)
      assert.ok(error.message.endsWith(` code ${code}${reason && `: ${JSON.stringify(reason)}`}`))
      assert.equal((await closed)[0], code)
      assert.deepEqual(states, ['DISCONNECTED'])
      stream.destroy()
    }
  })

  test('tells handlers as well', async () => {
    const accepted = once(peer.webSockets, 'connection') as Promise<[WebSocket]>
    const told = new Promise<unknown>((resolve) => {
      const stream = context.stream('it', {
        state: (stream, state) => {
          if (state !== 'DISCONNECTED') return undefined
          resolve(stream.lastError)
          return Return.DESTROY_ME
        },
      })
      stream.connect()
    })
    const [ws] = await accepted
    ws.close(4321, 'told')
    const error = await told
    assert.ok(error instanceof DisconnectedError)
    assert.deepEqual([error.closeCode, error.closeReason], [4321, 'told'])
  })

  test('was heard up to the end, and not beyond', async () => {
    const { stream, ws } = await connect()
    const disconnected = nextState(stream, 'DISCONNECTED')
    const large = patternBytes(1024 * 1024)
    ws.send(large)
    ws.send('last words')
    ws.close(1001)
    const messages = stream[Symbol.asyncIterator]()
    assert.ok((await messages.next()).value?.data.equals(large))
    assert.equal((await messages.next()).value?.text(), 'last words')
    await disconnected
    stream.destroy()
  })

  test('in the middle of a message of ours: that was not sent', async () => {
    const { stream, ws } = await connect()
    const disconnected = nextState(stream, 'DISCONNECTED')
    ws.pause()
    const sent = stream.send(patternBytes(64 * 1024 * 1024))
    ws.close(1009, 'too much')
    await assert.rejects(sent, { code: 'ERR_SS_DISCONNECTED' })
    await disconnected
    assert.equal(String(stream.lastError?.message).includes('1009: "too much"'), true)
    ws.terminate()
    stream.destroy()
  })

  test('is opened again where the policy says so, which forgets the error', async () => {
    const { stream, ws } = await connect('lasting')
    const again = once(peer.webSockets, 'connection') as Promise<[WebSocket]>
    const disconnected = nextState(stream, 'DISCONNECTED')
    ws.close(1012, 'restart')
    await disconnected
    assert.ok(stream.lastError)
    const [second] = await again
    second.send('back')
    assert.equal(String(await nextMessage(stream)), 'back')
    assert.equal(stream.lastError, undefined)
    assert.equal(stream.stats.connections, 2)
    stream.destroy()
  })

  test('without a CLOSE has no code', async () => {
    const { stream, ws } = await connect()
    const disconnected = nextState(stream, 'DISCONNECTED')
    ws.terminate()
    await disconnected
    assert.equal(stream.lastError, undefined)
    stream.destroy()
  })
})
