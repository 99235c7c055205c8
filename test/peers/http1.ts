// The HTTP/1 servers of node:http and node:https.

import http from 'node:http'
import https from 'node:https'
import { answer, type SeenRequest } from './http-handler.js'
import { type Listening, ServerPeer, type TlsIdentity } from './peer.js'

/** node:http or node:https, which answers as http-handler.ts says. */
export class Http1Peer extends ServerPeer {
  requests: SeenRequest[] = []
}

export async function startHttp1(
  options: Listening & { tls?: TlsIdentity } = {},
): Promise<Http1Peer> {
  const server = options.tls ? https.createServer(options.tls) : http.createServer()
  const peer = await Http1Peer.listen(server, options)
  server.on('request', (request, response) =>
    answer(request, response, (seen) => peer.requests.push(seen)),
  )
  return peer
}
