import { NativeFlag, type NativeStreamHandlers } from '../addon/native.js'
import { checkObject, invalidArgType, outOfRange, toBytes } from '../arguments.js'
import { Return, type ReturnValue } from './return.js'
import type { SecureStream } from './secure-stream.js'
import { type StateName, stateName } from './state.js'
import { countReceived, countSent } from './stream-counters.js'

/** How a piece of payload stands in its message. */
export interface RxFlags {
  /** It begins a message. Ignored on raw. */
  readonly som: boolean
  /** It ends a message. Ignored on raw. */
  readonly eom: boolean
  /** It is the JSON of a `perf` streamtype, not payload. */
  readonly perf: boolean
}

/** What a tx handler may send. */
export interface TxRoom {
  /** The most bytes that fit. */
  readonly room: number
  /** How often lws has asked this stream for payload. */
  readonly ordinal: number
}

/** What a tx handler sends. */
export interface TxPayload {
  /** At most {@link TxRoom.room} bytes; text is UTF-8. */
  readonly data: string | Uint8Array
  /** It begins a message. Default: `false`. */
  readonly som?: boolean
  /** It ends a message. Default: `false`. */
  readonly eom?: boolean
}

/**
 * The callbacks of the C API. Each is called while libwebsockets waits for what it returns.
 *
 * Specification: "SS Callback return handling", "Convention for rx and tx callback return".
 */
export interface StreamHandlers<Name extends string = string> {
  /**
   * A state was reached. `ordinal`, in C `ack`, is the ordinal of the tx that an acknowledgement on `mqtt`
   * is for, and 1 for an `UNREACHABLE` because no name server could be asked; otherwise 0.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
  state?(stream: SecureStream<Name>, state: StateName | number, ordinal: number): ReturnValue | void
  /** Payload arrived. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
  rx?(stream: SecureStream<Name>, data: Buffer, flags: RxFlags): ReturnValue | void
  /** There is room for payload; nothing returned means {@link Return.TX_DONT_SEND}. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
  tx?(stream: SecureStream<Name>, room: TxRoom): TxPayload | ReturnValue | void
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` for what cannot be called */
export function checkHandlers(name: string, handlers: StreamHandlers<never>): void {
  checkObject(name, handlers)
  for (const key of ['state', 'rx', 'tx'] as const)
    if (handlers[key] !== undefined && typeof handlers[key] !== 'function')
      throw invalidArgType(`${name}.${key}`, 'of type function', handlers[key])
}

/** The handlers among the options of a stream, if there are any. */
export function givenHandlers<Name extends string>({
  state,
  rx,
  tx,
}: StreamHandlers<Name>): StreamHandlers<Name> | undefined {
  if (!state && !rx && !tx) return undefined
  return { ...(state && { state }), ...(rx && { rx }), ...(tx && { tx }) }
}

/** The handlers of `before`, with those that are `given` in their place; undefined is not given. */
export function replaceHandlers<Name extends string>(
  before: StreamHandlers<Name>,
  given: StreamHandlers<Name>,
): StreamHandlers<Name> {
  return { ...before, ...givenHandlers(given) }
}

function toNativeTx(payload: TxPayload, room: number): [Uint8Array, number] {
  const bytes = toBytes('tx().data', payload.data)
  if (bytes.byteLength > room) throw outOfRange('tx().data.length', `<= ${room}`, bytes.byteLength)
  return [bytes, (payload.som ? NativeFlag.Som : 0) | (payload.eom ? NativeFlag.Eom : 0)]
}

/** Has done to the stream what its handler's answer says, as soon as libwebsockets has it back. */
function obey(stream: SecureStream, answer: unknown): void {
  if (answer === Return.DESTROY_ME || answer === Return.SS_HANDLE_DESTROYED) stream.destroy()
  else if (typeof answer === 'number' && answer < 0) stream.disconnect()
}

/**
 * Calls the handlers that `current` holds at the time, in the stream's async context, and before that
 * `noteState`. `framed`: whether the protocol knows where messages end.
 */
export function nativeHandlers(
  stream: SecureStream,
  framed: boolean,
  current: () => StreamHandlers,
  noteState: (state: StateName | number, ordinal: number) => void,
): NativeStreamHandlers {
  return {
    state: (code, ordinal) => {
      const state = stateName(code)
      noteState(state, ordinal)
      obey(stream, current().state?.(stream, state, ordinal))
    },
    rx: (data, flags) => {
      countReceived(stream.stats, framed, data.length, flags)
      const answer = current().rx?.(stream, data, {
        som: (flags & NativeFlag.Som) !== 0,
        eom: (flags & NativeFlag.Eom) !== 0,
        perf: (flags & NativeFlag.PerfJson) !== 0,
      })
      obey(stream, answer)
    },
    tx: (room, ordinal) => {
      const answer = current().tx?.(stream, { room, ordinal })
      if (answer === undefined || typeof answer === 'number') {
        obey(stream, answer)
        return undefined
      }
      checkObject('tx()', answer)
      const [bytes, flags] = toNativeTx(answer, room)
      countSent(stream.stats, framed, bytes.byteLength, flags)
      return [bytes, flags]
    },
  }
}
