// The file of `lws-ss run --data-file`.
import { type FileHandle, open } from 'node:fs/promises'
import type { BlobLike } from '../../messages/blob-like.js'
import { CommandError } from '../command-error.mjs'
import { ExitStatus } from '../exit-status.mjs'
import { Progress } from './progress.mjs'

const PIECE = 64 * 1024

const unreadable = (file: string, why: string) =>
  new CommandError(`the file ${file} cannot be read: ${why}`, ExitStatus.Failed)

/** A file that is sent, which shows how far it has been read. */
export class InputFile implements BlobLike {
  readonly size: number
  readonly #name: string
  readonly #handle: FileHandle
  readonly #hasBar: boolean
  #progress: Progress | undefined

  private constructor(name: string, handle: FileHandle, size: number, hasBar: boolean) {
    this.#name = name
    this.#handle = handle
    this.#hasBar = hasBar
    this.size = size
  }

  /** `hasBar`: whether progress is shown. @throws CommandError */
  static async open(name: string, hasBar: boolean): Promise<InputFile> {
    let handle: FileHandle | undefined
    try {
      handle = await open(name)
      const stat = await handle.stat()
      if (!stat.isFile()) throw new Error('it is no regular file')
      return new InputFile(name, handle, stat.size, hasBar)
    } catch (error) {
      await handle?.close()
      throw unreadable(name, (error as Error).message)
    }
  }

  slice(from: number, to: number) {
    return { arrayBuffer: () => this.#send(from, to) }
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    for (let from = 0; from < this.size; from += PIECE)
      yield new Uint8Array(await this.#send(from, Math.min(from + PIECE, this.size)))
  }

  /** @throws CommandError when it is not text in UTF-8 */
  async requireText(): Promise<void> {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    try {
      for (let from = 0; from < this.size; from += PIECE) {
        const piece = await this.#read(from, Math.min(from + PIECE, this.size))
        decoder.decode(piece, { stream: true })
      }
      decoder.decode()
    } catch (error) {
      if (error instanceof CommandError) throw error
      throw new CommandError(
        `the file ${this.#name} is not text in UTF-8: send it with --binary`,
        ExitStatus.Misused,
      )
    }
  }

  async close(): Promise<void> {
    this.#progress?.stop()
    await this.#handle.close()
  }

  async #send(from: number, to: number): Promise<ArrayBuffer> {
    if (this.#hasBar) this.#progress ??= new Progress('sending', this.size)
    const bytes = await this.#read(from, to)
    this.#progress?.update(to)
    return bytes
  }

  async #read(from: number, to: number): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(to - from)
    for (let have = 0; have < bytes.byteLength; ) {
      const { bytesRead } = await this.#handle.read(
        bytes,
        have,
        bytes.byteLength - have,
        from + have,
      )
      if (bytesRead === 0) throw unreadable(this.#name, 'it has become shorter meanwhile')
      have += bytesRead
    }
    return bytes.buffer
  }
}
