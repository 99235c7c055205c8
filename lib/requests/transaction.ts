/** One transaction, on a stream of its own. */
import { rejectForCaller } from '../errors/reject-for-caller.js'
import type { AnswerHead } from '../messages/answer-head.js'
import { onAbort } from '../on-abort.js'
import type { StateName } from '../state.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { Metadata } from '../streamtypes/metadata.js'
import type { Body } from './body.js'
import { ownHeaders } from './own-headers.js'
import { Reply } from './reply.js'

/** What is sent, and for how long the answer is waited for; see `context.request()`. */
export interface TransactionOptions {
  readonly body?: Body | Promise<Body> | undefined
  /** What the program has set of the stream's metadata. */
  readonly metadata?: Metadata | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeout?: number | undefined
  readonly decode?: boolean
}

// A timer that is set for longer fires at once.
const LONGEST_TIMER = 0x7fffffff

/** One transaction on a stream that nobody else uses. */
export class Transaction {
  readonly reply: Promise<Reply>
  /** Settles when the answer is complete, or nobody takes the rest of it. */
  readonly over: Promise<void>
  readonly #stream: SecureStream
  readonly #options: TransactionOptions
  #pending:
    | { resolve(reply: Reply | PromiseLike<never>): void; reject(reason: unknown): void }
    | undefined
  #done = false
  #release: () => void = () => {}

  constructor(stream: SecureStream, options: TransactionOptions) {
    const { body, signal, timeout = stream.life.kind.timeLimit ?? Infinity } = options
    this.#stream = stream
    this.#options = options
    this.reply = new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
    stream.on('state', this.#onState)
    stream.receiving.keepAnswer()
    this.over = stream.life.closedOrUnread()
    stream.life.ignoreTimeLimit()
    // Subscribers of the diagnostics channels have the stream, too.
    stream.life.onDisconnect = (reason) => this.#fail(reason)

    const timer =
      timeout > LONGEST_TIMER
        ? undefined
        : setTimeout(() => this.#fail(stream.life.timedOut(timeout)), timeout).unref()
    const unwatch = signal && onAbort(signal, () => this.#fail(signal.reason))
    this.#release = () => {
      clearTimeout(timer)
      unwatch?.()
    }

    if (body instanceof Promise)
      body.then(
        (read) => this.#begin(read),
        (error) => this.#fail(error),
      )
    else this.#begin(body)
  }

  #begin(body: Body | undefined): void {
    if (this.#done) return
    this.#setOwnHeaders(body?.type)
    if (!body) {
      this.#stream.requestTx()
      return
    }
    const { data } = body
    const isText = typeof data === 'string'
    const sent =
      isText || data instanceof Uint8Array
        ? this.#stream.sending.sendUntraced(data)
        : this.#stream.sending.sendFrom(data)
    // The states tell whether it was accepted; a refusal to send at all is told only here.
    sent.catch((error) => this.#pending && this.#fail(error))
  }

  #setOwnHeaders(type: string | undefined): void {
    const { metadata = {}, decode = true } = this.#options
    const { life, sending } = this.#stream
    for (const [name, value] of ownHeaders(life.kind, metadata, { type, decode }))
      sending.native.setMetadata(name, Buffer.from(value))
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
      new Reply({
        streamtype: this.#stream.streamtype,
        acked,
        state,
        head,
        metadata: this.#stream.receiving.answeredMetadata,
        chunks: this.#stream.receiving.chunks(),
        decode: this.#options.decode ?? true,
        cancel: () => this.#stream.destroy(),
      }),
    )
    this.#pending = undefined
  }

  #failure(): Error {
    const { attempt } = this.#stream.life
    return this.#pending ? attempt.gaveUp() : attempt.lost('before the response was complete')
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
