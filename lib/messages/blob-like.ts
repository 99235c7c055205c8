/** The blobs that can be sent, and how they are read. */
import type { ByteSource } from './byte-source.js'

/**
 * What of a `Blob` is used to send it, so that other things can be sent in the same way: a file of more
 * than 4 GiB, for example, whose size `fs.openAsBlob()` of some versions of Node.js gets wrong.
 */
export interface BlobLike {
  /** How many bytes it has. */
  readonly size: number
  /** The bytes from one place to before another. */
  slice(
    from: number,
    to: number,
  ): {
    /** Reads them. */
    arrayBuffer(): Promise<ArrayBuffer>
  }
}

// Large enough that reading it costs little, and small beside what a process takes anyway.
const PIECE = 256 * 1024

export function isBlobLike(value: unknown): value is BlobLike {
  const { size, slice } = Object(value)
  return Number.isSafeInteger(size) && size >= 0 && typeof slice === 'function'
}

/** A blob, of which any piece can be read at any time. */
export class BlobSource implements ByteSource {
  readonly size: number
  readonly #blob: BlobLike

  constructor(blob: BlobLike) {
    this.size = blob.size
    this.#blob = blob
  }

  /** @throws DOMException `NotReadableError` when the piece is not there; what reading it throws */
  async read(piece: number): Promise<Uint8Array> {
    const from = piece * PIECE
    const to = Math.min(from + PIECE, this.size)
    const bytes = new Uint8Array(await this.#blob.slice(from, to).arrayBuffer())
    if (bytes.byteLength === to - from) return bytes
    throw new DOMException(
      `the body gave ${bytes.byteLength} bytes instead of those from ${from} to ${to}`,
      'NotReadableError',
    )
  }
}
