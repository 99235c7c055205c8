/** The content codings of answers, and how they are undone. */
import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { SecureStreamError } from '../errors/secure-stream-error.js'

/** Makes what undoes a coding; `first`: how the payload begins. */
export type MakeDecoder = (first: Buffer) => Transform

// Larger than zlib's own pieces, each of which costs a turn of the event loop.
const chunkSize = 64 * 1024

// Not all versions of Node that this runs on have it.
const { createZstdDecompress } = zlib as {
  createZstdDecompress?: (options: { chunkSize: number }) => Transform
}

// Some servers leave out the header of zlib, which begins with the method, 8.
const hasZlibHeader = (first: Buffer) => ((first[0] as number) & 0x0f) === 8

const decoders = new Map<string, MakeDecoder>([
  ['gzip', () => zlib.createGunzip({ chunkSize })],
  [
    'deflate',
    (first) =>
      hasZlibHeader(first)
        ? zlib.createInflate({ chunkSize })
        : zlib.createInflateRaw({ chunkSize }),
  ],
  ['br', () => zlib.createBrotliDecompress({ chunkSize })],
])
if (createZstdDecompress) decoders.set('zstd', () => createZstdDecompress({ chunkSize }))

/** What a request says of the codings that its answer may have. */
export const ACCEPTED_CODINGS = [...decoders.keys()].join(', ')

// Each takes memory, and nobody has a use for more.
const MAX_CODINGS = 5

/**
 * What undoes the codings of a payload, in that order; none where one of them is unknown, so that the
 * program gets what the server sent.
 *
 * @throws SecureStreamError `ERR_SS_DECODE` for too many
 */
export function decodersFor(headers: Headers, streamtype: string): MakeDecoder[] {
  const codings = (headers.get('content-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim().replace(/^x-gzip$/, 'gzip'))
    .filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length > MAX_CODINGS)
    throw cannotDecode(streamtype, `has ${codings.length} codings, more than ${MAX_CODINGS}`)
  const found = codings.flatMap((coding) => decoders.get(coding) ?? [])
  return found.length === codings.length ? found.reverse() : []
}

/** The error for a payload whose codings cannot be undone. */
export function cannotDecode(streamtype: string, what: string, cause?: unknown): SecureStreamError {
  return new SecureStreamError(
    'ERR_SS_DECODE',
    `the answer to '${streamtype}' ${what}; decode: false gives it as it is`,
    cause === undefined ? {} : { cause },
  )
}
