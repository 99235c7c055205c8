/** `context.request()`: its options, and what it refuses before anything is sent. */
import { types } from 'node:util'
import { checkObject, checkSignal, invalidArgType, outOfRange } from '../arguments.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { type BlobLike, isBlobLike } from '../messages/blob-like.js'
import { cannotSend } from '../streams/refusals.js'
import type { StreamOpener } from '../streams/stream-wiring.js'
import type { Kind } from '../streamtypes/kind.js'
import { checkMetadata, type Metadata } from '../streamtypes/metadata.js'
import type { Reply } from './reply.js'
import { Transaction } from './transaction.js'

/** Options of `context.request()`. */
export interface RequestOptions {
  /** Values of the streamtype's metadata. */
  metadata?: Metadata
  /**
   * What to send; text is UTF-8. Needs an `http_method` with a body. A Blob, such as one of
   * `fs.openAsBlob()`, or what has its `size` and `slice()`, is read as it leaves.
   */
  body?: string | Uint8Array | BlobLike
  /** Ends the transaction when aborted. */
  signal?: AbortSignal
  /**
   * How long the whole transaction may take, in milliseconds, its payload included; `Infinity`: for ever.
   * Default: the policy's `timeout_ms`, and without that, `Infinity`.
   */
  timeout?: number
}

const WITHOUT_BODY = 'leave out the body, or set http_method to one that has one'

/**
 * One transaction on a stream of its own; see `context.request()`.
 *
 * @throws TypeError for metadata that cannot be sent
 */
export function performRequest(
  opener: StreamOpener,
  streamtype: string,
  options: RequestOptions,
): { reply: Promise<Reply>; over: Promise<void> } {
  const { metadata, body, signal } = options
  if (signal?.aborted) return failed(signal.reason)
  try {
    const kind = opener.kindOf(streamtype)
    requireTransactional(kind)
    const refusal = body !== undefined && cannotSend(kind, WITHOUT_BODY)
    if (refusal) return failed(refusal)
    return new Transaction(opener.open(kind, metadata ? { metadata } : {}), options)
  } catch (error) {
    // Wrong arguments throw, also where only the policy can tell that they are wrong.
    if (error instanceof TypeError) throw error
    return failed(error)
  }
}

function failed(reason: unknown): { reply: Promise<Reply>; over: Promise<void> } {
  return { reply: Promise.reject(reason), over: Promise.resolve() }
}

/**
 * Checks what `request()` was given, as far as the policy has no say in it.
 *
 * @throws TypeError, RangeError
 */
export function checkRequestOptions(options: RequestOptions): void {
  checkObject('options', options)
  checkSignal('options.signal', options.signal)
  checkMetadata(options.metadata)
  checkBody(options.body)
  checkTimeout(options.timeout)
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
function checkBody(body: unknown): void {
  if (body === undefined || typeof body === 'string' || types.isUint8Array(body)) return
  if (isBlobLike(body)) return
  const expected = 'of type string or an instance of Buffer, Uint8Array or Blob'
  throw invalidArgType('options.body', expected, body)
}

/** @throws TypeError, RangeError unless it is left out or a number of milliseconds. */
function checkTimeout(timeout: unknown): void {
  if (timeout === undefined) return
  if (typeof timeout !== 'number')
    throw invalidArgType('options.timeout', 'of type number', timeout)
  if (!(timeout >= 0)) throw outOfRange('options.timeout', '>= 0', timeout)
}

/** @throws SecureStreamError `ERR_SS_NOT_TRANSACTIONAL` when the streamtype has no transactions. */
export function requireTransactional({ name, protocol, isTransactional }: Kind): void {
  if (isTransactional) return
  throw new SecureStreamError(
    'ERR_SS_NOT_TRANSACTIONAL',
    `'${name}' is of protocol ${protocol}, which has no transactions: use stream()`,
  )
}
