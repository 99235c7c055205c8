/** What a stream of messages sends. */
import type { NativeStream } from '../addon/native.js'
import type { SendingTarget } from '../addon/targets.js'
import { invalidArgType, toBytes } from '../arguments.js'
import { channels, tracing } from '../channels.js'
import { NackError } from '../errors/nack-error.js'
import type { ByteSource } from '../messages/byte-source.js'
import type { OutgoingPromise } from '../messages/outbox.js'
import { isBytes, isReadInPieces, type Sendable, sourceOf } from '../messages/source-of.js'
import { TextCheck } from '../messages/text-check.js'
import { onAbort } from '../on-abort.js'
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
  /** The length of the message; `undefined` where only its end tells. */
  readonly bytes: number | undefined
}

/** A message that is read as it leaves. */
interface Reading {
  readonly source: ByteSource
  /** Of a text message of ws. */
  readonly text: TextCheck | undefined
  /** Whether its failure ends the stream, which has no other messages. */
  readonly isAlone: boolean
  /** How many bytes the addon has of it. */
  given: number
  /** Whether the addon has all of it. */
  isWhole: boolean
}

/** Gives messages to the addon, and settles their promises when it says what became of them. */
export class Sending implements SendingTarget {
  /** The stream in the addon. */
  readonly native: NativeStream
  readonly #stream: object
  readonly #life: StreamLife
  // What messages are read from, by id. Made for the first: there may be thousands of streams.
  #readings: Map<number, Reading> | undefined

  constructor(stream: object, native: NativeStream, life: StreamLife) {
    this.#stream = stream
    this.native = native
    this.#life = life
  }

  /** @throws what {@link checkSend} throws; TypeError for data that cannot be sent */
  send(data: Sendable, options: SendOptions): Promise<void> {
    if (!tracing.send.hasSubscribers) return this.sendUntraced(data, options)
    const { kind } = this.#life
    checkData(data)
    checkSend(kind, data, options)
    const bytes = isBytes(data)
      ? toBytes('data', data).byteLength
      : (Object(data).size as number | undefined)
    const operation = { ...outgoingOperation(kind, options.metadata), stream: this.#stream, bytes }
    return tracing.send.tracePromise(() => {
      const metadata = tracedMetadata(operation, kind, options.metadata)
      return this.sendUntraced(data, { ...options, metadata })
    }, operation)
  }

  /** {@link send}, as a part of something else that is told. */
  sendUntraced(data: Sendable, options: SendOptions = {}): Promise<void> {
    checkData(data)
    const metadata = checkSend(this.#life.kind, data, options)
    const refusal = this.#life.hasHandlers ? undefined : mustAnswer(this.#life.kind)
    if (refusal) return Promise.reject(refusal)
    if (!isBytes(data)) return this.#sendFrom(sourceOf('data', data), options, metadata, false)
    const bytes = toBytes('data', data)
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
   * Sends a message that is read as it leaves, the only one of its stream: when it cannot be read to its
   * end, the stream is destroyed with what `source` says.
   */
  sendFrom(source: ByteSource, options: SendOptions = {}): Promise<void> {
    return this.#sendFrom(source, options, undefined, true)
  }

  #sendFrom(
    source: ByteSource,
    { signal, binary }: SendOptions,
    metadata: (string | Uint8Array)[] | undefined,
    isAlone: boolean,
  ): Promise<void> {
    const refusal =
      this.#refusal(source.size ?? 0) ?? (signal?.aborted ? { reason: signal.reason } : undefined)
    if (refusal) {
      source.close?.()
      return Promise.reject(refusal.reason)
    }
    const { kind, outbox } = this.#life
    const isText = kind.exchange === 'messages' && !(binary ?? kind.sendsBinary)
    const text = isText ? new TextCheck() : undefined
    const { id, promise } = outbox.add()
    this.#readings ??= new Map()
    this.#readings.set(id, { source, text, isAlone, given: 0, isWhole: false })
    const unwatch = signal && onAbort(signal, () => this.#unreadable(id, signal.reason))
    source.watch?.((reason) => this.#unreadable(id, reason))
    this.#give(source.size, source.size ?? 0, { id, promise }, metadata, binary)
    return promise.finally(() => {
      unwatch?.()
      this.#readings?.delete(id)
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
    const reading = this.#readings?.get(id)
    if (!reading) return
    const { source, text } = reading
    try {
      const bytes = await source.read(piece)
      text?.add(bytes)
      reading.given = (piece === 0 ? 0 : reading.given) + (bytes?.byteLength ?? 0)
      reading.isWhole = bytes === undefined || reading.given === source.size
      const tooLong = messageTooLong(this.#life.kind, reading.given)
      if (tooLong) throw tooLong
      // What a message without a length turns out to have.
      if (bytes && source.size === undefined) countSent(this.#life.stats, bytes.byteLength, false)
      this.native.provide(id, piece, bytes)
    } catch (error) {
      this.#unreadable(id, error)
    }
  }

  // Nobody gives the rest of a message, or waits for it.
  #unreadable(id: number, reason: unknown): void {
    const reading = this.#readings?.get(id)
    if (!reading) return
    this.#readings?.delete(id)
    this.#life.outbox.giveUp(id, reason)
    if (reading.isAlone) this.#life.abort(reason)
    // The peer waits for the rest on this connection, and takes nothing else for what it is. What an
    // MQTT broker gets begins to leave when it is whole.
    else if (reading.given > 0 && !reading.isWhole) this.native.disconnect()
  }
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
function checkData(data: unknown): asserts data is Sendable {
  if (isBytes(data) || isReadInPieces(data)) return
  const expected =
    'of type string, an async iterable such as a Readable, or an instance of Buffer, Uint8Array, ' +
    'Blob or ReadableStream'
  throw invalidArgType('data', expected, data)
}
