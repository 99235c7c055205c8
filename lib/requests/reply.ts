/** The answer to a request, as the program has it. */
import type { AnswerHead } from '../messages/answer-head.js'
import type { Chunk } from '../messages/inbox.js'
import type { Received } from '../messages/received.js'
import type { StateName } from '../state.js'

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
  readonly #head: AnswerHead
  #headers: Headers | undefined
  readonly #chunks: Received<Chunk>
  readonly #cancel: () => void
  #taken = false

  /** @internal */
  constructor(
    acked: boolean,
    state: StateName | number,
    head: AnswerHead,
    metadata: Readonly<Record<string, string>>,
    chunks: Received<Chunk>,
    cancel: () => void,
  ) {
    this.acked = acked
    this.state = state
    this.status = head.status
    this.#head = head
    this.metadata = metadata
    this.#chunks = chunks
    this.#cancel = cancel
  }

  /** All headers of the answer. */
  get headers(): Headers {
    this.#headers ??= this.#head.headers()
    return this.#headers
  }

  /** The fields behind the payload; empty until that has come to its end, and where there are none. */
  get trailers(): Headers {
    return this.#head.trailers ?? new Headers()
  }

  /** The URL that the answer is from: after redirects, the last one. */
  get url(): string {
    return this.#head.url
  }

  /** Whether redirects led to it. Specification: `allow_redirects`. */
  get redirected(): boolean {
    return this.#head.redirected
  }

  /**
   * The payload as it arrives, once. Leaving it before its end ends the transaction.
   *
   * Iterating throws {@link DisconnectedError} when the connection ends before the payload does.
   */
  get body(): AsyncIterable<Buffer> {
    return this.#read()
  }

  /**
   * The whole payload.
   *
   * @throws {@link DisconnectedError} when the connection ends before the payload does; TypeError
   *   `ERR_INVALID_STATE` when the payload has been read already
   */
  async bytes(): Promise<Buffer> {
    this.#claim()
    try {
      const chunks = await this.#chunks.rest()
      const pieces = chunks.map(({ data }) => data).filter(({ length }) => length > 0)
      return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
    } finally {
      this.#cancel()
    }
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

  #read(): Payload {
    return new Payload(this.#chunks, this.#claim, this.#cancel)
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

/** The bytes of a reply's chunks, for who claims them first. Leaving it ends the wait for more. */
class Payload implements AsyncIterableIterator<Buffer, void, void> {
  readonly #chunks: Received<Chunk>
  readonly #claim: () => void
  readonly #cancel: () => void
  #claimed = false

  constructor(chunks: Received<Chunk>, claim: () => void, cancel: () => void) {
    this.#chunks = chunks
    this.#claim = claim
    this.#cancel = cancel
  }

  async next(): Promise<IteratorResult<Buffer, void>> {
    if (!this.#claimed) this.#claim()
    this.#claimed = true
    try {
      for (;;) {
        const { done, value } = await this.#chunks.next()
        if (done) return this.return()
        if (value.data.length > 0) return { done: false, value: value.data }
      }
    } catch (error) {
      this.#cancel()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Buffer, void>> {
    if (this.#claimed) {
      this.#cancel()
      await this.#chunks.return()
    }
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
