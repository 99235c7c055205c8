/** The body of a request that a server has. */

// Beyond this the socket is read no further until the program has taken some of it.
const FULL = 1024 * 1024

// What a piece takes besides its bytes: a chunk may have one.
const PIECE = 256

/** Keeps what has come of a body until the program takes it. */
export class RequestBody {
  /** The body as the program has it; an async iterable, too. */
  readonly stream: ReadableStream<Uint8Array>
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  readonly #socket: { setReading(on: boolean): void }
  #isReading = true

  constructor(socket: { setReading(on: boolean): void }) {
    this.#socket = socket
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#setReading(true),
        cancel: () => this.#leave(),
      },
      { highWaterMark: FULL, size: ({ byteLength }) => byteLength + PIECE },
    )
  }

  /** Whether nothing more of it is to come. */
  get isComplete(): boolean {
    return this.#controller === undefined
  }

  push(data: Buffer): void {
    if (!this.#controller || data.length === 0) return
    this.#controller.enqueue(data)
    if ((this.#controller.desiredSize ?? 0) <= 0) this.#setReading(false)
  }

  /** All of it is there. */
  end(): void {
    this.#controller?.close()
    this.#leave()
  }

  /** The rest does not come. */
  fail(reason: unknown): void {
    this.#controller?.error(reason)
    this.#leave()
  }

  // What still comes is of no use.
  #leave(): void {
    this.#controller = undefined
    this.#setReading(true)
  }

  #setReading(on: boolean): void {
    if (on === this.#isReading) return
    this.#isReading = on
    this.#socket.setReading(on)
  }
}
