/** How many clients there may be, and what one more is told. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority } from '../peers/index.js'
import { exchange } from '../support/native-http-server.js'
import { closed, connectedTo, counting, lines } from './limited.js'
import { connectTo, echo, rawServer, serveRaw } from './servers.js'

describe('more clients than may be connected', { timeout: 60_000 }, () => {
  const get = lines('GET / HTTP/1.1', 'Host: a', '')

  test('get 503 on h1, until others leave', async () => {
    await using site = await counting({ connections: 2 })
    const first = await connectedTo(site.port)
    const second = await connectedTo(site.port)
    for (const { socket, receives } of [first, second]) {
      socket.write(get)
      await receives('\r\n\r\n0')
    }
    for (let n = 0; n < 3; n++) {
      const response = await exchange(site.port, get)
      assert.match(response, /^HTTP\/1\.1 503 Service Unavailable\r\nConnection: close\r\n/)
    }
    assert.deepEqual(site.server.stats, { clients: 2, connections: 2 })
    const gone = new Promise((resolve) => {
      const [stream] = site.server.clients
      stream?.on('state', resolve)
    })
    first.socket.destroy()
    await gone
    const agent = new http.Agent({ keepAlive: true })
    const [response] = await once(http.get(site.url, { agent }), 'response')
    assert.equal(response.statusCode, 200)
    agent.destroy()
    second.socket.destroy()
  })

  test('are told so 64 at once, and closed beyond that', async () => {
    await using site = await counting({ connections: 1 })
    const first = await connectedTo(site.port)
    first.socket.write(get)
    await first.receives('\r\n\r\n0')
    // They hear of the end, and do not leave.
    const more = Array.from({ length: 100 }, () =>
      net.connect({ port: site.port, host: '127.0.0.1', allowHalfOpen: true }),
    )
    const texts = await Promise.all(
      more.map(async (socket) => {
        socket.on('error', () => {})
        const ended = Promise.race([once(socket, 'end'), closed(socket)])
        let text = ''
        socket.on('data', (data) => {
          text += data
        })
        await ended
        return text
      }),
    )
    assert.equal(texts.filter((text) => text.startsWith('HTTP/1.1 503')).length, 64)
    assert.deepEqual(site.server.stats, { clients: 1, connections: 1 })
    // After a while there is nobody at the other end any more.
    const [socket] = more
    const gone = closed(socket as net.Socket)
    const writing = setInterval(() => socket?.write('x'), 100)
    await gone
    clearInterval(writing)
    for (const other of more) other.destroy()
    first.socket.destroy()
  })

  test('are closed on raw', async () => {
    await using site = await serveRaw({ ...echo, limits: { connections: 2 } })
    const two = [await connectTo(site.server), await connectTo(site.server)]
    await Promise.all(two.map((client) => client.echoes('x')))
    const third = await connectTo(site.server)
    await third.closedByPeer()
    assert.equal(site.server.stats.connections, 2)
    const [first] = two
    const gone = new Promise((resolve) => {
      for (const stream of site.server.clients) stream.on('state', resolve)
    })
    first?.socket.destroy()
    await gone
    assert.equal(await (await connectTo(site.server)).echoes('again'), 'again')
  })

  test('are closed with TLS, and those in its handshake count', async () => {
    const authority = await CertificateAuthority.create()
    const site = await authority.issue()
    await using context = await openContext({
      policy: { s: [{ served: rawServer({ tls: true, server_cert: 'site' }) }] },
      blobs: { serverCert: [{ name: 'site', ...site }] },
    })
    const server = await context.serve('served', { ...echo, limits: { connections: 1 } })
    const connect = () =>
      tls.connect({ port: server.port, ca: authority.pem, servername: 'localhost' })
    const silent = await connectTo(server)
    const refused = connect()
    refused.on('error', () => {})
    await closed(refused)
    assert.equal(server.stats.connections, 0)
    silent.socket.destroy()
    let served: tls.TLSSocket | undefined
    // The server hears of the end a moment later.
    while (!served) {
      const socket = connect()
      socket.on('error', () => {})
      await Promise.race([
        new Promise((resolve) => socket.on('secureConnect', resolve)),
        closed(socket),
      ])
      if (!socket.destroyed) served = socket
    }
    served.write('x')
    assert.equal(String((await once(served, 'data'))[0]), 'x')
    served.destroy()
  })
})
