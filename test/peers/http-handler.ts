// What the HTTP peers answer to each request.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { Keystream } from '../support/keystream.js'
import { standstill } from '../support/standstill.js'

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

/** `length` bytes of a {@link Keystream}. */
export function* keystreamPieces(length: number): Generator<Buffer> {
  const bytes = new Keystream()
  for (let left = length; left > 0; left -= PIECE) yield bytes.next(Math.min(PIECE, left))
}

const BETWEEN_PAUSES = 64 * 1024 * 1024

/** Takes `length` bytes of a {@link Keystream}, with pauses in which it reads nothing. */
export async function takeSlowly(
  source: Readable,
  length: number,
  taken: () => number,
): Promise<{ length: number; same: boolean }> {
  const expected = new Keystream()
  let same = true
  let at = 0
  for await (const piece of source.iterator({ destroyOnReturn: false })) {
    same &&= expected.matches(piece)
    const pause = Math.floor(at / BETWEEN_PAUSES)
    at += piece.length
    if (at >= length) break
    if (Math.floor(at / BETWEEN_PAUSES) > pause) await standstill(taken)
  }
  return { length: at, same }
}

/**
 * Answers on h1 and h2 alike: /echo gives the body back, /status/NNN answers with that status,
 * /bytes/N sends N bytes, /keystream/N sends N bytes of a Keystream, /take/N takes them and says how
 * that went, /truncate promises more than it sends, /hang never answers, /redirect/NNN/URL
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
  if (kind === 'take') {
    const taken = () => request.socket.bytesRead
    takeSlowly(request, Number(argument), taken).then(
      (result) => response.end(JSON.stringify(result)),
      () => {},
    )
    return
  }
  request.on('data', (piece: Buffer) => {
    if (kind === 'early' && pieces.length === 0) redirect()
    pieces.push(piece)
  })
  let isAborted = false
  request.on('aborted', () => {
    isAborted = true
  })
  request.on('end', () => {
    // node:http2 says so of a request that was reset, too.
    if (isAborted) return
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
    } else if (kind === 'keystream') {
      Readable.from(keystreamPieces(Number(argument))).pipe(response)
    } else {
      response.end(kind === 'echo' ? body : `${request.method} ${url}`)
    }
  })
}
