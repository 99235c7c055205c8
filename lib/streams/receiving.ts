/** What a stream of messages receives. */
import type { EventEmitter } from 'node:events'
import type { NativeStream } from '../addon/native.js'
import type { Piece, Published, ReceivingTarget } from '../addon/targets.js'
import { channels } from '../channels.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import type { Circumstances } from '../errors/secure-stream-error.js'
import type { Chunk } from '../messages/inbox.js'
import type { Message } from '../messages/message.js'
import { handToListeners } from '../messages/message-listeners.js'
import { type Received, receivedChunks, receivedMessages } from '../messages/received.js'
import { metadataValues, NO_METADATA } from '../streamtypes/metadata-values.js'
import type { StreamLife } from './life.js'
import { hasHandlers } from './refusals.js'
import { countReceived } from './stream-counters.js'
import type { StreamEvents } from './stream-types.js'
import type { StreamLog } from './stream-wiring.js'

/** Keeps what arrives for those who read, and tells listeners. */
export class Receiving implements ReceivingTarget {
  readonly #stream: EventEmitter<StreamEvents>
  readonly #native: NativeStream
  readonly #life: StreamLife
  readonly #log: StreamLog
  // About the message that is arriving.
  #published: Published | undefined
  #messageBytes = 0
  #isDropping = false
  #hasWarned = false

  constructor(
    stream: EventEmitter<StreamEvents>,
    native: NativeStream,
    life: StreamLife,
    log: StreamLog,
  ) {
    this.#stream = stream
    this.#native = native
    this.#life = life
    this.#log = log
  }

  /** Whole messages, as they arrive. */
  messages(): Received<Message> {
    this.#requireMessages()
    return receivedMessages(this.#life.inbox, () => this.#life.listen())
  }

  /** The pieces of messages, as they arrive. */
  chunks(): Received<Chunk> {
    this.#requireMessages()
    return receivedChunks(this.#life.inbox, () => this.#life.listen())
  }

  /** There is, or is to be, a listener for 'message'. */
  listened(): void {
    this.#requireMessages()
    queueMicrotask(() => {
      if (this.#stream.listenerCount('message') > 0) this.#life.listen()
      handToListeners(this.#stream, this.#life.inbox)
    })
  }

  #requireMessages(): void {
    if (this.#life.hasHandlers) throw hasHandlers(this.#life.kind.name)
  }

  /** Has the heads of answers kept, and the last 429 or 503 received as an answer. */
  keepAnswer(): void {
    this.#native.keepAnswer()
  }

  /** What the last answer of the peer has set. */
  get answeredMetadata(): Readonly<Record<string, string>> {
    return this.#life.kind.hasMetadata
      ? metadataValues(this.#native, this.#native.answerNames())
      : NO_METADATA
  }

  received(data: Buffer, piece: Piece): void {
    const { inbox, head, kind, stats } = this.#life
    const eom = piece.eom || !kind.isFramed
    const som = piece.som || !kind.isFramed
    // Such an empty piece only announces the parts of a multipart answer.
    if (data.length === 0 && !eom && !som) return
    if (som) this.#isDropping = this.#mustDrop()
    if (this.#isDropping) return
    countReceived(stats, data.length, eom)
    if (eom && head) head.complete = true
    this.#messageBytes = som ? data.length : this.#messageBytes + data.length
    if (eom && channels.message.hasSubscribers)
      channels.message.publish({
        stream: this.#stream,
        direction: 'received',
        bytes: this.#messageBytes,
      })
    const metadata = eom ? this.answeredMetadata : NO_METADATA
    inbox.push({ data, som, eom, binary: piece.binary, metadata, published: this.#published })
    handToListeners(this.#stream, inbox)
    if (inbox.isMessageTooLong)
      this.#life.breakOff(messageTooLong(this.#life.attempt.circumstances))
  }

  published(how: Published): void {
    this.#published = how
  }

  ended(): void {
    this.#life.peerEnded()
  }

  performance(performance: unknown): void {
    this.#stream.emit('perf', performance)
  }

  /** Whether the message that begins is to be dropped, since too much waits already. */
  #mustDrop(): boolean {
    const { inbox, stats, kind } = this.#life
    if (!inbox.isOverfull) this.#hasWarned = false
    if (this.#published?.qos !== 0 || !inbox.isOverfull) return false
    stats.messagesDropped = (stats.messagesDropped ?? 0) + 1
    if (!this.#hasWarned)
      this.#log.warn(
        `'${kind.name}' drops messages of QoS 0: nobody reads the 32 MiB that wait already`,
      )
    this.#hasWarned = true
    return true
  }
}

function messageTooLong(circumstances: Circumstances): DisconnectedError {
  const detail =
    'disconnected by a message of more than 512 MiB; chunks() takes such a one in pieces'
  return new DisconnectedError(circumstances, detail)
}
