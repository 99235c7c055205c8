import type { IncomingMessage, ServerResponse } from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { answer, type SeenRequest } from './http-handler.js'
import { ServerPeer, type TlsIdentity, type Where } from './peer.js'

/** node:http2 with its defaults, which answers as http-handler.ts says. */
export class Http2Peer extends ServerPeer {
  requests: SeenRequest[] = []
  /** How many connections there were. */
  sessions = 0
}

export async function startHttp2(
  options: { tls?: TlsIdentity; maxConcurrentStreams?: number } & Where = {},
): Promise<Http2Peer> {
  const settings =
    options.maxConcurrentStreams === undefined
      ? {}
      : { settings: { maxConcurrentStreams: options.maxConcurrentStreams } }
  const server = options.tls
    ? http2.createSecureServer({ ...options.tls, ...settings })
    : http2.createServer(settings)
  const peer = await Http2Peer.listen(server as Server, options)
  server.on('session', () => peer.sessions++)
  server.on('request', (request, response) =>
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse, (seen) =>
      peer.requests.push(seen),
    ),
  )
  return peer
}
