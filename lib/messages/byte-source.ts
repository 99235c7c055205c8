/** Where the bytes of a message come from that is read as it leaves. */
import { Readable } from 'node:stream'
import { types } from 'node:util'
import { invalidArgType } from '../arguments.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'

/** What a message is read from, piece by piece, as it leaves. */
export interface ByteSource {
  /** How many bytes it has; `undefined` when only its end tells. */
  readonly size: number | undefined
  /**
   * Reads one of the pieces, counted from 0; `undefined` behind the last of a source without a size. A
   * message may be asked for again from its beginning.
   */
  read(piece: number): Promise<Uint8Array | undefined>
  /** Has `failed` called when no more can be read, also while nobody does. */
  watch?(failed: (reason: unknown) => void): void
  /** Nobody reads any more. */
  close?(): void
}

/** What an async iterable that is sent may give: text is UTF-8. */
export type BytesIterable = AsyncIterable<string | Uint8Array>

// A larger piece is given in several, since each is copied as a whole.
const PIECE = 256 * 1024

export function isAsyncIterable(value: unknown): value is BytesIterable {
  return typeof Object(value)[Symbol.asyncIterator] === 'function'
}

// Streams and generators that were given already: the second reader of one would get a part, or nothing.
const given = new WeakSet<object>()

const isReadOnce = (from: object): boolean =>
  ['next', 'pipe', 'getReader'].some((name) => typeof from[name as never] === 'function')

/** Ends a stream that nobody is going to read. */
export function discard(from: unknown): void {
  // Why it is not read is all that its owner is told.
  if (from instanceof Readable) from.on('error', () => {}).destroy()
  else if (from instanceof ReadableStream) from.cancel().catch(() => {})
}

/**
 * An async iterable, such as a `Readable` or a web stream, that is read once. It is destroyed when
 * nobody reads it to its end.
 */
export class IterableSource implements ByteSource {
  readonly size = undefined
  readonly #from: BytesIterable
  #iterator: AsyncIterator<unknown> | undefined
  #asked = -1
  #answer: Promise<Uint8Array | undefined> = Promise.resolve(undefined)
  #rest: Uint8Array | undefined
  #isOver = false

  /** @throws TypeError `ERR_INVALID_STATE` when it has been read, or given to be read, already */
  constructor(name: string, from: BytesIterable) {
    const isRead =
      given.has(from) ||
      (from as ReadableStream).locked === true ||
      Readable.isDisturbed(from as Readable)
    if (isRead) throw alreadyRead(name)
    if (isReadOnce(from)) given.add(from)
    this.#from = from
  }

  read(piece: number): Promise<Uint8Array | undefined> {
    if (piece === this.#asked) return this.#answer
    if (piece !== this.#asked + 1) return Promise.reject(readOnce())
    this.#asked = piece
    this.#answer = this.#next()
    return this.#answer
  }

  watch(failed: (reason: unknown) => void): void {
    // An error that nobody listens for ends the process.
    if (this.#from instanceof Readable) this.#from.on('error', failed)
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#from instanceof Readable) this.#from.destroy()
    // What it has to say of that concerns nobody.
    else this.#leave().catch(() => {})
  }

  async #leave(): Promise<void> {
    this.#iterator ??= this.#from[Symbol.asyncIterator]()
    await this.#iterator.return?.()
  }

  async #next(): Promise<Uint8Array | undefined> {
    this.#iterator ??= this.#from[Symbol.asyncIterator]()
    while (!this.#rest?.byteLength) {
      const { done, value } = await this.#iterator.next()
      if (done) {
        this.#isOver = true
        return undefined
      }
      this.#rest = bytesOf(value)
    }
    const next = this.#rest.subarray(0, PIECE)
    this.#rest = this.#rest.subarray(PIECE)
    return next
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8')
  if (types.isUint8Array(value)) return value
  throw invalidArgType(
    'data',
    'an iterable of strings or instances of Buffer or Uint8Array, in all that it gives',
    value,
  )
}

// As web streams of Node say it.
function alreadyRead(name: string): TypeError {
  return Object.assign(
    new TypeError(`The "${name}" argument is a stream that has been read, or is read, already`),
    { code: 'ERR_INVALID_STATE' },
  )
}

function readOnce(): SecureStreamError {
  return new SecureStreamError(
    'ERR_SS_READ_ONCE',
    'it has to be sent again from its beginning, and a stream can be read only once: send bytes or a Blob',
  )
}
