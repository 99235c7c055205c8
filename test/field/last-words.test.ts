// A server that wants no more of what it is sent says why, and closes. What it said reaches the client
// before the reset that its writing meets with. Reported as "broken pipe" in place of nginx's 413 of
// requests (psf/requests #2422, #5296; urllib3 #1524, where curl's behaviour is the model), of 401 and
// 403 of geventhttpclient (#234), and as 1006 in place of a WebSocket's 1009, so that a client tried the
// same message for ever (cube-js/cube #10246). On raw and MQTT it is the same with other words.

import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { before, describe, test } from 'node:test'
import tls from 'node:tls'
import { type Context, DisconnectedError, openContext } from 'lws-secure-streams'
import { generate, type Packet, parser } from 'mqtt-packet'
import { type WebSocket, WebSocketServer } from 'ws'
import { CertificateAuthority, startNginx, type TlsIdentity } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { ownTopic, type ProtocolName, policyOf, streamtype } from '../support/policies.js'
import { allTaken } from '../support/send-queue.js'
import { nextMessage, nextState } from '../support/states.js'

const TIMES = 5
const large = Buffer.alloc(20_000_000, 'x')
let authority: CertificateAuthority
let identity: TlsIdentity

before(async () => {
  authority = await CertificateAuthority.create()
  identity = await authority.issue()
})

const httpServer = (secure: boolean) =>
  secure ? https.createServer(identity) : http.createServer()
const rawServer = (secure: boolean, accept: (socket: net.Socket) => void) =>
  secure ? tls.createServer(identity, accept) : net.createServer(accept)

/** What is left unread makes the end of the connection a reset. */
const breakOff = (socket: net.Socket, words?: Buffer | string) => {
  socket.pause()
  socket.write(words ?? '', () => socket.destroy())
}

const open = (protocol: ProtocolName, peer: { port: number }, secure: boolean, more = {}) =>
  openContext({
    policy: policyOf(
      { it: streamtype(protocol, peer, { tls: secure, opportunistic: true, ...more }) },
      authority,
    ),
  })

const lostMessage = { code: 'ERR_SS_DISCONNECTED' }

for (const secure of [false, true])
  describe(`the last words of a peer${secure ? ', with TLS' : ''}`, { timeout: 60_000 }, () => {
    test('h1: the status and the payload of a response that came amid the upload', async () => {
      const server = httpServer(secure)
      server.on('request', (request, response) => {
        request.pause()
        response.writeHead(403, { 'content-length': 5, connection: 'close' })
        response.end('no go', () => request.socket.destroy())
      })
      await using peer = await ServerPeer.listen(server)
      await using context = await open('h1', peer, secure)
      for (let n = 0; n < TIMES; n++) {
        const reply = await context.request('it', { body: large })
        assert.equal(reply.acked, false)
        assert.equal(await reply.text(), 'no go')
      }
    })

    test('ws: the code and the reason of a CLOSE', async () => {
      const server = httpServer(secure)
      const sockets = new WebSocketServer({ server })
      sockets.on('connection', (socket: WebSocket, request) => {
        socket.on('error', () => {})
        request.socket.once('data', () => {
          socket.close(1009, 'too big')
          breakOff(request.socket)
        })
      })
      await using peer = await ServerPeer.listen(server)
      await using context = await open('ws', peer, secure)
      for (let n = 0; n < TIMES; n++) {
        await using stream = context.stream('it')
        const over = nextState(stream, 'DISCONNECTED')
        await assert.rejects(stream.send(large), lostMessage)
        await over
        const { lastError } = stream
        assert.ok(lastError instanceof DisconnectedError)
        assert.deepEqual([lastError.closeCode, lastError.closeReason], [1009, 'too big'])
      }
    })

    test('raw: bytes', async () => {
      const server = rawServer(secure, (socket) => {
        socket.on('error', () => {})
        socket.once('data', () => breakOff(socket, 'too big'))
      })
      await using peer = await ServerPeer.listen(server)
      await using context = await open('raw', peer, secure)
      for (let n = 0; n < TIMES; n++) {
        await using stream = context.stream('it')
        await assert.rejects(stream.send(large), lostMessage)
        assert.equal(String(await nextMessage(stream)), 'too big')
      }
    })

    test('mqtt: an acknowledgement and a message', async () => {
      const server = rawServer(secure, (socket) => startBroker(socket))
      await using peer = await ServerPeer.listen(server)
      await using context = await open('mqtt', peer, secure)
      for (let n = 0; n < TIMES; n++) {
        await using stream = context.stream('it', ownTopic('mqtt'))
        await stream.connect()
        const small = stream.send('small')
        await assert.rejects(stream.send(large), lostMessage)
        await small
        assert.equal(String(await nextMessage(stream)), 'too big')
      }
    })
  })

