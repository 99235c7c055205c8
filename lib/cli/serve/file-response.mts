// What a file is answered with: its headers, and the part of it that was asked for.
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { send } from '@fastify/send'
import type { Transaction } from '../../serving/transaction.js'
import type { Found, PublicFolder } from './public-folder.mjs'

/** The response to a request for a file. */
export interface FileResponse {
  readonly status: number
  readonly headers: Headers
  /** Instead of a part of the file. */
  readonly body?: Buffer
  /** The first byte of it. */
  readonly start: number
  readonly length: number
}

// Then it is most likely being written to, again and again.
const ATTEMPTS = 5

const isSame = (a: Stats, b: Stats) =>
  a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeMs === b.mtimeMs

/** @returns `undefined` when the file behind the path is another one by now */
async function responseNow(
  { method, headers: given }: Transaction,
  folder: PublicFolder,
  found: Found,
  opened: Stats,
): Promise<FileResponse | undefined> {
  const asked: Record<string, string> = Object.fromEntries(given)
  // send takes a weak tag for a match, which RFC 9110 (13.1.5) does not; then the whole file is due.
  // Nor is there a part of what HEAD has (14.2).
  if (asked['if-range']?.startsWith('W/') || method === 'HEAD') delete asked.range
  // More than there is from the end is all of it (14.1.2), which send has nothing for.
  const [, last] = /^bytes=-(\d+)$/.exec(asked.range ?? '') ?? []
  if (Number(last) > opened.size) asked.range = 'bytes=0-'
  // With HEAD, it does not open the file, which is open already.
  const request = { method: 'HEAD', headers: asked } as unknown as Readable
  const place = folder.namesOf(found.path).map(encodeURIComponent).join('/')
  const answer = await send(request, place, { root: folder.root, index: false })
  const { statusCode: status, metadata, stream, type } = answer
  const headers = new Headers(answer.headers)
  headers.set('x-content-type-options', 'nosniff')
  if (type !== 'file') return { status, headers, body: await buffer(stream), start: 0, length: 0 }
  if (!isSame(metadata.stat, opened)) return undefined
  const [, start] = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '') ?? []
  const length = Number(headers.get('content-length') ?? 0)
  return { status, headers, start: Number(start ?? 0), length }
}

/** What a file is answered with, and the file, which is to be closed; `undefined` when there is none. */
export async function fileResponse(
  transaction: Transaction,
  folder: PublicFolder,
  found: Found,
): Promise<{ response: FileResponse; file: FileHandle } | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const file = await folder.open(found)
    if (!file) return undefined
    let isKept = false
    try {
      const opened = await file.stat()
      if (!opened.isFile()) return undefined
      const response = await responseNow(transaction, folder, found, opened)
      isKept = response !== undefined
      if (response) return { response, file }
    } finally {
      if (!isKept) await file.close()
    }
  }
  return undefined
}
