import { createCipheriv } from 'node:crypto'

const KEY = Buffer.alloc(16)
const ZEROS = Buffer.alloc(1024 * 1024)

/** Bytes that never repeat, the same each time it is made; each call goes on where the last ended. */
export class Keystream {
  readonly #cipher = createCipheriv('aes-128-ctr', KEY, KEY)

  next(length: number): Buffer {
    if (length <= ZEROS.length) return this.#cipher.update(ZEROS.subarray(0, length))
    return this.#cipher.update(Buffer.alloc(length))
  }

  /** Whether `bytes` are what comes next. */
  matches(bytes: Uint8Array): boolean {
    return this.next(bytes.length).equals(bytes)
  }
}
