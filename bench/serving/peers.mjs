// The servers of Node, and of other libraries, which ours are compared with.

import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import { WebSocketServer } from 'ws'

const body = Buffer.alloc(1024, 'x')

function answer(_request, response) {
  response.setHeader('content-type', 'text/plain')
  response.end(body)
}

function websockets(onMessage) {
  const server = http.createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => onMessage(socket, data, sockets)),
  )
  return server
}

/** What users would take otherwise. */
const protocols = {
  raw: () =>
    net.createServer({ noDelay: true }, (socket) => {
      socket.on('data', (data) => socket.write(data))
      // The load generator ends with a reset.
      socket.on('error', () => {})
    }),
  h1: ({ cert, key }) =>
    cert ? https.createServer({ cert, key }, answer) : http.createServer(answer),
  h2: ({ cert, key }) => http2.createSecureServer({ cert, key }, answer),
  ws: () => websockets((socket, data) => socket.send(data)),
  'ws-broadcast': () =>
    websockets((_socket, data, { clients }) => {
      for (const client of clients) client.send(data)
    }),
}

/** Serves, and gives the port. */
export async function serve(protocol, options) {
  const server = protocols[protocol](options)
  // Connections that wait for the other side's rounds stay.
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}