/** Acknowledges the first message, and publishes one, when the second is on its way. */
function startBroker(socket: net.Socket): void {
  const packets = parser()
  let topic = ''
  let messageId: number | undefined
  let bytes = 0
  socket.on('error', () => {})
  packets.on('packet', (packet: Packet) => {
    if (packet.cmd === 'connect')
      socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
    if (packet.cmd === 'subscribe')
      socket.write(generate({ cmd: 'suback', messageId: packet.messageId as number, granted: [1] }))
    if (packet.cmd !== 'publish') return
    topic = packet.topic
    messageId = packet.messageId
  })
  socket.on('data', (data) => {
    packets.parse(data)
    bytes += data.length
    if (messageId === undefined || bytes < 100_000) return
    socket.removeAllListeners('data')
    const message = { cmd: 'publish', topic, payload: 'too big', qos: 0, dup: false, retain: false }
    breakOff(
      socket,
      Buffer.concat([generate({ cmd: 'puback', messageId }), generate(message as Packet)]),
    )
  })
}

describe('what a peer said before it broke off', { timeout: 60_000 }, () => {
  test('is nginx’s 413 of client_max_body_size, whatever becomes of the body', async () => {
    // Its default is 1 MiB.
    await using peer = await startNginx({ files: {} })
    await using context = await open('h1', peer, false)
    for (const size of [1_100_000, 3_000_000, 20_000_000])
      for (let n = 0; n < TIMES; n++) {
        const reply = await context.request('it', { body: large.subarray(0, size) })
        assert.equal(reply.acked, false)
        assert.match(await reply.text(), /413/)
      }
  })

  for (const protocol of ['raw', 'h1'] as const)
    test(`waits for its reader, and what was to be sent does not wait for that (${protocol})`, async () => {
      // A reader that waits has up to 1 MiB, and the rest is left to the socket.
      const words = Buffer.alloc(1 << 20, 'w')
      const rest = Buffer.alloc(60_000, 'w')
      const length = words.length + rest.length
      let socket: net.Socket | undefined
      const server = net.createServer((accepted) => {
        socket = accepted.on('error', () => {})
        accepted.once('data', () => {
          accepted.pause()
          if (protocol === 'h1')
            accepted.write(`HTTP/1.1 413 Not so much\r\nContent-Length: ${length}\r\n\r\n`)
          accepted.write(words)
        })
      })
      await using peer = await ServerPeer.listen(server)
      await using context = await open(protocol, peer, false)
      await using stream = context.stream('it')
      const chunks = stream.chunks()[Symbol.asyncIterator]()
      const sent = stream.send(large).then(
        () => assert.fail('it was not sent'),
        (error) => error.code,
      )
      let read = (await chunks.next()).value?.data.length ?? 0
      while (stream.stats.bytesReceived < words.length) await new Promise(setImmediate)
      socket?.write(rest)
      await allTaken(peer.port)
      socket?.destroy()
      assert.equal(await sent, protocol === 'raw' ? 'ERR_SS_DISCONNECTED' : 'ERR_SS_NACK')
      while (read < length) {
        const { value, done } = await chunks.next()
        assert.ok(!done, `${read} of ${length} bytes`)
        read += value.data.length
      }
    })

  test('is the answer, and the next request has another connection', async () => {
    // It leaves the body where it is, and the connection open, as gunicorn's threads do.
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.pause()
        socket.write('HTTP/1.1 413 Too much\r\nContent-Length: 3\r\n\r\nbig')
      })
    })
    await using peer = await ServerPeer.listen(server)
    await using context = await open('h1', peer, false)
    // More than the socket takes, and less.
    for (const size of [20_000_000, 3_000_000])
      for (let n = 0; n < TIMES; n++) {
        const reply = await context.request('it', { body: large.subarray(0, size) })
        assert.equal(await reply.text(), 'big')
      }
    assert.equal(peer.connections, 2 * TIMES)
  })

  test('is nothing, and the request fails at once, with a reason', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => breakOff(socket))
    })
    await using peer = await ServerPeer.listen(server)
    const context: Context = await open('h1', peer, false, { retry: undefined })
    await assert.rejects(context.request('it', { body: large }), (error: Error) => {
      assert.match(error.message, /before it had answered; POST is not repeated, since ./)
      return Object(error).code === 'ERR_SS_DISCONNECTED'
    })
    await context.close()
  })
})
