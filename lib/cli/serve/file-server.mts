// How `lws-ss serve` answers requests for files.
import type { FileHandle } from 'node:fs/promises'
import { STATUS_CODES } from 'node:http'
import type { Transaction } from '../../serving/transaction.js'
import { type FileResponse, fileResponse } from './file-response.mjs'
import { listingPage } from './listing.mjs'
import { type Found, PublicFolder, Unreadable } from './public-folder.mjs'

/** What a request was answered with. */
export interface Answered {
  readonly status: number
  /** Of the body. */
  readonly bytes: number
}

const ALLOWED = { allow: 'GET, HEAD, OPTIONS' }
const INDEX = 'index.html'
const PIECE = 256 * 1024

const pathOf = (names: readonly string[], end: string) =>
  `/${names.map(encodeURIComponent).join('/')}${names.length > 0 ? end : ''}`

async function answer(
  transaction: Transaction,
  status: number,
  more: Record<string, string> = {},
  body = `${status} ${STATUS_CODES[status]}\n`,
): Promise<Answered> {
  const type = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  const headers = { ...(body !== '' && type), ...more }
  await transaction.ack(undefined, { status, headers }).end(body)
  return { status, bytes: transaction.method === 'HEAD' ? 0 : Buffer.byteLength(body) }
}

/** Serves the files of a directory; without one, says that there is none. */
export class FileServer {
  readonly #folder: PublicFolder | undefined

  constructor(folder: PublicFolder | undefined) {
    this.#folder = folder
  }

  /** @returns settles when the response is with the socket */
  async answer(transaction: Transaction): Promise<Answered> {
    const { method, url } = transaction
    if (method === 'OPTIONS') return answer(transaction, 204, ALLOWED, '')
    if (method !== 'GET' && method !== 'HEAD') return answer(transaction, 405, ALLOWED)
    const names = this.#folder && PublicFolder.namesIn(url)
    if (!this.#folder || !names) return answer(transaction, 404)
    try {
      return await this.#place(transaction, this.#folder, names)
    } catch (error) {
      if (error instanceof Unreadable) return answer(transaction, 403)
      throw error
    }
  }

  async #place(transaction: Transaction, folder: PublicFolder, names: string[]): Promise<Answered> {
    const found = await folder.find(names)
    const [given = '', ...query] = transaction.url.split('?')
    const endsInSlash = given.endsWith('/')
    if (found?.isFile && !endsInSlash) return this.#file(transaction, folder, found)
    if (!found?.isDirectory) return answer(transaction, 404)
    if (!endsInSlash) {
      const location = [pathOf(names, '/'), ...query].join('?')
      return answer(transaction, 301, { location })
    }
    const index = await folder.find([...names, INDEX])
    if (index?.isFile) return this.#file(transaction, folder, index)
    const page = listingPage(
      `/${names.map((name) => `${name}/`).join('')}`,
      await folder.list(names, found),
    )
    return answer(transaction, 200, { 'content-type': 'text/html; charset=utf-8' }, page)
  }

  async #file(transaction: Transaction, folder: PublicFolder, found: Found): Promise<Answered> {
    const made = await fileResponse(transaction, folder, found)
    if (!made) return answer(transaction, 404)
    const { response, file } = made
    try {
      return await this.#send(transaction, response, file)
    } finally {
      await file.close()
    }
  }

  async #send(
    transaction: Transaction,
    { status, headers, body, start, length }: FileResponse,
    file: FileHandle,
  ): Promise<Answered> {
    transaction.ack(undefined, { status, headers })
    const hasBody = transaction.method === 'GET' && length > 0
    if (body || !hasBody) {
      await transaction.end(body)
      return { status, bytes: body?.length ?? 0 }
    }
    let bytes = 0
    const end = start + length - 1
    const pieces = file.createReadStream({ start, end, highWaterMark: PIECE, autoClose: false })
    for await (const piece of pieces) {
      await transaction.write(piece)
      bytes += piece.length
    }
    // A file that has become shorter ends the connection: the client sees that something is missing.
    await transaction.end()
    return { status, bytes }
  }
}
