/** A request that a server has, and what it answers. */
import type { X509Certificate } from 'node:crypto'
import type { NativeStream } from '../addon/native.js'
import { checkInteger, checkObject, invalidArgType, toBytes } from '../arguments.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { illegalConstructor } from '../errors/illegal-constructor.js'
import type { SecureStream } from '../streams/secure-stream.js'
import { checkMetadata, type Metadata } from '../streamtypes/metadata.js'
import { metadataValues } from '../streamtypes/metadata-values.js'
import { responseHasBegun, responseIsOver, responseTooLong } from './refusals.js'
import { RequestBody } from './request-body.js'
import { RequestHead } from './request-head.js'
import { checkContentLength, contentLength, fieldLines } from './response-fields.js'
import { standardRequest } from './standard-request.js'

/** What a response says besides its metadata. */
export interface ResponseOptions {
  /** The status of HTTP, from 200 to 599. Default: 200 for `ack()`, 404 for `nack()`. */
  status?: number
  /**
   * Headers that the policy does not declare as metadata. The server sets those that frame the body itself,
   * except `content-length`: it is the length of a body that is written in parts. Without it, such a body
   * is sent in chunks.
   */
  headers?: Headers | Record<string, string> | [name: string, value: string][]
}

interface Answer {
  readonly status: number
  readonly headers: Headers | undefined
  /** Of the metadata, as the addon takes it. */
  readonly pairs: (string | Uint8Array)[] | undefined
}

/** Why the body of a request does not go on. */
export const TOO_EARLY = 'by the end of the response, before the request was complete'

const ACK: Answer = { status: 0, headers: undefined, pairs: undefined }

/** The next piece; that there is none may be heard later, behind the `write()` of the one before. */
function readNext(reader: ReadableStreamDefaultReader<Uint8Array>) {
  const next = reader.read()
  next.catch(() => {})
  return next
}

/** A piece that is there already is sent together with what comes at once. */
const nextTurn = () => new Promise<undefined>((resolve) => setImmediate(resolve, undefined))

/**
 * One transaction of a server on h1 or h2: a request, and the response to it. Made for the handler
 * `transaction` of `context.serve()`.
 *
 * Specification: "Secure Streams SERVER State lifecycle".
 */
export class Transaction<Name extends string = string> {
  /** The method, as it came. */
  readonly method: string
  /** The path and the query, as they came: what `node:http` calls the `url`. */
  readonly url: string
  /** The stream of the connection; on h2, of this transaction alone. */
  readonly stream: SecureStream<Name>
  /** The metadata of the request that the policy declares, as text. */
  readonly metadata: Readonly<Record<string, string>>
  readonly #native: NativeStream
  readonly #head: RequestHead
  #headers: Headers | undefined
  #trailers: Headers | undefined
  #body: RequestBody | undefined
  #request: Request | undefined
  #abort: AbortController | undefined
  #answer: Answer | undefined
  #hasBegun = false
  #status: number | undefined
  #whenOver: ((error?: unknown) => void) | undefined
  #isOver = false
  #length: number | undefined
  #written = 0
  // Settles when the socket has all of the length that was said, of which the connection knows, too.
  #whole: Promise<void> | undefined
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  // Why nobody hears of it any more; an error takes longer to make than all the rest.
  #lostBy: string | undefined
  // Whether the program has destroyed the stream.
  #isDestroyed = false

  /** @internal */
  constructor(native: NativeStream, stream: SecureStream<Name>, head: RequestHead) {
    if (!(head instanceof RequestHead)) throw illegalConstructor('context.serve()')
    this.#native = native
    this.stream = stream
    this.#head = head
    this.method = head.method
    this.url = head.target
    this.metadata = metadataValues(native, stream.life.kind.metadataNames)
    if (head.hasBody) this.#body = new RequestBody(native)
  }

  /** All headers of the request. */
  get headers(): Headers {
    this.#headers ??= this.#head.headers()
    return this.#headers
  }

  /** The trailers: the headers after the body. Empty until the body is complete, or if there are none. */
  get trailers(): Headers {
    return this.#trailers ?? new Headers()
  }

  /**
   * The body of the request as it arrives. It can be read once, also as an async iterable of Buffers. If the
   * program does not read it, the client is stopped after 1 MiB.
   *
   * Reading throws {@link DisconnectedError} when the connection, or the transaction, ends before it does.
   */
  get body(): ReadableStream<Uint8Array> {
    if (this.#body) return this.#body.stream
    this.#body = new RequestBody(this.#native)
    this.#body.end()
    return this.#body.stream
  }

  /**
   * The request as a standard `Request`, whose body is {@link body}. Its `signal` is aborted when the client
   * is gone before it has all of the response.
   *
   * @throws {@link BadRequestError} for a method that `Request` does not have, and a Host that is none
   */
  get request(): Request {
    if (this.#request) return this.#request
    const { method, url: target, headers } = this
    const { streamtype, life } = this.stream
    this.#abort = new AbortController()
    this.#request = standardRequest({
      streamtype,
      isSecure: life.kind.isSecure,
      method,
      target,
      headers,
      body: this.#head.hasBody ? this.body : undefined,
      signal: this.#abort.signal,
    })
    return this.#request
  }

