// The file of the option `cookieJar`.
import {
  closeSync,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { Cookie } from 'tough-cookie'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { readNetscape, writeNetscape } from './netscape.js'

// A process holds the lock during a few system calls. When it holds it for longer, it has died.
const LONGEST_MS = 2000
const NAP_MS = 2
const ONLY_OWNER = 0o600

const nap = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAP_MS)
const stats = (file: string) => statSync(file, { throwIfNoEntry: false })
const stateOf = (is: Stats | undefined) => (is ? `${is.ino} ${is.size} ${is.mtimeMs}` : '')

/**
 * A file of cookies that other contexts and processes may use at the same time. A writer fills the lock
 * file and renames it to the file, so that no reader sees half of a file.
 */
export class CookieFile {
  readonly #file: string
  readonly #lock: string
  /** What the file was when it was read or written last. */
  #seen = ''

  constructor(file: string) {
    this.#file = path.resolve(file)
    this.#lock = `${this.#file}.lock`
  }

  /** @throws SecureStreamError `ERR_SS_COOKIE_JAR` when it cannot be read, or not be written */
  check(): void {
    this.#attempt('read', () => this.#read())
    this.#attempt('written', () => {
      closeSync(this.#takeLock())
      rmSync(this.#lock)
    })
  }

  /**
   * The cookies in the file, or nothing when they are as they were.
   *
   * @throws SecureStreamError `ERR_SS_COOKIE_JAR`
   */
  readIfChanged(): Cookie[] | undefined {
    const state = stateOf(stats(this.#file))
    if (state === this.#seen) return undefined
    const cookies = this.#attempt('read', () => this.#read())
    this.#seen = state
    return cookies
  }

  /**
   * Replaces what is in the file.
   *
   * @param change - is given what {@link readIfChanged} returns, and says what is to be there
   * @throws SecureStreamError `ERR_SS_COOKIE_JAR`
   */
  update(change: (cookies: Cookie[] | undefined) => readonly Cookie[]): void {
    this.#attempt('written', () => {
      const lock = this.#takeLock()
      let written = ''
      try {
        try {
          const before = stats(this.#file)
          if (before) fchmodSync(lock, before.mode & 0o777)
          writeFileSync(lock, writeNetscape(change(this.readIfChanged())), 'latin1')
          // After the rename another process may replace the file, so the state is taken before.
          written = stateOf(fstatSync(lock))
        } finally {
          closeSync(lock)
        }
        renameSync(this.#lock, this.#file)
      } catch (error) {
        rmSync(this.#lock, { force: true })
        throw error
      }
      this.#seen = written
    })
  }

  #read(): Cookie[] {
    return stats(this.#file) ? readNetscape(readFileSync(this.#file, 'latin1')) : []
  }

  #takeLock(): number {
    for (;;) {
      try {
        return openSync(this.#lock, 'wx', ONLY_OWNER)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const since = stats(this.#lock)?.mtimeMs
      if (since !== undefined && Math.abs(Date.now() - since) > LONGEST_MS)
        rmSync(this.#lock, { force: true })
      else nap()
    }
  }

  #attempt<T>(what: 'read' | 'written', action: () => T): T {
    try {
      return action()
    } catch (cause) {
      if (cause instanceof SecureStreamError) throw cause
      throw new SecureStreamError(
        'ERR_SS_COOKIE_JAR',
        `the cookie jar ${this.#file} cannot be ${what}: ${(cause as Error).message}`,
        { cause },
      )
    }
  }
}
