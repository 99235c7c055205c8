// The server of node:http2, with streams that the test answers.

import http2 from 'node:http2'
import type { Server } from 'node:net'
import { ServerPeer, type TlsIdentity } from './peer.js'

/** What {@link startSessions} starts. */
export class SessionPeer extends ServerPeer {
  sessions: http2.ServerHttp2Session[] = []
  onSession: (session: http2.ServerHttp2Session) => void = () => {}
}

/** node:http2 whose streams the test answers. */
export async function startSessions(
  onStream: (stream: http2.ServerHttp2Stream, peer: SessionPeer) => void,
  settings: http2.Settings = {},
  tls?: TlsIdentity,
): Promise<SessionPeer> {
  const server = tls
    ? http2.createSecureServer({ ...tls, settings })
    : http2.createServer({ settings })
  const peer = await SessionPeer.listen(server as Server)
  server.on('session', (session) => {
    session.on('error', () => {})
    peer.sessions.push(session)
    peer.onSession(session)
  })
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    stream.resume()
    onStream(stream, peer)
  })
  return peer
}

/** Answers with status 200 and `answer`. */
export function answerStream(stream: http2.ServerHttp2Stream): void {
  stream.respond({ ':status': 200 })
  stream.end('answer')
}
