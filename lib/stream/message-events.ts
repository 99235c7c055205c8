import { NativeFlag, type NativeStream } from '../addon/native.js'
import type { StreamEventTarget } from '../addon/native-events.js'
import { channels } from '../channels.js'
import { NackError } from '../errors/nack-error.js'
import type { Inbox } from '../messages/inbox.js'
import { handToListeners } from '../messages/message-listeners.js'
import type { Outbox } from '../messages/outbox.js'
import { AnswerHead, headersOf } from '../requests/answer-head.js'
import { type BlobLike, readPiece } from '../requests/blob-like.js'
import { NO_METADATA } from './metadata-values.js'
import type { SecureStream } from './secure-stream.js'
import type { StateName } from './state.js'
import { countReceived } from './stream-counters.js'

/** What happens to a stream without handlers: to its payload here, to the rest in the stream. */
export class MessageEvents implements StreamEventTarget {
  /** What is sent as it is read, when that is the only message of the stream. */
  blob: BlobLike | undefined
  /** What the answer says, once it has begun, when {@link keepAnswer} was called. */
  head: AnswerHead | undefined
  readonly #stream: SecureStream
  readonly #native: NativeStream
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #framed: boolean
  readonly #warn: (text: string) => void
  #messageBytes = 0
  #isDropping = false
  #hasWarned = false

  constructor(
    stream: SecureStream,
    native: NativeStream,
    inbox: Inbox,
    outbox: Outbox,
    framed: boolean,
    warn: (text: string) => void,
  ) {
    this.#stream = stream
    this.#native = native
    this.#inbox = inbox
    this.#outbox = outbox
    this.#framed = framed
    this.#warn = warn
  }

  /** An answer's head is wanted, and the last 429 or 503 counts as an answer, too. */
  keepAnswer(): void {
    this.#native.keepAnswer()
  }

  answered(head: string, status: number): void {
    this.head = new AnswerHead(status, head)
  }

  trailed(fields: string): void {
    if (this.head) this.head.trailers = headersOf(fields)
  }

  state(state: StateName | number, ordinal: number): void {
    if (state === 'CONNECTING') this.head = undefined
    this.#stream.stateReached(state, ordinal)
  }

  failed(reason: string, code: number): void {
    this.#stream.lastAttempt.failed(reason, code)
  }

  received(data: Buffer, flags: number): void {
    const stream = this.#stream
    const eom = !this.#framed || (flags & NativeFlag.Eom) !== 0
    const som = !this.#framed || (flags & NativeFlag.Som) !== 0
    // lws announces so that the parts of a multipart answer follow.
    if (data.length === 0 && !eom && !som) return
    if (som) this.#isDropping = this.#mustDrop(flags)
    if (this.#isDropping) return
    countReceived(stream.stats, this.#framed, data.length, flags)
    if (eom && this.head) this.head.complete = true
    this.#messageBytes = som ? data.length : this.#messageBytes + data.length
    if (eom && channels.message.hasSubscribers)
      channels.message.publish({ stream, direction: 'received', bytes: this.#messageBytes })
    const binary = (flags & NativeFlag.Binary) !== 0
    const metadata = eom ? stream.answeredMetadata : NO_METADATA
    this.#inbox.push({ data, som, eom, binary, metadata })
    handToListeners(stream, this.#inbox)
    if (this.#inbox.isMessageTooLong) stream.refuseMessage()
  }

  /** Whether the message that begins is one too many. */
  #mustDrop(flags: number): boolean {
    const { stats, streamtype } = this.#stream
    if (!this.#inbox.isOverfull) this.#hasWarned = false
    if (!(flags & NativeFlag.MayBeLost) || !this.#inbox.isOverfull) return false
    stats.messagesDropped = (stats.messagesDropped ?? 0) + 1
    if (!this.#hasWarned)
      this.#warn(
        `'${streamtype}' drops messages of QoS 0: nobody reads the 32 MiB that wait already`,
      )
    this.#hasWarned = true
    return true
  }

  performance(performance: unknown): void {
    this.#stream.emit('perf', performance)
  }

  sent(id: number): void {
    this.#outbox.sent(id)
  }

  acknowledged(id: number): void {
    this.#outbox.acknowledged(id)
  }

  async wanted(id: number, piece: number): Promise<void> {
    if (!this.blob) return
    try {
      this.#native.provide(id, piece, await readPiece(this.blob, piece))
    } catch (error) {
      this.#outbox.reject(id, error)
      this.#stream.destroy(error as Error)
    }
  }

  refused(id: number): void {
    const state = this.#stream.lastAttempt.userState ?? 'QOS_NACK_REMOTE'
    this.#outbox.reject(id, new NackError(this.#stream.streamtype, state))
  }

  dropped(id: number): void {
    this.#outbox.dropped(id)
  }
}
