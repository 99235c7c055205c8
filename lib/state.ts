/** The states of a Secure Stream: their names, and the numbers that libwebsockets has for them. */
import { checkString, invalidArgType, outOfRange } from './arguments.js'

/**
 * The states of a Secure Stream, by the names that libwebsockets gives them (without `LWSSSCS_`).
 * A state is its name as a string; {@link stateCode} and {@link stateName} convert to and from lws's
 * numbers.
 *
 * Specification: "Secure Streams CLIENT State lifecycle", "Secure Streams SERVER State lifecycle".
 */
export const State = {
  /** The stream exists. */
  CREATING: 'CREATING',
  /** The connection is gone. */
  DISCONNECTED: 'DISCONNECTED',
  /** An attempt to connect failed. */
  UNREACHABLE: 'UNREACHABLE',
  /** Never reached in libwebsockets 4.3.5. */
  AUTH_FAILED: 'AUTH_FAILED',
  /** There is a connection; on h1 and h2, the response's headers are there. */
  CONNECTED: 'CONNECTED',
  /** An attempt to connect begins. */
  CONNECTING: 'CONNECTING',
  /** The stream is gone; no state follows. */
  DESTROYING: 'DESTROYING',
  /** Something is to be sent, and there is no connection. */
  POLL: 'POLL',
  /** Every attempt that the policy's `retry` allows has failed. */
  ALL_RETRIES_FAILED: 'ALL_RETRIES_FAILED',
  /** The peer accepted a message. */
  QOS_ACK_REMOTE: 'QOS_ACK_REMOTE',
  /** The peer refused a message. */
  QOS_NACK_REMOTE: 'QOS_NACK_REMOTE',
  /** Never reached in libwebsockets 4.3.5. */
  QOS_ACK_LOCAL: 'QOS_ACK_LOCAL',
  /** Never reached in libwebsockets 4.3.5. */
  QOS_NACK_LOCAL: 'QOS_NACK_LOCAL',
  /** The time given to `startTimeout()` is over. */
  TIMEOUT: 'TIMEOUT',
  /** A server: a request has arrived. */
  SERVER_TXN: 'SERVER_TXN',
  /** A server: a connection is a WebSocket from now on. */
  SERVER_UPGRADE: 'SERVER_UPGRADE',
  /** Never told: every stream would hear of it, whatever the cause. */
  EVENT_WAIT_CANCELLED: 'EVENT_WAIT_CANCELLED',
  /** A proxied stream: the link to the proxy is being made again. */
  UPSTREAM_LINK_RETRY: 'UPSTREAM_LINK_RETRY',
  /** Never reached in libwebsockets 4.3.5. */
  SINK_JOIN: 'SINK_JOIN',
  /** Never reached in libwebsockets 4.3.5. */
  SINK_PART: 'SINK_PART',
} as const

/** The name of a state of a Secure Stream. */
export type StateName = keyof typeof State

// lws numbers them in this order, from 1.
const names = Object.keys(State) as StateName[]
const codes = new Map(names.map((name, index) => [name, index + 1]))

/** The lowest number that the policy's `http_resp_map` may give; such a state has no name. */
export const USER_BASE = 1000

/**
 * The number that libwebsockets has for a state.
 *
 * @throws RangeError `ERR_OUT_OF_RANGE` when there is no such state, TypeError `ERR_INVALID_ARG_TYPE`
 *   for what is no string
 */
export function stateCode(name: StateName): number {
  checkString('name', name)
  const code = codes.get(name)
  if (code !== undefined) return code
  throw outOfRange('name', 'a state of Secure Streams', name)
}

/**
 * The name of a state that libwebsockets numbers `code`; a number from {@link USER_BASE} on, which the
 * policy's `http_resp_map` gave, is returned as it is.
 *
 * @throws RangeError `ERR_OUT_OF_RANGE` when there is no such state, TypeError `ERR_INVALID_ARG_TYPE`
 *   for what is no number
 */
export function stateName(code: number): StateName | number {
  if (typeof code !== 'number') throw invalidArgType('code', 'of type number', code)
  if (code >= USER_BASE && Number.isInteger(code)) return code
  const name = names[code - 1]
  if (name !== undefined) return name
  throw outOfRange('code', 'the number of a state of Secure Streams', code)
}
