/** `context.request()`: its options, and what it refuses before anything is sent. */
import { types } from 'node:util'
import { checkObject, checkSignal, invalidArgType, outOfRange } from '../arguments.js'
import { tracing } from '../channels.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { type BlobLike, isBlobLike } from '../messages/blob-like.js'
import { cannotSend } from '../streams/refusals.js'
import type { StreamOpener } from '../streams/stream-wiring.js'
import type { Kind } from '../streamtypes/kind.js'
import { checkMetadata, type Metadata } from '../streamtypes/metadata.js'
import {
  type OutgoingOperation,
  outgoingOperation,
  tracedMetadata,
} from '../streamtypes/operation.js'
import type { Reply } from './reply.js'
import { Transaction } from './transaction.js'

/** What the tracing channel `lws-secure-streams:request` tells: from the call of `request()` until it settles. */
export interface RequestOperation extends OutgoingOperation {
  /** The method of HTTP, as the policy says. */
  readonly method: string
  /** The `SecureStream` that the request is made on; from `end` on. */
  stream?: object
  /** The URL that the reply is from. */
  url?: string
  /** The status of the reply. */
  status?: number
  /** The reply, whose payload is yet to be read; `result`, as Node calls it, is the same. */
  reply?: Reply
}

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

/** A request that was made: its reply, and when nothing of it is left. */
interface Performed {
  reply: Promise<Reply>
  over: Promise<void>
}

/**
 * One transaction on a stream of its own; see `context.request()`.
 *
 * @throws TypeError for metadata that cannot be sent
 */
export function performRequest(
  opener: StreamOpener,
  streamtype: string,
  options: RequestOptions,
): Performed {
  if (options.signal?.aborted) return failed(options.signal.reason)
  try {
    const kind = opener.kindOf(streamtype)
    requireTransactional(kind)
    const perform = tracing.request.hasSubscribers ? performTraced : performOn
    return perform(opener, kind, options)
  } catch (error) {
    // Wrong arguments throw, also where only the policy can tell that they are wrong.
    if (error instanceof TypeError) throw error
    return failed(error)
  }
}

function performOn(
  opener: StreamOpener,
  kind: Kind,
  options: RequestOptions,
  opened?: (stream: object) => void,
): Performed {
  const { metadata, body } = options
  const refusal = body !== undefined && cannotSend(kind, WITHOUT_BODY)
  if (refusal) return failed(refusal)
  const stream = opener.open(kind, metadata ? { metadata } : {})
  opened?.(stream)
  return new Transaction(stream, options)
}

function performTraced(opener: StreamOpener, kind: Kind, options: RequestOptions): Performed {
  kind.metadataPairs(options.metadata)
  const operation: RequestOperation = {
    ...outgoingOperation(kind, options.metadata),
    method: kind.httpMethod,
  }
  let over = Promise.resolve()
  const reply = tracing.request.tracePromise(async () => {
    const metadata = tracedMetadata(operation, kind, options.metadata)
    const performed = performOn(opener, kind, { ...options, metadata }, (stream) => {
      operation.stream = stream
    })
    over = performed.over
    const reply = await performed.reply
    Object.assign(operation, { reply, url: reply.url, status: reply.status })
    return reply
  }, operation)
  return { reply, over }
}

function failed(reason: unknown): Performed {
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
