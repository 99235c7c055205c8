/** The standard `Response` that a reply is. */
import { STATUS_CODES } from 'node:http'
import type { Pieces } from './payload.js'

/** What a `Response` is made from. */
export interface ResponseSource {
  readonly status: number
  readonly headers: Headers
  readonly url: string
  readonly redirected: boolean
}

// They have no body, as fetch() has it.
const withoutBody = new Set([101, 103, 204, 205, 304])

export const hasNoBody = (status: number): boolean => withoutBody.has(status)

/** Says of a response what its constructor does not take: the URL, and any status. */
function asOf(source: ResponseSource, response: Response): Response {
  const { status, url, redirected } = source
  const clone = () => asOf(source, Response.prototype.clone.call(response))
  const ok = status >= 200 && status <= 299
  for (const [name, value] of Object.entries({ status, ok, url, redirected, clone }))
    Object.defineProperty(response, name, { value, configurable: true })
  return response
}

/** @param pieces - the payload; `undefined` where there is none */
export function standardResponse(source: ResponseSource, pieces: Pieces | undefined): Response {
  const { status, headers } = source
  const init = {
    status: status >= 200 && status <= 599 ? status : 200,
    statusText: STATUS_CODES[status] ?? '',
    headers,
  }
  return asOf(source, new Response(pieces ? webStream(pieces) : null, init))
}

function webStream(pieces: Pieces): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return()
      },
    },
    // Nothing is taken before somebody reads.
    { highWaterMark: 0 },
  )
}
