// Bytes without a pattern.

import { createCipheriv } from 'node:crypto'

// Of a prime length: pieces of equal size differ until there have been as many of them.
const PERIOD = 1024 * 1024 + 7
const bytesOfPeriod = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(PERIOD),
)

/** Bytes without a pattern, the same each time it is made; each call goes on where the last ended. */
export class Keystream {
  #at = 0

  /** The next `length` bytes, written to `into`. */
  next(length: number, into: Buffer = Buffer.allocUnsafe(length)): Buffer {
    for (let done = 0; done < length; ) {
      const copied = bytesOfPeriod.copy(into, done, this.#at, this.#at + length - done)
      done += copied
      this.#at = (this.#at + copied) % PERIOD
    }
    return into.subarray(0, length)
  }

  /** Whether `bytes` are what comes next. */
  matches(bytes: Uint8Array): boolean {
    for (let done = 0; done < bytes.length; ) {
      const end = Math.min(this.#at + bytes.length - done, PERIOD)
      const expected = bytesOfPeriod.subarray(this.#at, end)
      if (!expected.equals(bytes.subarray(done, done + expected.length))) return false
      done += expected.length
      this.#at = end % PERIOD
    }
    return true
  }
}
