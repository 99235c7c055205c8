/**
 * The states of a Secure Stream, by the names that libwebsockets gives them (without `LWSSSCS_`).
 * A state is its name as a string; {@link stateCode} and {@link stateName} convert to and from lws's
 * numbers.
 *
 * Specification: "Secure Streams CLIENT State lifecycle", "Secure Streams SERVER State lifecycle".
 */
export const State = {
  CREATING: 'CREATING',
  DISCONNECTED: 'DISCONNECTED',
  UNREACHABLE: 'UNREACHABLE',
  AUTH_FAILED: 'AUTH_FAILED',
  CONNECTED: 'CONNECTED',
  CONNECTING: 'CONNECTING',
  DESTROYING: 'DESTROYING',
  POLL: 'POLL',
  ALL_RETRIES_FAILED: 'ALL_RETRIES_FAILED',
  QOS_ACK_REMOTE: 'QOS_ACK_REMOTE',
  QOS_NACK_REMOTE: 'QOS_NACK_REMOTE',
  QOS_ACK_LOCAL: 'QOS_ACK_LOCAL',
  QOS_NACK_LOCAL: 'QOS_NACK_LOCAL',
  TIMEOUT: 'TIMEOUT',
  SERVER_TXN: 'SERVER_TXN',
  SERVER_UPGRADE: 'SERVER_UPGRADE',
  EVENT_WAIT_CANCELLED: 'EVENT_WAIT_CANCELLED',
  UPSTREAM_LINK_RETRY: 'UPSTREAM_LINK_RETRY',
  SINK_JOIN: 'SINK_JOIN',
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
 * @throws RangeError `ERR_OUT_OF_RANGE` when there is no such state.
 */
export function stateCode(name: StateName): number {
  const code = codes.get(name)
  if (code !== undefined) return code
  throw Object.assign(new RangeError(`there is no Secure Streams state '${String(name)}'`), {
    code: 'ERR_OUT_OF_RANGE',
  })
}

/**
 * The name of a state that libwebsockets numbers `code`; a number from {@link USER_BASE} on, which the
 * policy's `http_resp_map` gave, is returned as it is.
 *
 * @throws RangeError `ERR_OUT_OF_RANGE` when there is no such state.
 */
export function stateName(code: number): StateName | number {
  if (code >= USER_BASE) return code
  const name = names[code - 1]
  if (name !== undefined) return name
  throw Object.assign(new RangeError(`there is no Secure Streams state with the number ${code}`), {
    code: 'ERR_OUT_OF_RANGE',
  })
}
