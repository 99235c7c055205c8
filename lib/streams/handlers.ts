/** What the handlers of a stream are called with, and answer. */
import { checkObject, invalidArgType } from '../arguments.js'
import type { StateName } from '../state.js'
import type { ReturnValue } from './return.js'
import type { SecureStream } from './secure-stream.js'

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
