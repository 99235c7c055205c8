/** What a stream of messages sends. */
import type { NativeStream } from '../addon/native.js'
import type { SendingTarget } from '../addon/targets.js'
import { toBytes } from '../arguments.js'
import { channels, tracing } from '../channels.js'
import { NackError } from '../errors/nack-error.js'
import type { ByteSource } from '../messages/byte-source.js'
import type { OutgoingPromise } from '../messages/outbox.js'
import {
  type OutgoingOperation,
  outgoingOperation,
  tracedMetadata,
} from '../streamtypes/operation.js'
import { checkSend } from './check-send.js'
import type { StreamLife } from './life.js'
import {
  answersUnread,
  cannotSend,
  hasHandlers,
  isEnding,
  messageTooLong,
  mustAnswer,
} from './refusals.js'
import { countSent } from './stream-counters.js'
import type { SendOptions } from './stream-types.js'

/** What the tracing channel `lws-secure-streams:send` tells: from the call of `send()` until it settles. */
export interface SendOperation extends OutgoingOperation {
  /** The `SecureStream`. */
  readonly stream: object
  /** The length of the message. */
  readonly bytes: number
}

/** Gives messages to the addon, and settles their promises when it says what became of them. */
export class Sending implements SendingTarget {
  /** The stream in the addon. */
  readonly native: NativeStream
  readonly #stream: object
  readonly #life: StreamLife
  // What messages are read from, by id. Made for the first: there may be thousands of streams.
  #sources: Map<number, ByteSource> | undefined

  constructor(stream: object, native: NativeStream, life: StreamLife) {
    this.#stream = stream
    this.native = native
    this.#life = life
  }

  /** @throws what {@link checkSend} throws */
  send(data: string | Uint8Array, options: SendOptions): Promise<void> {
    if (!tracing.send.hasSubscribers) return this.sendUntraced(data, options)
    const { kind } = this.#life
    checkSend(kind, data, options)
    const bytes = toBytes('data', data).byteLength
    const operation = { ...outgoingOperation(kind, options.metadata), stream: this.#stream, bytes }
    return tracing.send.tracePromise(() => {
      const metadata = tracedMetadata(operation, kind, options.metadata)
      return this.sendUntraced(data, { ...options, metadata })
    }, operation)
  }

  /** {@link send}, as a part of something else that is told. */
  sendUntraced(data: string | Uint8Array, options: SendOptions = {}): Promise<void> {
    const bytes = toBytes('data', data)
    const metadata = checkSend(this.#life.kind, data, options)
    const refusal = this.#life.hasHandlers ? undefined : mustAnswer(this.#life.kind)
    if (refusal) return Promise.reject(refusal)
    return this.#send(bytes, bytes.byteLength, options, metadata)
  }

  /** Sends a part of a response. A rejection that nobody waits for is not an unhandled one. */
  sendPart(bytes: Uint8Array): Promise<void> {
    const refusal = this.#refusal(bytes.byteLength)
    if (!refusal) return this.#give(bytes, bytes.byteLength, this.#life.outbox.addIgnored())
    const refused = Promise.reject(refusal.reason)
    refused.catch(() => {})
    return refused
  }

  /**
   * Makes room for a message of a broadcast, which the addon is then given for all streams together.
   *
   * @param settled - is called once, when it is sent, and when it is not
   * @returns its id, and nothing when it is not to be sent
   */
  beginCounted(length: number, settled: () => void): number | undefined {
    if (this.#refusal(length)) return undefined
    const id = this.#life.outbox.addCounted(settled)
    this.#count(length)
    return id
  }

  /**
   * Sends a message that is read as it leaves. When it cannot be read to its end, the stream is
   * destroyed with what `source` says.
   */
  sendFrom(source: ByteSource, { signal, binary }: SendOptions = {}): Promise<void> {
    const refusal =
      this.#refusal(source.size ?? 0) ?? (signal?.aborted ? { reason: signal.reason } : undefined)
    if (refusal) {
      source.close?.()
      return Promise.reject(refusal.reason)
    }
    const { id, promise } = this.#life.outbox.add(signal)
    this.#sources ??= new Map()
    this.#sources.set(id, source)
    source.watch?.((reason) => this.#unreadable(id, reason))
    this.#give(source.size, source.size ?? 0, { id, promise }, undefined, binary)
    return promise.finally(() => {
      this.#sources?.delete(id)
      source.close?.()
    })
  }

  #send(
    data: Uint8Array,
    length: number,
    { signal, binary }: SendOptions,
    metadata?: (string | Uint8Array)[],
  ): Promise<void> {
    const refusal = this.#refusal(length)
    if (refusal) return Promise.reject(refusal.reason)
    if (signal?.aborted) return Promise.reject(signal.reason)
    return this.#give(data, length, this.#life.outbox.add(signal), metadata, binary)
  }

  // Why nothing is sent now, whatever it is.
  #refusal(length: number): { readonly reason: unknown } | undefined {
    const life = this.#life
    const { kind } = life
    if (life.destroyed) return { reason: life.destroyedError() }
    const reason =
      (life.hasHandlers ? hasHandlers(kind.name) : undefined) ??
      cannotSend(kind) ??
      messageTooLong(kind, length) ??
      (life.isEnding ? isEnding(kind.name) : undefined) ??
      (life.inbox.isUnread ? answersUnread(kind.name) : undefined)
    return reason && { reason }
  }

  #give(
    data: Uint8Array | number | undefined,
    length: number,
    { id, promise }: OutgoingPromise,
    metadata?: (string | Uint8Array)[],
    binary?: boolean,
  ): Promise<void> {
    this.#life.traceConnect()
    this.native.send(data, id, metadata, binary)
    this.#count(length)
    return promise
  }

  #count(length: number): void {
    countSent(this.#life.stats, length, true)
    if (channels.message.hasSubscribers)
      channels.message.publish({ stream: this.#stream, direction: 'sent', bytes: length })
  }

  sent(id: number): void {
    this.#life.outbox.sent(id)
  }

  acknowledged(id: number): void {
    this.#life.outbox.acknowledged(id)
  }

  refused(id: number, status: number): void {
    const { outbox, attempt } = this.#life
    const circumstances = { ...attempt.circumstances, status: status || undefined }
    outbox.reject(id, new NackError(circumstances, attempt.userState ?? 'QOS_NACK_REMOTE'))
  }

  dropped(id: number): void {
    const { outbox, attempt } = this.#life
    if (attempt.notRepeated) outbox.reject(id, attempt.notRepeated)
    else outbox.dropped(id)
  }

  async wanted(id: number, piece: number): Promise<void> {
    const source = this.#sources?.get(id)
    if (!source) return
    try {
      const bytes = await source.read(piece)
      // What a message without a length turns out to have.
      if (bytes && source.size === undefined) countSent(this.#life.stats, bytes.byteLength, false)
      this.native.provide(id, piece, bytes)
    } catch (error) {
      this.#unreadable(id, error)
    }
  }

  #unreadable(id: number, reason: unknown): void {
    if (!this.#sources?.has(id)) return
    this.#life.outbox.reject(id, reason)
    this.#life.abort(reason)
  }
}
