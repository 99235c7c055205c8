/** The calls of a stream's handlers. */
import type { Failure, HandlerTarget, Piece } from '../addon/targets.js'
import { checkObject, outOfRange, toBytes } from '../arguments.js'
import type { StateName } from '../state.js'
import { givenHandlers, type StreamHandlers } from './handlers.js'
import type { StreamLife } from './life.js'
import { Return } from './return.js'
import type { SecureStream } from './secure-stream.js'
import { countReceived, countSent } from './stream-counters.js'

/** Calls the handlers of a stream, and does what they answer. */
export class HandlerCalls<Name extends string> implements HandlerTarget {
  readonly #stream: SecureStream<Name>
  readonly #life: StreamLife
  #handlers: StreamHandlers<Name>

  constructor(stream: SecureStream<Name>, life: StreamLife, handlers: StreamHandlers<Name>) {
    this.#stream = stream
    this.#life = life
    this.#handlers = handlers
  }

  /** Replaces the handlers that are `given` and not undefined. */
  replace(given: StreamHandlers<Name>): void {
    this.#handlers = { ...this.#handlers, ...givenHandlers(given) }
  }

  failed(failure: Failure): void {
    this.#life.failed(failure)
  }

  retries(attempt: number, delay: number): void {
    this.#life.retries(attempt, delay)
  }

  state(state: StateName | number, ordinal: number): void {
    this.#life.state(state, ordinal)
    this.#obey(this.#handlers.state?.(this.#stream, state, ordinal))
  }

  rx(data: Buffer, { som, eom, perf }: Piece): void {
    const { stats, kind } = this.#life
    if (!perf) countReceived(stats, data.length, eom || !kind.isFramed)
    this.#obey(this.#handlers.rx?.(this.#stream, data, { som, eom, perf }))
  }

  tx(room: number, ordinal: number): { bytes: Uint8Array; som: boolean; eom: boolean } | undefined {
    const answer = this.#handlers.tx?.(this.#stream, { room, ordinal })
    if (answer === undefined || typeof answer === 'number') {
      this.#obey(answer)
      return undefined
    }
    checkObject('tx()', answer)
    const { data, som = false, eom = false } = answer
    const bytes = toBytes('tx().data', data)
    if (bytes.byteLength > room)
      throw outOfRange('tx().data.length', `<= ${room}`, bytes.byteLength)
    const { stats, kind } = this.#life
    countSent(stats, bytes.byteLength, eom || !kind.isFramed)
    return { bytes, som, eom }
  }

  // libwebsockets does so as soon as this call has returned.
  #obey(answer: unknown): void {
    if (answer === Return.DESTROY_ME || answer === Return.SS_HANDLE_DESTROYED)
      this.#stream.destroy()
    else if (typeof answer === 'number' && answer < 0) this.#stream.disconnect()
  }
}
