// A server that records the targets it was asked for.

import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import http2 from 'node:http2'
import type { Server, Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import { ServerPeer } from './peer.js'

/** What was asked of a server of targets. */
export interface Asked {
  target: string
  host: string | undefined
  headers: NodeJS.Dict<string | string[]>
}

/**
 * node:http, node:http2 or ws, which notes what is asked for, and answers. While `redirects` has one, it
 * redirects there instead.
 */
export class TargetsPeer extends ServerPeer {
  readonly asked: Asked[] = []
  readonly redirects: string[] = []

  /** Notes it; where it leads to, if it is to. */
  note({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): string | undefined {
    const host = headers.host ?? (headers[':authority'] as string | undefined)
    this.asked.push({ target: url, host, headers })
    return this.redirects.shift()
  }
}

export async function startTargets(
  protocol: 'h1' | 'h2' | 'ws',
  { host }: { host?: string } = {},
): Promise<TargetsPeer> {
  const server: Server = protocol === 'h2' ? (http2.createServer() as Server) : http.createServer()
  const peer = await TargetsPeer.listen(server, { host })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const location = peer.note(request)
    if (location === undefined) response.end('it')
    else response.writeHead(302, { location }).end()
  })
  const webSockets = new WebSocketServer({ noServer: true })
  if (protocol === 'ws')
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const location = peer.note(request)
      if (location === undefined) {
        webSockets.handleUpgrade(request, socket, head, (it) => it.on('error', () => {}))
      } else {
        socket.on('error', () => {})
        socket.end(
          `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
          'latin1',
        )
      }
    })
  return peer
}
