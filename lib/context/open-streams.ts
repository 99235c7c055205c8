/** The streams of a context. */
import {
  create,
  type NativeContext,
  type NativeStream,
  type NativeStreamHandlers,
  native,
} from '../addon/native.js'
import type { HandlerTarget } from '../addon/targets.js'
import { NotImplementedError } from '../errors/not-implemented-error.js'
import { Registry } from '../registry.js'
import type { StreamHandlers } from '../streams/handlers.js'
import { deflateOf } from '../streams/per-message-deflate.js'
import { isServer } from '../streams/refusals.js'
import { SecureStream } from '../streams/secure-stream.js'
import type { StreamOptions } from '../streams/stream-types.js'
import { type StreamLog, type StreamOpener, StreamWiring } from '../streams/stream-wiring.js'
import type { Kind } from '../streamtypes/kind.js'
import type { ContextLife } from './context-life.js'

/** What streams are made from, beside their kind. */
export interface StreamSource {
  readonly native: NativeContext
  readonly handlerCalls: (stream: NativeStream, target: HandlerTarget) => NativeStreamHandlers
  readonly kindOf: (streamtype: string) => Kind
  readonly log: StreamLog
  /** Is called when a stream was opened. */
  readonly opened: (stream: SecureStream) => void
}

/** Opens streams, and knows those that are open. */
export class OpenStreams implements StreamOpener, Iterable<SecureStream> {
  readonly #life: ContextLife
  readonly #source: StreamSource
  readonly #streams = new Registry<SecureStream>()
  #opened = 0

  constructor(life: ContextLife, source: StreamSource) {
    this.#life = life
    this.#source = source
  }

  /** How many there are. */
  get size(): number {
    return this.#streams.size
  }

  /** How many were opened. */
  get opened(): number {
    return this.#opened
  }

  [Symbol.iterator](): Iterator<SecureStream> {
    return this.#streams[Symbol.iterator]()
  }

  kindOf(streamtype: string): Kind {
    return this.#source.kindOf(streamtype)
  }

  open(kind: Kind, options: StreamOptions = {}, handlers?: StreamHandlers): SecureStream {
    this.#life.requireOpen()
    if (kind.role === 'server') throw isServer(kind.name)
    const stream = new SecureStream(this.#wiring(kind, options), options, handlers)
    this.#source.opened(stream)
    const place = this.#streams.add(stream)
    stream.life.whenOver(() => this.#streams.remove(place))
    this.#opened++
    // By its CREATING handler.
    if (this.#life.isDestroyed) stream.destroy(this.#life.error)
    if (kind.unavailable)
      stream.life.abort(
        new NotImplementedError(`${kind.unavailable}, which '${kind.name}' is for,`),
      )
    return stream
  }

  #wiring(kind: Kind, options: StreamOptions): StreamWiring {
    const { metadata, resend, perMessageDeflate, initialTxCredit } = options
    const { native: context, handlerCalls, log } = this.#source
    const { Stream } = native()
    const stream = new Stream(
      context,
      kind.lwsName,
      kind,
      kind.metadataPairs(metadata),
      initialTxCredit,
      kind.exchange === 'publishes' && resend === true,
      kind.protocol === 'ws' ? deflateOf(perMessageDeflate) : undefined,
    )
    const open = (handlers: HandlerTarget | undefined) =>
      create(() => stream.open(handlers && handlerCalls(stream, handlers)))
    return new StreamWiring(stream, kind, log, open)
  }
}
