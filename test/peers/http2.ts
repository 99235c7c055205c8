// The HTTP/2 server of node:http2.

import type { IncomingMessage, ServerResponse } from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { answer, type SeenRequest } from './http-handler.js'
import { type Listening, ServerPeer, type TlsIdentity } from './peer.js'

/** node:http2 with its defaults, but without a date, which answers as http-handler.ts says. */
export class Http2Peer extends ServerPeer {
  requests: SeenRequest[] = []
  /** How many connections there were. */
  sessions = 0
}

export async function startHttp2(
  options: Listening & { tls?: TlsIdentity; maxConcurrentStreams?: number } = {},
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
  server.on('request', (request, response) => {
    // A date's length changes from second to second in HPACK's code, and tests cut answers after
    // a number of bytes.
    response.sendDate = false
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse, (seen) =>
      peer.requests.push(seen),
    )
  })
  return peer
}
