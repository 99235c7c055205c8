// Servers of the five protocols, by npm packages and Node alone: none needs a program of the system.
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { Aedes } from 'aedes'
import { WebSocketServer } from 'ws'

const echo = (request, response) => request.pipe(response)

/** Makes the server of each protocol, which sends back what it is sent; with `identity`, with TLS. */
const make = {
  h1: (identity) => (identity ? https.createServer(identity, echo) : http.createServer(echo)),
  h2: (identity) =>
    identity ? http2.createSecureServer(identity, echo) : http2.createServer(echo),
  ws(identity) {
    const server = identity ? https.createServer(identity) : http.createServer()
    new WebSocketServer({ server }).on('connection', (socket) => {
      socket.on('error', () => {})
      socket.on('message', (data, binary) => socket.send(data, { binary }))
    })
    return server
  },
  async mqtt(identity) {
    const broker = await Aedes.createBroker()
    const server = identity
      ? tls.createServer(identity, broker.handle)
      : net.createServer(broker.handle)
    server.on('close', () => broker.close())
    return server
  },
  raw(identity) {
    const accept = (socket) => socket.on('error', () => {}).pipe(socket)
    return identity ? tls.createServer(identity, accept) : net.createServer(accept)
  },
}

export const protocols = Object.keys(make)

/** Starts one on a port that the system gives, and returns that and how to end the server. */
export async function startPeer(protocol, identity) {
  const server = await make[protocol](identity)
  const sockets = new Set()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  // A client that refuses the certificate is what some of the checks are about.
  server.on('tlsClientError', () => {})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: server.address().port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
