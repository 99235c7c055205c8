import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

/** What a server saw of a request. */
export interface SeenRequest {
  method: string
  url: string
  headers: NodeJS.Dict<string | string[]>
  body: Buffer
}

/** `size` bytes that say where in the payload they are. */
export function patternBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let n = 0; n < size; n++) bytes[n] = (n * 31 + (n >> 8)) & 0xff
  return bytes
}

const PIECE = 64 * 1024

function* inPieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE)
}

/**
 * Answers on h1 and h2 alike: /echo gives the body back, /status/NNN answers with that status,
 * /bytes/N sends N bytes, /truncate promises more than it sends, /hang never answers, /redirect/NNN/URL
 * sends to another URL, /early/NNN/URL as well, but without waiting for the body.
 */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  seen: (request: SeenRequest) => void,
): void {
  const url = request.url ?? ''
  const pieces: Buffer[] = []
  const [, kind, argument, ...target] = url.split('/')
  const redirect = () => {
    const to = decodeURIComponent(target.join('/'))
    response.writeHead(Number(argument), { location: to.includes(':') ? to : `/${to}` })
    response.end('elsewhere')
  }
  request.on('error', () => {})
  request.on('data', (piece: Buffer) => {
    if (kind === 'early' && pieces.length === 0) redirect()
    pieces.push(piece)
  })
  request.on('end', () => {
    const body = Buffer.concat(pieces)
    seen({ method: request.method ?? '', url, headers: request.headers, body })
    if (kind === 'early') return
    if (kind === 'redirect') return redirect()
    if (kind === 'hang') return
    if (kind === 'status') response.statusCode = Number(argument)
    response.setHeader('content-type', 'text/x-test')
    if (kind === 'truncate') {
      response.setHeader('content-length', '1000')
      response.write('only this', () => request.socket.destroy())
    } else if (kind === 'bytes') {
      // Not all at once: node:http2 counts what waits against the memory of the connection.
      Readable.from(inPieces(patternBytes(Number(argument)))).pipe(response)
    } else {
      response.end(kind === 'echo' ? body : `${request.method} ${url}`)
    }
  })
}
