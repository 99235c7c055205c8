// What the dialects of connections have in common.

/** Which way something goes: `>` to the peer, `<` from it. */
export type Way = '>' | '<'

/** Says one line of what passes. */
export type Say = (way: Way, line: string) => void

/** The dialect that goes on with the rest of what was heard. */
export type Change = { readonly dialect: Dialect; readonly rest: string } | undefined

/** Puts what passes on a connection into words. Its bytes are text with a character for each. */
export interface Dialect {
  hear(way: Way, bytes: string): Change
}

// More of a packet than this is payload.
const KEPT = 64 * 1024

/** Text of bytes as UTF-8. */
export const utf8 = (bytes: string) => Buffer.from(bytes, 'latin1').toString('utf8')

export const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

/** How long a frame is, and how much of that is before its payload; `undefined` while that is not known. */
export type FrameLength = { readonly head: number; readonly whole: number } | undefined

/** Cuts a stream of bytes into frames, of whose payload it keeps the beginning. */
export class Frames {
  readonly #lengthOf: (bytes: string) => FrameLength
  readonly #tell: (frame: string, length: NonNullable<FrameLength>) => void
  #bytes = ''
  #skipped = 0

  constructor(
    lengthOf: (bytes: string) => FrameLength,
    tell: (frame: string, length: NonNullable<FrameLength>) => void,
  ) {
    this.#lengthOf = lengthOf
    this.#tell = tell
  }

  add(bytes: string): void {
    let rest = bytes
    for (;;) {
      if (this.#skipped > 0) {
        const skipped = Math.min(this.#skipped, rest.length)
        this.#skipped -= skipped
        rest = rest.slice(skipped)
      }
      this.#bytes += rest
      rest = ''
      const length = this.#lengthOf(this.#bytes)
      if (!length) return
      const kept = Math.min(length.whole, length.head + KEPT)
      if (this.#bytes.length < kept) return
      this.#tell(this.#bytes.slice(0, kept), length)
      rest = this.#bytes.slice(kept)
      this.#bytes = ''
      this.#skipped = length.whole - kept
      if (rest === '') return
    }
  }
}

/** A number of several bytes, the first one first. */
export function numberAt(bytes: string, at: number, size: number): number {
  let number = 0
  for (let n = at; n < at + size; n++) number = number * 256 + bytes.charCodeAt(n)
  return number
}
