/** What may be sent besides text and bytes. */
import { types } from 'node:util'
import { type BlobLike, BlobSource, isBlobLike } from './blob-like.js'
import {
  type ByteSource,
  type BytesIterable,
  IterableSource,
  isAsyncIterable,
} from './byte-source.js'

/** What `send()` takes: text, which is UTF-8, bytes, or what gives them piece by piece. */
export type Sendable = string | Uint8Array | BlobLike | BytesIterable | ReadableStream

export const isBytes = (data: unknown): data is string | Uint8Array =>
  typeof data === 'string' || types.isUint8Array(data)

export const isReadInPieces = (data: unknown): data is BlobLike | BytesIterable =>
  isBlobLike(data) || isAsyncIterable(data)

/**
 * What `data` is read from; the argument is called `name`.
 *
 * @throws TypeError `ERR_INVALID_STATE` for a stream that has been read
 */
export function sourceOf(name: string, data: BlobLike | BytesIterable): ByteSource {
  return isBlobLike(data) ? new BlobSource(data) : new IterableSource(name, data)
}
