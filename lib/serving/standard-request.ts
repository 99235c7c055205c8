/** The standard `Request` that a request of a client is. */
import { BadRequestError } from '../errors/bad-request-error.js'

// `Request` has none of them.
const methodsWithout = new Set(['CONNECT', 'TRACE', 'TRACK'])

/** What a `Request` is made from. */
export interface RequestSource {
  readonly streamtype: string
  readonly isSecure: boolean
  readonly method: string
  /** The path and the query, or `*`. */
  readonly target: string
  readonly headers: Headers
  readonly body: ReadableStream<Uint8Array> | undefined
  readonly signal: AbortSignal
}

/** @throws BadRequestError for a method that `Request` does not have, and a host that is in no URL */
export function standardRequest(source: RequestSource): Request {
  const { streamtype, isSecure, method, target, headers, body, signal } = source
  if (methodsWithout.has(method.toUpperCase()))
    throw new BadRequestError(
      streamtype,
      `the method ${method}, which 'Request' does not have`,
      501,
    )
  const scheme = isSecure ? 'https' : 'http'
  const host = headers.get('host') || 'localhost'
  const url = `${scheme}://${host}${target === '*' ? '/' : target}`
  if (!URL.canParse(url)) throw new BadRequestError(streamtype, `a wrong host, ${host}`, 400)
  // `Request` has no body with these.
  const withBody = body && method !== 'GET' && method !== 'HEAD'
  const init = { method, headers, signal, ...(withBody && { body, duplex: 'half' }) }
  return new Request(url, init as RequestInit)
}
