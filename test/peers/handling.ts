// Servers of node:http and node:http2 with a request handler of the test.

import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { Server } from 'node:net'
import { ServerPeer, type TlsIdentity } from './peer.js'

/** What a test has a server of node:http or node:http2 do with a request. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/** node:http or node:http2, and what was asked of it: method and target. */
export class HandlingPeer extends ServerPeer {
  readonly requests: string[] = []
}

export async function startHandling(
  protocol: 'h1' | 'h2',
  handler: RequestHandler,
  options: { tls?: TlsIdentity } = {},
): Promise<HandlingPeer> {
  const { tls } = options
  const server =
    protocol === 'h1'
      ? tls
        ? https.createServer(tls)
        : http.createServer()
      : tls
        ? http2.createSecureServer(tls)
        : http2.createServer()
  const peer = await HandlingPeer.listen(server as Server, {})
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    peer.requests.push(`${request.method} ${request.url}`)
    handler(request, response)
  })
  return peer
}
