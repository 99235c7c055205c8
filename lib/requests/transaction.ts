/** One transaction, on a stream of its own. */
import { types } from 'node:util'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { rejectForCaller } from '../errors/reject-for-caller.js'
import { TimeoutError } from '../errors/timeout-error.js'
import type { AnswerHead } from '../messages/answer-head.js'
import type { BlobLike } from '../messages/blob-like.js'
import { onAbort } from '../on-abort.js'
import type { StateName } from '../state.js'
import type { SecureStream } from '../streams/secure-stream.js'
import { Reply } from './reply.js'

/** What is sent, and for how long the answer is waited for; see `context.request()`. */
export interface TransactionOptions {
  body?: string | Uint8Array | BlobLike
  signal?: AbortSignal
  timeout?: number
}

// A timer that is set for longer fires at once.
const LONGEST_TIMER = 0x7fffffff

/** One transaction on a stream that nobody else uses. */
export class Transaction {
  readonly reply: Promise<Reply>
  /** Settles when the answer is complete, or nobody takes the rest of it. */
  readonly over: Promise<void>
  readonly #stream: SecureStream
  #pending:
    | { resolve(reply: Reply | PromiseLike<never>): void; reject(reason: unknown): void }
    | undefined
  #done = false
  #release: () => void = () => {}

  constructor(stream: SecureStream, options: TransactionOptions) {
    const { body, signal, timeout = stream.life.kind.timeLimit ?? Infinity } = options
    this.#stream = stream
    this.reply = new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
    stream.on('state', this.#onState)
    stream.receiving.keepAnswer()
    this.over = stream.life.closedOrUnread()
    stream.life.ignoreTimeLimit()

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
      const sent = isBytes(body) ? stream.sending.sendUntraced(body) : stream.sending.sendBlob(body)
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
        if (this.#pending) this.#rejectReply(this.#stream.life.destroyedError())
        break
    }
  }

  get #head(): AnswerHead | undefined {
    return this.#stream.life.head
  }

  #answer(gaveUp?: StateName): void {
    const head = this.#head
    if (!this.#pending || !head) return
    const { accepted: acked, userState } = this.#stream.life.attempt
    const state = gaveUp ?? userState ?? (acked ? 'QOS_ACK_REMOTE' : 'QOS_NACK_REMOTE')
    this.#pending.resolve(
      new Reply(
        acked,
        state,
        head,
        this.#stream.receiving.answeredMetadata,
        this.#stream.receiving.chunks(),
        () => this.#stream.destroy(),
      ),
    )
    this.#pending = undefined
  }

  #failure(): Error {
    const { streamtype, life } = this.#stream
    return this.#pending
      ? life.attempt.gaveUp()
      : new DisconnectedError(streamtype, 'before the response was complete')
  }

  #fail(reason: unknown): void {
    if (this.#done) return
    this.#done = true
    this.#release()
    this.#rejectReply(reason)
    this.#stream.life.abort(reason)
  }

  #rejectReply(reason: unknown): void {
    if (this.#pending) rejectForCaller(this.#pending, reason)
    this.#pending = undefined
  }
}

const isBytes = (body: unknown): body is string | Uint8Array =>
  typeof body === 'string' || types.isUint8Array(body)
