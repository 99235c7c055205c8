// Where `lws-ss run` writes payload.
import { constants, fstatSync, ftruncateSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { CommandError } from '../command-error.mjs'
import { ExitStatus } from '../exit-status.mjs'
import { Progress } from './progress.mjs'

const LINE_END = 0x0a

/** Where payload goes: a file, or standard output. */
export class Output {
  readonly #file: FileHandle | undefined
  readonly #hasBar: boolean
  #bytes = 0
  #endsLine = true
  #progress: Progress | undefined

  private constructor(file: FileHandle | undefined, hasBar: boolean) {
    this.#file = file
    this.#hasBar = hasBar
  }

  /** Opens the file. Its content stays until {@link begin}. `hasBar`: whether progress is shown. */
  static async open(file: string | undefined, hasBar: boolean): Promise<Output> {
    if (file === undefined) return new Output(undefined, false)
    try {
      return new Output(await open(file, constants.O_WRONLY | constants.O_CREAT), hasBar)
    } catch (error) {
      const why = (error as Error).message
      throw new CommandError(`the file ${file} cannot be written: ${why}`, ExitStatus.Failed)
    }
  }

  /** How much was written. */
  get bytes(): number {
    return this.#bytes
  }

  /** `length`: how many bytes will come, if that is known. What has come need not wait for this. */
  begin(length?: number): void {
    if (!this.#file) return
    const { fd } = this.#file
    if (fstatSync(fd).isFile()) ftruncateSync(fd)
    if (this.#hasBar) this.#progress = new Progress('receiving', length)
  }

  /** Writes payload. Returns false when the reader has gone, as `head` does after its lines. */
  async write(data: Uint8Array): Promise<boolean> {
    try {
      await (this.#file ? this.#file.appendFile(data) : this.#print(data))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') return false
      throw new CommandError(`the output cannot be written: ${message}`, ExitStatus.Failed)
    }
    this.#bytes += data.byteLength
    if (data.byteLength > 0) this.#endsLine = data.at(-1) === LINE_END
    this.#progress?.update(this.#bytes)
    return true
  }

  async close(): Promise<void> {
    this.#progress?.stop()
    // On a terminal, what the command says next begins a line. Elsewhere the payload is all there is.
    if (!this.#file && !this.#endsLine && process.stdout.isTTY) process.stdout.write('\n')
    await this.#file?.close()
  }

  #print(data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(data, (error) => (error ? reject(error) : resolve()))
    })
  }
}
