/** WebSockets of `ws` on streams of node:http2 (RFC 8441). */
import { once } from 'node:events'
import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import type { SecureStream } from 'lws-secure-streams'
import * as ws from 'ws'
import type { H2Client } from './h2-client.js'

interface Deflate {
  offer(): Record<string, unknown>
  accept(answers: unknown): unknown
}

// What the types of `ws` leave out.
const { PerMessageDeflate, extension, WebSocket } = ws as unknown as {
  PerMessageDeflate: new (options: ws.PerMessageDeflateOptions & { isServer: boolean }) => Deflate
  extension: {
    format(offers: Record<string, unknown>): string
    parse(answer: string): Record<string, unknown>
  }
  // Without an address it is one of a server, and gets its socket later.
  WebSocket: new (
    address: null,
    protocols: undefined,
    options: object,
  ) => ws.WebSocket & {
    _isServer: boolean
    _extensions: Record<string, Deflate>
    setSocket(socket: ClientHttp2Stream, head: Buffer, options: object): void
  }
}

/** The request for one. */
export const head: OutgoingHttpHeaders = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'chat',
}

const PMD = 'permessage-deflate'

/** One that the server has accepted, which compresses messages if it was given options for that. */
export async function openWebSocket(
  client: H2Client,
  path = '/',
  options?: ws.PerMessageDeflateOptions,
) {
  const deflate = options && new PerMessageDeflate({ ...options, isServer: false })
  const offer = deflate && {
    'sec-websocket-extensions': extension.format({ [PMD]: deflate.offer() }),
  }
  const stream = client.begin(path, { ...head, ...offer }, { endStream: false })
  const [headers] = await once(stream, 'response')
  const answer = headers['sec-websocket-extensions'] as string | undefined
  // Without this option, which has no default here, it is destroyed 1 ms after its CLOSE.
  const socket = new WebSocket(null, undefined, { closeTimeout: 30_000 })
  socket._isServer = false
  if (deflate && answer !== undefined) {
    // Throws when it is not what was offered.
    deflate.accept(extension.parse(answer)[PMD])
    socket._extensions[PMD] = deflate
  }
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 100_000_000, skipUTF8Validation: false })
  return { socket: socket as ws.WebSocket, stream, headers, answer }
}

/** What comes back for a message. */
export async function sentBack(
  socket: ws.WebSocket,
  data: string | Buffer,
): Promise<string | Buffer> {
  const message = once(socket, 'message')
  socket.send(data)
  const [bytes, isBinary] = await message
  return isBinary ? bytes : String(bytes)
}

/** What a server does that sends back what comes. */
export function sendBack(stream: SecureStream): void {
  stream.on('message', ({ data, binary }) => {
    stream.send(data, { binary }).catch(() => {})
  })
}
