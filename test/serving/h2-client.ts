/** A client of h2 by node:http2, as tests of servers use it. */
import { once } from 'node:events'
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'

/** What has come back. */
export interface H2Response {
  readonly status: number
  readonly headers: http2.IncomingHttpHeaders
  /** The statuses and headers of what came before it. */
  readonly interim: http2.IncomingHttpHeaders[]
  readonly body: Buffer
}

/** The rest of a stream whose request is under way. */
export async function responseOf(stream: ClientHttp2Stream): Promise<H2Response> {
  const interim: http2.IncomingHttpHeaders[] = []
  stream.on('headers', (headers) => interim.push(headers))
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  if (stream.rstCode) throw Object.assign(new Error('reset'), { rstCode: stream.rstCode })
  return { status: Number(headers[':status']), headers, interim, body: Buffer.concat(pieces) }
}

/** One connection of h2, which is closed at the end of an `await using` block. */
export class H2Client implements AsyncDisposable {
  readonly session: ClientHttp2Session

  constructor(url: string, options?: http2.SecureClientSessionOptions) {
    this.session = http2.connect(url, options)
    this.session.on('error', () => {})
  }

  /** Begins a request. */
  begin(
    path = '/',
    headers: http2.OutgoingHttpHeaders = {},
    options?: http2.ClientSessionRequestOptions,
  ): ClientHttp2Stream {
    return this.session.request({ ':path': path, ...headers }, options)
  }

  /** A whole request. */
  ask(
    path = '/',
    headers: http2.OutgoingHttpHeaders = {},
    body?: Buffer | string,
  ): Promise<H2Response> {
    const method = body === undefined ? 'GET' : 'POST'
    const stream = this.begin(path, { ':method': method, ...headers })
    const response = responseOf(stream)
    stream.end(body)
    return response
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.session.destroyed) return
    const closed = once(this.session, 'close')
    this.session.destroy()
    await closed
  }
}
