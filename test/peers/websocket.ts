// The WebSocket server of `ws`.

import http from 'node:http'
import https from 'node:https'
import { type PerMessageDeflateOptions, type WebSocket, WebSocketServer } from 'ws'
import { type Listening, ServerPeer, type TlsIdentity } from './peer.js'

/** `ws` on node:http or node:https, which sends every message back. */
export class WebSocketPeer extends ServerPeer {
  webSockets!: WebSocketServer
  readonly clients = new Set<WebSocket>()
  /** The request paths of the upgrades. */
  readonly urls: string[] = []
}

export async function startWebSocket(
  options: Listening & {
    tls?: TlsIdentity
    echo?: boolean
    subprotocol?: string
    autoPong?: boolean
    perMessageDeflate?: PerMessageDeflateOptions
  } = {},
): Promise<WebSocketPeer> {
  const server = options.tls ? https.createServer(options.tls) : http.createServer()
  const peer = await WebSocketPeer.listen(server, options)
  const { subprotocol } = options
  const sockets = new WebSocketServer({
    server,
    maxPayload: 1024 ** 3,
    autoPong: options.autoPong ?? true,
    ...(options.perMessageDeflate && { perMessageDeflate: options.perMessageDeflate }),
    ...(subprotocol && {
      handleProtocols: (offered: Set<string>) => (offered.has(subprotocol) ? subprotocol : false),
    }),
  })
  peer.webSockets = sockets
  sockets.on('connection', (socket, request) => {
    peer.clients.add(socket)
    peer.urls.push(request.url ?? '')
    socket.on('error', () => {})
    socket.on('close', () => peer.clients.delete(socket))
    if (options.echo !== false)
      socket.on('message', (data, binary) => socket.send(data as Buffer, { binary }))
  })
  return peer
}
