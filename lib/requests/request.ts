/** `context.request()`: its options, and what it refuses before anything is sent. */
import { checkBoolean, checkObject, checkSignal, invalidArgType, outOfRange } from '../arguments.js'
import { tracing } from '../channels.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { discard } from '../messages/byte-source.js'
import { cannotSend } from '../streams/refusals.js'
import type { StreamOpener } from '../streams/stream-wiring.js'
import type { Kind } from '../streamtypes/kind.js'
import { checkMetadata, type Metadata } from '../streamtypes/metadata.js'
import {
  type OutgoingOperation,
  outgoingOperation,
  tracedMetadata,
} from '../streamtypes/operation.js'
import { type Body, bodyOf, checkBody, checkJson, type RequestBody } from './body.js'
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
   * What to send; text is UTF-8. Needs an `http_method` with a body. What is no text and no bytes is
   * read as it leaves: a Blob, such as one of `fs.openAsBlob()`, or what has its `size` and `slice()`; a
   * `FormData` with its files; a `Readable`, a web stream, or another async iterable of text or bytes,
   * whose length nobody knows, and which can be read only once.
   *
   * `URLSearchParams`, `FormData` and a Blob with a type have their `content-type`, unless metadata or
   * the policy says another.
   */
  body?: RequestBody
  /** A value to send as JSON, instead of a body; its `content-type` is `application/json`. */
  json?: unknown
  /**
   * Whether the codings of the answer's `content-encoding` are undone: gzip, deflate, br, and zstd where
   * Node.js has it; `accept-encoding` asks for them, unless metadata says another. Default: `true`.
   */
  decode?: boolean
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
  const { body, json, signal } = options
  if (signal?.aborted) {
    discard(body)
    return failed(signal.reason)
  }
  try {
    const kind = opener.kindOf(streamtype)
    requireTransactional(kind)
    const refusal = (body ?? json) !== undefined && cannotSend(kind, WITHOUT_BODY)
    if (refusal) throw refusal
    const perform = tracing.request.hasSubscribers ? performTraced : performOn
    return perform(opener, kind, options, bodyOf(options))
  } catch (error) {
    // Wrong arguments throw, also where only the policy can tell that they are wrong.
    if (error instanceof TypeError) throw error
    discard(body)
    return failed(error)
  }
}

function performOn(
  opener: StreamOpener,
  kind: Kind,
  { metadata, signal, timeout, decode = true }: RequestOptions,
  body: Body | Promise<Body> | undefined,
  opened?: (stream: object) => void,
): Performed {
  const stream = opener.open(kind, metadata ? { metadata } : {})
  opened?.(stream)
  return new Transaction(stream, { body, metadata, signal, timeout, decode })
}

function performTraced(
  opener: StreamOpener,
  kind: Kind,
  options: RequestOptions,
  body: Body | Promise<Body> | undefined,
): Performed {
  kind.metadataPairs(options.metadata)
  const operation: RequestOperation = {
    ...outgoingOperation(kind, options.metadata),
    method: kind.httpMethod,
  }
  let over = Promise.resolve()
  const reply = tracing.request.tracePromise(async () => {
    const metadata = tracedMetadata(operation, kind, options.metadata)
    const performed = performOn(opener, kind, { ...options, metadata }, body, (stream) => {
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
  checkJson(options)
  if (options.decode !== undefined) checkBoolean('options.decode', options.decode)
  checkTimeout(options.timeout)
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
