import { types } from 'node:util'
import { checkObject, checkSignal, invalidArgType, outOfRange } from '../arguments.js'
import type { Context } from '../context/context.js'
import { AllRetriesFailedError } from '../errors/all-retries-failed-error.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { rejectForCaller } from '../errors/reject-for-caller.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { TimeoutError } from '../errors/timeout-error.js'
import { onAbort } from '../on-abort.js'
import type { Streamtype } from '../policy/types.js'
import type { SecureStream } from '../stream/secure-stream.js'
import type { StateName } from '../stream/state.js'
import type { Metadata } from '../stream/stream-types.js'
import { cannotSend, checkMetadata, streamTraits } from '../stream/streamtype-traits.js'
import type { AnswerHead } from './answer-head.js'
import { type BlobLike, isBlobLike } from './blob-like.js'
import { Reply } from './reply.js'

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

// A timer that is set for longer fires at once.
const LONGEST_TIMER = 0x7fffffff

const WITHOUT_BODY = 'leave out the body, or set http_method to one that has one'

/**
 * One transaction on a stream of its own; see `context.request()`.
 *
 * @throws TypeError for metadata that cannot be sent
 */
export function performRequest(
  context: Context,
  streamtype: string,
  options: RequestOptions,
): { reply: Promise<Reply>; over: Promise<void> } {
  const { metadata, body, signal } = options
  if (signal?.aborted) return failed(signal.reason)
  try {
    const definition = context.definition(streamtype)
    requireTransactional(streamtype, definition)
    const refusal = body !== undefined && cannotSend(streamtype, definition, WITHOUT_BODY)
    if (refusal) return failed(refusal)
    return transact(context.stream(streamtype, metadata ? { metadata } : {}), options)
  } catch (error) {
    // Wrong arguments throw, also where only the policy can tell that they are wrong.
    if (error instanceof TypeError) throw error
    return failed(error)
  }
}

function failed(reason: unknown): { reply: Promise<Reply>; over: Promise<void> } {
  return { reply: Promise.reject(reason), over: Promise.resolve() }
}

const isBytes = (body: unknown): body is string | Uint8Array =>
  typeof body === 'string' || types.isUint8Array(body)

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
  if (body === undefined || isBytes(body) || isBlobLike(body)) return
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
export function requireTransactional(streamtype: string, definition: Streamtype): void {
  if (streamTraits(definition).transactional) return
  throw new SecureStreamError(
    'ERR_SS_NOT_TRANSACTIONAL',
    `'${streamtype}' is of protocol ${definition.protocol}, which has no transactions: use stream()`,
  )
}

/** One transaction on a stream that nobody else uses. */
export function transact(
  stream: SecureStream,
  options: RequestOptions,
): { reply: Promise<Reply>; over: Promise<void> } {
  return new Transaction(stream, options)
}

class Transaction {
  readonly reply: Promise<Reply>
  /** Settles when the answer is complete, or nobody takes the rest of it. */
  readonly over: Promise<void>
  readonly #stream: SecureStream
  #pending:
    | { resolve(reply: Reply | PromiseLike<never>): void; reject(reason: unknown): void }
    | undefined
  #done = false
  #release: () => void = () => {}

  constructor(stream: SecureStream, options: RequestOptions) {
    // 0 is none, as it is to libwebsockets.
    const { body, signal, timeout = stream.definition.timeout_ms || Infinity } = options
    this.#stream = stream
    this.reply = new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
    stream.on('state', this.#onState)
    stream.messageEvents?.keepAnswer()
    this.over = stream.closedOrForsaken()
    stream.ignoreTimeLimit()

    const timer =
      timeout > LONGEST_TIMER
        ? undefined
        : setTimeout(() => this.#fail(new TimeoutError(stream.streamtype)), timeout)
    const unwatch = signal && onAbort(signal, () => this.#fail(signal.reason))
    this.#release = () => {
      clearTimeout(timer)
      unwatch?.()
    }

    if (body === undefined) {
      stream.requestTx()
    } else {
      const sent = isBytes(body) ? stream.send(body) : stream.sendBlob(body)
      // The states tell whether it was accepted; a refusal to send at all is told only here.
      sent.catch((error) => this.#pending && this.#fail(error))
    }
  }

  #onState = (state: StateName | number): void => {
    switch (state) {
      case 'CONNECTED':
        this.#answer()
        break
      case 'UNREACHABLE':
        if (this.#head) this.#answer('ALL_RETRIES_FAILED')
        break
      case 'QOS_ACK_REMOTE':
      case 'QOS_NACK_REMOTE':
        this.#done = true
        this.#stream.destroy()
        break
      case 'CONNECTING':
      case 'DISCONNECTED':
        // The policy would have it done again, but the caller has the beginning of this answer.
        if (!this.#pending && !this.#done) this.#fail(this.#failure())
        break
      case 'ALL_RETRIES_FAILED':
        if (!this.#head?.complete) this.#fail(this.#failure())
        this.#done = true
        this.#stream.destroy()
        break
      case 'DESTROYING':
        this.#release()
        if (this.#pending) this.#rejectReply(this.#stream.destroyedError())
        break
    }
  }

  get #head(): AnswerHead | undefined {
    return this.#stream.messageEvents?.head
  }

  #answer(gaveUp?: StateName): void {
    const head = this.#head
    if (!this.#pending || !head) return
    const { accepted: acked, userState } = this.#stream.lastAttempt
    const state = gaveUp ?? userState ?? (acked ? 'QOS_ACK_REMOTE' : 'QOS_NACK_REMOTE')
    this.#pending.resolve(
      new Reply(
        acked,
        state,
        head,
        this.#stream.answeredMetadata,
        this.#stream.receivedChunks(),
        () => this.#stream.destroy(),
      ),
    )
    this.#pending = undefined
  }

  #failure(): Error {
    const { streamtype, lastAttempt } = this.#stream
    return this.#pending
      ? new AllRetriesFailedError(streamtype, lastAttempt.failure)
      : new DisconnectedError(streamtype, 'before the response was complete')
  }

  #fail(reason: unknown): void {
    if (this.#done) return
    this.#done = true
    this.#release()
    this.#rejectReply(reason)
    this.#stream.abort(reason)
  }

  #rejectReply(reason: unknown): void {
    if (this.#pending) rejectForCaller(this.#pending, reason)
    this.#pending = undefined
  }
}
