// What is silent for longer than somebody thought. Event streams without a heartbeat are cut by limits
// that nobody asked for: undici's `bodyTimeout` is the "terminated: Body Timeout Error" of many programs
// (modelcontextprotocol/typescript-sdk #270), and http4s had to have its own turned off (http4s/http4s
// #2947). A download whose reader takes a pause is the same to such a limit. lws had one of 30 seconds.

import assert from 'node:assert/strict'
import http from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openContext } from 'lws-secure-streams'
import { WebSocketServer } from 'ws'
import { startRaw } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'
import { receiveBytes } from '../support/states.js'

// Longer than any limit of lws's.
const SILENCE = 33_000
const large = Buffer.alloc(20 << 20, 'x')

describe('nothing cuts off', { concurrency: true, timeout: 120_000 }, () => {
  for (const protocol of ['h1', 'h2'] as const) {
    const listen = () => {
      const answer = (request: { url?: string }, response: http.ServerResponse) => {
        if (request.url === '/large') return void response.end(large)
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: 1\n\n')
        delay(SILENCE).then(() => response.end('data: 2\n\n'))
      }
      const server = protocol === 'h1' ? http.createServer() : http2.createServer()
      server.on('request', answer as never)
      return ServerPeer.listen(server as Server)
    }
    const open = (peer: { port: number }) =>
      openContext({
        policy: policyOf({
          events: streamtype(protocol, peer, { http_method: 'GET', http_url: '/events' }),
          large: streamtype(protocol, peer, { http_method: 'GET', http_url: '/large' }),
        }),
      })

    test(`${protocol}: an event stream that has nothing to say`, async () => {
      await using peer = await listen()
      await using context = await open(peer)
      const reply = await context.request('events')
      assert.equal(await reply.text(), 'data: 1\n\ndata: 2\n\n')
    })

    test(`${protocol}: a download whose reader takes a pause`, async () => {
      await using peer = await listen()
      await using context = await open(peer)
      const reply = await context.request('large')
      let length = 0
      for await (const piece of reply.body) {
        if (length < 1 << 20 && length + piece.length >= 1 << 20) await delay(SILENCE)
        length += piece.length
      }
      assert.equal(length, large.length)
    })
  }

  test('h1: an upload that the server takes its time to read', async () => {
    const server = http.createServer((request, response) => {
      let length = 0
      delay(SILENCE).then(() =>
        request
          .on('data', (data) => (length += data.length))
          .on('end', () => response.end(`${length}`)),
      )
    })
    await using peer = await ServerPeer.listen(server)
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h1', peer) }),
    })
    const reply = await context.request('it', { body: large })
    assert.equal(await reply.text(), `${large.length}`)
  })

  test('ws: a message that pauses, and a reader that does', async () => {
    const server = http.createServer()
    await using peer = await ServerPeer.listen(server)
    new WebSocketServer({ server }).on('connection', async (socket) => {
      socket.on('error', () => {})
      socket.send('a part, ', { fin: false })
      await delay(SILENCE)
      socket.send('and the rest', { fin: true })
      socket.send(large)
    })
    await using context = await openContext({ policy: policyOf({ it: streamtype('ws', peer) }) })
    await using stream = context.stream('it')
    await stream.connect()
    let length = 0
    let text = ''
    for await (const { data } of stream.chunks()) {
      if (text.length < 20) text += data
      else {
        if (length === 0) await delay(SILENCE)
        length += data.length
      }
      if (length === large.length) break
    }
    assert.equal(text, 'a part, and the rest')
  })

  test('raw: a peer that has nothing to say, and a reader that takes a pause', async () => {
    await using peer = await startRaw({
      accept: (socket) => void delay(SILENCE).then(() => socket.write(large)),
    })
    await using context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    await using stream = context.stream('it')
    await stream.connect()
    await receiveBytes(stream, 1000)
    await delay(SILENCE)
    assert.ok(stream.stats.bytesReceived < large.length)
    assert.ok(stream.stats.connections === 1)
  })
})
