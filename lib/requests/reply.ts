/** The answer to a request, as the program has it. */
import type { AnswerHead } from '../messages/answer-head.js'
import type { Chunk } from '../messages/inbox.js'
import type { Received } from '../messages/received.js'
import type { StateName } from '../state.js'
import { decodersFor } from './codings.js'
import { DecodedPayload, Payload, type Pieces } from './payload.js'
import { hasNoBody, standardResponse } from './standard-response.js'

/** What a reply is made from. */
export interface ReplySource {
  readonly streamtype: string
  readonly acked: boolean
  readonly state: StateName | number
  readonly head: AnswerHead
  readonly metadata: Readonly<Record<string, string>>
  readonly chunks: Received<Chunk>
  /** Whether the codings of the payload are undone. */
  readonly decode: boolean
  /** Ends the transaction, if it has not ended. */
  readonly cancel: () => void
}

/** The peer's answer to a transaction. */
export class Reply {
  /** Whether the peer accepted, as the policy judges it. Specification: `http_expect`. */
  readonly acked: boolean
  /**
   * The state that this answer leads to, or the number that `http_resp_map` gave; `ALL_RETRIES_FAILED`
   * for the last 429 or 503, which libwebsockets takes for failed attempts.
   */
  readonly state: StateName | number
  /** The status of HTTP. */
  readonly status: number
  /** The metadata that the response's headers have set, as text, and nothing that was sent. */
  readonly metadata: Readonly<Record<string, string>>
  readonly #source: ReplySource
  #headers: Headers | undefined
  #taken = false

  /** @internal */
  constructor(source: ReplySource) {
    this.acked = source.acked
    this.state = source.state
    this.status = source.head.status
    this.metadata = source.metadata
    this.#source = source
  }

  /**
   * All headers of the answer, as they came: `content-encoding` and `content-length` are those of the
   * payload before it was decoded.
   */
  get headers(): Headers {
    this.#headers ??= this.#source.head.headers()
    return this.#headers
  }

  /** The fields behind the payload; empty until that has come to its end, and where there are none. */
  get trailers(): Headers {
    return this.#source.head.trailers ?? new Headers()
  }

  /** The URL that the answer is from: after redirects, the last one. */
  get url(): string {
    return this.#source.head.url
  }

  /** Whether redirects led to it. Specification: `allow_redirects`. */
  get redirected(): boolean {
    return this.#source.head.redirected
  }

  /**
   * The payload as it arrives, once, without the codings of `content-encoding` that are known. Leaving
   * it before its end ends the transaction.
   *
   * Iterating throws {@link DisconnectedError} when the connection ends before the payload does, and
   * {@link SecureStreamError} `ERR_SS_DECODE` when its codings cannot be undone.
   */
  get body(): AsyncIterable<Buffer> {
    return this.#decoded(this.#payload())
  }

  /**
   * The whole payload.
   *
   * @throws {@link DisconnectedError} when the connection ends before the payload does;
   *   {@link SecureStreamError} `ERR_SS_DECODE` when it is not what its `content-encoding` says; TypeError
   *   `ERR_INVALID_STATE` when the payload has been read already
   */
  async bytes(): Promise<Buffer> {
    const { chunks, cancel } = this.#source
    const pieces: Buffer[] = []
    if (this.#decoders().length > 0) {
      for await (const piece of this.body) pieces.push(piece)
    } else {
      this.#claim()
      try {
        for (const { data } of await chunks.rest()) if (data.length > 0) pieces.push(data)
      } finally {
        cancel()
      }
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
  }

  /**
   * The whole payload as UTF-8 text.
   *
   * @throws as {@link bytes} does
   */
  async text(): Promise<string> {
    return (await this.bytes()).toString('utf8')
  }

  /**
   * The whole payload parsed as JSON.
   *
   * @throws SyntaxError when it is not JSON; otherwise as {@link bytes} does
   */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  /**
   * The answer as a standard `Response`, which has its payload from now on, and is as one of `fetch()`.
   * Cancelling its body ends the transaction.
   *
   * @throws TypeError `ERR_INVALID_STATE` when the payload has been read already
   */
  toResponse(): Response {
    const { status, headers, url, redirected } = this
    const answer = { status, headers, url, redirected }
    const payload = this.#payload()
    payload.claim()
    if (!hasNoBody(status)) return standardResponse(answer, this.#decoded(payload))
    payload.return()
    return standardResponse(answer, undefined)
  }

  #payload(): Payload {
    return new Payload(this.#source.chunks, this.#claim, this.#source.cancel)
  }

  #decoded(payload: Pieces): Pieces {
    const { streamtype } = this.#source
    return this.#decoders().reduce(
      (coded, makeDecoder) => new DecodedPayload(coded, makeDecoder, streamtype),
      payload,
    )
  }

  #decoders() {
    const { decode, streamtype, cancel } = this.#source
    try {
      return decode ? decodersFor(this.headers, streamtype) : []
    } catch (error) {
      // Nobody can read it.
      cancel()
      throw error
    }
  }

  #claim = () => {
    // As a web stream of Node says it.
    if (this.#taken)
      throw Object.assign(
        new TypeError(
          'the body of this reply has been read already; keep what bytes(), text() or json() gave',
        ),
        { code: 'ERR_INVALID_STATE' },
      )
    this.#taken = true
  }
}
