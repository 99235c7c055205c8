import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startWebSocket } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, traceStates } from '../support/states.js'

/** What the server answers to a request for an upgrade, as RFC 6455 wants it. */
function answer(request: IncomingMessage): Record<string, string> {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  return {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': createHash('sha1').update(key).digest('base64'),
  }
}

type Change = (headers: Record<string, string>) => Record<string, string>

const set =
  (name: string, value: string): Change =>
  (headers) => ({ ...headers, [name]: value })
const without =
  (name: string): Change =>
  ({ [name]: _, ...headers }) =>
    headers

describe('the upgrade to a WebSocket', { timeout: 30_000 }, () => {
  /** What becomes of an attempt to connect to a server that answers so. */
  async function outcome(change: Change, status = '101 Switching Protocols', more = {}) {
    const sockets: Socket[] = []
    const server = http.createServer().listen(0, '127.0.0.1')
    server.on('upgrade', (request, socket: Socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      const headers = Object.entries(change(answer(request)))
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
      socket.write(`HTTP/1.1 ${status}\r\n${lines}\r\n`)
    })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const context = await openContext({
      policy: policyOf({ it: streamtype('ws', { port }, more) }),
    })
    const stream = context.stream('it')
    const states = traceStates(stream)
    const error = await stream.connect().catch((error) => error)
    await context.close()
    for (const socket of sockets) socket.destroy()
    server.close()
    return { error, states: states.join(' '), attempts: sockets.length }
  }

  const accepted: [what: string, change: Change][] = [
    ['as it should be', (headers) => headers],
    ['in other letters', set('Upgrade', 'WebSocket')],
    ['with more in Connection', set('Connection', 'keep-alive, upgrade')],
  ]
  for (const [what, change] of accepted)
    test(`succeeds: ${what}`, async () => {
      assert.deepEqual(await outcome(change), {
        error: undefined,
        states: 'CREATING CONNECTING CONNECTED DISCONNECTED DESTROYING',
        attempts: 1,
      })
    })

  const refused: [what: string, change: Change, says: RegExp, status?: string][] = [
    ['a wrong Accept', set('Sec-WebSocket-Accept', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='), /Accept/],
    ['an Accept that goes on', set('Sec-WebSocket-Accept', 'x'.repeat(1000)), /Accept/],
    ['no Accept', without('Sec-WebSocket-Accept'), /has no Sec-WebSocket-Accept/],
    ['no Upgrade', without('Upgrade'), /has no Upgrade/],
    ['an Upgrade to something else', set('Upgrade', 'h2c'), /upgrades to something else/],
    ['no Connection', without('Connection'), /has no Connection: upgrade/],
    ['half an upgrade in Connection', set('Connection', 'up'), /has no Connection: upgrade/],
    [
      'an extension that nobody asked for',
      set('Sec-WebSocket-Extensions', 'permessage-deflate'),
      /has an extension/,
    ],
    [
      'a subprotocol that nobody asked for',
      set('Sec-WebSocket-Protocol', 'chat'),
      /has a subprotocol/,
    ],
    ...['200 OK', '400 Bad Request', '401 Unauthorized', '403 Forbidden', '404 Not Found'].map(
      (status): (typeof refused)[number] => [
        status,
        set('Content-Length', '0'),
        new RegExp(`refused the upgrade to a WebSocket with status ${status.slice(0, 3)}, 3`),
        status,
      ],
    ),
  ]
  for (const [what, change, says, status] of refused)
    test(`fails: ${what}`, async () => {
      const { error, states, attempts } = await outcome(change, status)
      assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
      assert.match(error.message, says)
      assert.equal(attempts, 3)
      assert.ok(!states.includes('CONNECTED'))
    })

  test('is for the subprotocol of the policy, and for no other that the server picks', async () => {
    const offers: (string | undefined)[] = []
    const choose = (subprotocol?: string) => (headers: Record<string, string>) => ({
      ...headers,
      ...(subprotocol && { 'Sec-WebSocket-Protocol': subprotocol }),
    })
    const more = { ws_subprotocol: 'chat' }
    assert.equal((await outcome(choose('chat'), undefined, more)).error, undefined)
    // The specification of WebSockets leaves it to the client whether that is enough.
    assert.equal((await outcome(choose(), undefined, more)).error, undefined)
    for (const other of ['cha', 'chatter', 'Chat', 'superchat'])
      assert.match(
        (await outcome(choose(other), undefined, more)).error.message,
        /has a subprotocol/,
        other,
      )

    await using peer = await startWebSocket({ subprotocol: 'chat' })
    peer.webSockets.on('headers', (_, request) =>
      offers.push(request.headers['sec-websocket-protocol']),
    )
    await using context = await openContext({
      policy: policyOf({
        some: streamtype('ws', peer, { ws_subprotocol: 'superchat, chat' }),
        none: streamtype('ws', peer),
      }),
    })
    for (const name of ['some', 'none']) {
      await using stream = context.stream(name)
      await stream.send(name)
      assert.equal(String(await nextMessage(stream)), name)
    }
    assert.deepEqual(offers, ['superchat, chat', undefined])
  })
})