  /** The address of the client, as `node:net` calls it. */
  get remoteAddress(): string | undefined {
    return this.stream.remoteAddress
  }

  /** The client's certificate: {@link SecureStream.peerCertificate}. */
  get peerCertificate(): X509Certificate | undefined {
    return this.stream.peerCertificate
  }

  /**
   * Accepts the request: `lws_ss_server_ack()`. The response leaves with the first `write()`, or with
   * `end()`; until then another call takes the place of this one.
   *
   * @param metadata - values of metadata, which the policy makes headers of
   * @throws TypeError, RangeError for wrong arguments; {@link SecureStreamError}
   *   `ERR_SS_UNKNOWN_METADATA`, `ERR_SS_RESPONSE_BEGUN`
   */
  ack(metadata?: Metadata, options: ResponseOptions = {}): this {
    return this.#answerWith(200, metadata, options)
  }

  /** Refuses the request, as {@link ack} accepts it, with the status 404 unless `options` say another. */
  nack(metadata?: Metadata, options: ResponseOptions = {}): this {
    return this.#answerWith(404, metadata, options)
  }

  #answerWith(otherwise: number, metadata: Metadata | undefined, options: ResponseOptions): this {
    checkMetadata(metadata)
    checkObject('options', options)
    const { status = otherwise, headers } = options
    checkInteger('options.status', status, 200, 599)
    const fields = headers === undefined ? undefined : new Headers(headers)
    if (fields) checkContentLength(fields)
    if (this.#hasBegun) throw responseHasBegun(this.stream.streamtype)
    this.#answer = {
      status,
      headers: fields,
      pairs: metadata && this.stream.life.kind.metadataPairs(metadata),
    }
    return this
  }

  /**
   * Sends a 103 (RFC 8297) before the response: headers for what the client will need.
   *
   * @param headers - such as `link`
   * @throws TypeError for wrong headers; {@link SecureStreamError} `ERR_SS_RESPONSE_BEGUN`
   */
  writeEarlyHints(headers: NonNullable<ResponseOptions['headers']>): void {
    if (this.#hasBegun) throw responseHasBegun(this.stream.streamtype)
    this.#native.respond(103, fieldLines(new Headers(headers)))
  }

  /**
   * Writes a part of the response's body. Without an `ack()` or `nack()` before it, the status is that of
   * `stream.serverAck()`, or 200.
   *
   * @returns settles when the socket has it
   * @throws {@link DisconnectedError} when the connection ends before; {@link SecureStreamError}
   *   `ERR_SS_RESPONSE_OVER` behind `end()`, `ERR_SS_TOO_LONG` beyond its `content-length`, which is 0 for the status 205; synchronously, a TypeError for data that cannot be sent
   */
  write(data: string | Uint8Array): Promise<void> {
    const bytes = toBytes('data', data)
    if (this.#isOver) return this.#rejected(this.#over())
    this.#begin(contentLength(this.#answer?.headers))
    return this.#send(bytes)
  }

  /**
   * Ends the response.
   *
   * @param data - the whole body, or its last part
   * @returns settles when the socket has all of it
   * @throws as {@link write}
   */
  end(data: string | Uint8Array = ''): Promise<void> {
    const bytes = toBytes('data', data)
    const whole = this.#whole
    if (whole && bytes.byteLength === 0) {
      this.#whole = undefined
      // The connection may have ended behind it, or have another request.
      if (!this.#isOver) this.#finish(whole)
      return whole
    }
    if (this.#isOver) return this.#rejected(this.#over())
    if (!this.#hasBegun) this.#begin(this.#wholeLength(bytes))
    const sent = bytes.byteLength > 0 ? this.#send(bytes) : this.stream.life.outbox.drained()
    this.#finish(sent)
    return sent
  }

  /**
   * Answers with a standard `Response`: its status, its headers and its body.
   *
   * @returns settles when the socket has all of it
   * @throws what reading the body throws. When the response has begun, the connection ends then, since the
   *   response would be taken for whole; as {@link write}
   */
  async respond(response: Response): Promise<void> {
    if (!(response instanceof Response))
      throw invalidArgType('response', 'an instance of Response', response)
    const { status, headers, body } = response
    try {
      if (this.#isOver) throw this.#over()
      this.#answerWith(200, undefined, { status, headers })
    } catch (error) {
      body?.cancel(error).catch(() => {})
      throw error
    }
    if (!body) return this.end()
    const reader = body.getReader()
    this.#reader = reader
    try {
      let next = readNext(reader)
      // The client need not wait with the head for a body that takes its time.
      const isLate = !(await Promise.race([next, nextTurn()]))
      if (isLate && this.method === 'HEAD') {
        reader.cancel().catch(() => {})
        return await this.end()
      }
      if (isLate) this.write('')
      let piece = await next
      while (!piece.done) {
        next = readNext(reader)
        // Then its length is known, and it needs no chunks.
        const last = this.#hasBegun ? undefined : await Promise.race([next, nextTurn()])
        if (last?.done) return await this.end(piece.value)
        if (this.method === 'HEAD') break
        await this.write(piece.value)
        piece = await next
      }
      if (!piece.done) reader.cancel().catch(() => {})
      await this.end()
    } catch (error) {
      reader.cancel(error).catch(() => {})
      if (this.#hasBegun && !this.#isOver) this.stream.destroy(error as Error)
      throw error
    }
  }

  /** @internal */
  received(data: Buffer, eom: boolean): void {
    this.#body?.push(data)
    if (eom) this.#body?.end()
  }

  /** @internal */
  set receivedTrailers(fields: Headers) {
    this.#trailers = fields
  }

  /** @internal There is no connection any more, or it has another request. */
  over(reason: string): void {
    const wasOver = this.#isOver || this.#whole !== undefined
    this.#isDestroyed = this.stream.destroyed
    this.#lostBy = reason
    if (this.#whenOver && !this.#isOver)
      this.#tellOver(this.#whole ?? Promise.reject(this.#lost(reason)))
    this.#isOver = true
    this.#failBody(reason)
    this.#reader?.cancel(this.#over()).catch(() => {})
    if (!wasOver) this.#abort?.abort(this.#over())
  }

  /** @internal The status of the response, once that has begun. */
  get status(): number | undefined {
    return this.#status
  }

  /** @internal Calls `callback` when the socket has all of the response, or with why it has not. */
  whenOver(callback: (error?: unknown) => void): void {
    this.#whenOver = callback
  }

  /** @internal Whether there is nobody any more to answer to, and `error` says so. */
  isEnd(error: unknown): boolean {
    if (this.#lostBy === undefined) return false
    return error instanceof DisconnectedError || this.stream.life.isEnd(error)
  }

  /** @internal Whether the program has said all of its response. */
  get isEnded(): boolean {
    return this.#isOver
  }

  /** @internal Whether it can still be said that the handler failed. */
  get canFail(): boolean {
    return !this.#hasBegun && !this.#isOver
  }

  // A client may leave at any time: a rejection that nobody waits for is not an unhandled one.
  #rejected(reason: unknown): Promise<never> {
    const rejected = Promise.reject(reason)
    rejected.catch(() => {})
    return rejected
  }

  #send(bytes: Uint8Array): Promise<void> {
    const length = this.#length
    this.#written += bytes.byteLength
    if (length !== undefined && this.#written > length)
      return this.#rejected(responseTooLong(this.stream.streamtype, length))
    const sent = this.stream.sending.sendPart(bytes)
    // Its client may also leave when all of it was said, and before it has that.
    const abort = this.#abort
    if (abort) sent.catch((error) => abort.abort(error))
    if (this.#written === length) this.#whole = sent
    return sent
  }

  #over(): unknown {
    const { streamtype } = this.stream
    return this.#lostBy === undefined ? responseIsOver(streamtype) : this.#lost(this.#lostBy)
  }

  #lost(reason: string): unknown {
    const { streamtype, life } = this.stream
    return this.#isDestroyed
      ? life.destroyedError()
      : new DisconnectedError({ streamtype }, `disconnected ${reason}`)
  }

  #tellOver(sent: Promise<void>): void {
    const tell = this.#whenOver
    this.#whenOver = undefined
    if (tell) sent.then(() => tell(), tell)
  }

  #failBody(reason: string): void {
    if (this.#body?.isComplete === false) this.#body.fail(this.#lost(reason))
  }

  // The response to HEAD says the length that the one to GET would have.
  #wholeLength({ byteLength }: Uint8Array): number | undefined {
    if (byteLength > 0 || this.method !== 'HEAD') return byteLength
    return contentLength(this.#answer?.headers)
  }

  #begin(length: number | undefined): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    const { status, headers, pairs } = this.#answer ?? ACK
    // RFC 9110 15.3.6: there is nothing to show.
    this.#length = status === 205 ? 0 : length
    this.#status = status || this.stream.nackStatus || 200
    this.stream.nackStatus = 0
    this.#native.respond(status, headers ? fieldLines(headers) : '', this.#length, pairs)
  }

  #finish(sent: Promise<void>): void {
    this.#tellOver(sent)
    this.#isOver = true
    this.#answer = undefined
    this.#native.endResponse()
    // What has not come yet is let through, and dropped.
    this.#failBody(TOO_EARLY)
  }
}
