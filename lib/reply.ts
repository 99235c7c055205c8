import type { Chunk } from './inbox.js'
import type { StateName } from './state.js'

/** The peer's answer to a transaction. */
export class Reply {
  /** Whether the peer accepted, as the policy judges it. Specification: `http_expect`. */
  readonly acked: boolean
  /** The state that this answer leads to, or the number that `http_resp_map` gave. */
  readonly state: StateName | number
  /** The streamtype's metadata, with what the response's headers set, as text. */
  readonly metadata: Readonly<Record<string, string>>
  readonly #chunks: AsyncIterable<Chunk>
  readonly #cancel: () => void
  #taken = false

  /** @internal */
  constructor(
    acked: boolean,
    state: StateName | number,
    metadata: Readonly<Record<string, string>>,
    chunks: AsyncIterable<Chunk>,
    cancel: () => void,
  ) {
    this.acked = acked
    this.state = state
    this.metadata = metadata
    this.#chunks = chunks
    this.#cancel = cancel
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
   * @throws {@link DisconnectedError} when the connection ends before the payload does; TypeError when
   *   the payload has been read already
   */
  async bytes(): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this.#read()) pieces.push(piece)
    return Buffer.concat(pieces)
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

  async *#read(): AsyncGenerator<Buffer, void, void> {
    if (this.#taken) throw new TypeError('the body of this reply has been read already')
    this.#taken = true
    try {
      for await (const { data } of this.#chunks) if (data.length > 0) yield data
    } finally {
      this.#cancel()
    }
  }
}
