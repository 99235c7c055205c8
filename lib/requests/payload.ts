/** The payload of a reply, once, as it arrives. */
import { pipeline, Readable, type Transform } from 'node:stream'
import type { Chunk } from '../messages/inbox.js'
import type { Received } from '../messages/received.js'
import { cannotDecode, type MakeDecoder } from './codings.js'

/** The pieces of a payload. Leaving them ends the wait for more, which that of a generator would not. */
export interface Pieces extends AsyncIterableIterator<Buffer, void, void> {
  return(): Promise<IteratorResult<Buffer, void>>
}

const over = { done: true, value: undefined } as const

/** The bytes of a reply's chunks, for who claims them first. */
export class Payload implements Pieces {
  readonly #chunks: Received<Chunk>
  readonly #claim: () => void
  readonly #cancel: () => void
  #claimed = false

  constructor(chunks: Received<Chunk>, claim: () => void, cancel: () => void) {
    this.#chunks = chunks
    this.#claim = claim
    this.#cancel = cancel
  }

  /** Takes the payload for itself. */
  claim(): void {
    if (!this.#claimed) this.#claim()
    this.#claimed = true
  }

  async next(): Promise<IteratorResult<Buffer, void>> {
    this.claim()
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
    return over
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** A payload of which one coding is undone. */
export class DecodedPayload implements Pieces {
  readonly #coded: Pieces
  readonly #makeDecoder: MakeDecoder
  readonly #streamtype: string
  #decoded: Promise<AsyncIterator<Buffer, void> | undefined> | undefined
  #decoder: Transform | undefined
  #lost: { reason: unknown } | undefined
  #left = false

  constructor(coded: Pieces, makeDecoder: MakeDecoder, streamtype: string) {
    this.#coded = coded
    this.#makeDecoder = makeDecoder
    this.#streamtype = streamtype
  }

  async next(): Promise<IteratorResult<Buffer, void>> {
    this.#decoded ??= this.#begin()
    const decoded = await this.#decoded
    if (!decoded || this.#left) return over
    try {
      const { done, value } = await decoded.next()
      return done ? this.return() : { done: false, value }
    } catch (error) {
      if (this.#left) return over
      await this.return()
      throw this.#lost
        ? this.#lost.reason
        : cannotDecode(this.#streamtype, 'is not what its content-encoding says', error)
    }
  }

  async return(): Promise<IteratorResult<Buffer, void>> {
    this.#left = true
    this.#decoder?.destroy()
    return this.#coded.return()
  }

  async #begin(): Promise<AsyncIterator<Buffer, void> | undefined> {
    const coded = this.#coded
    const first = await coded.next()
    // Where there is no payload, headers may have a coding all the same.
    if (first.done || this.#left) return undefined
    const source: Readable = new Readable({
      read: () => {
        coded.next().then(
          ({ done, value }) => source.push(done ? null : value),
          (reason) => {
            this.#lost = { reason }
            source.destroy(reason)
          },
        )
      },
    })
    source.push(first.value)
    this.#decoder = this.#makeDecoder(first.value)
    // Who reads the decoder is told of errors, and who has left it is not.
    this.#decoder.on('error', () => {})
    pipeline(source, this.#decoder, () => {})
    return this.#decoder[Symbol.asyncIterator]() as AsyncIterator<Buffer, void>
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
