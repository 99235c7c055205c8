/** What handlers return. */

/**
 * What a handler answers to libwebsockets, by its names (without `LWSSSSRET_`).
 *
 * Specification: "SS Callback return handling", "Convention for rx and tx callback return".
 */
export const Return = {
  /** tx: there is nothing to send. */
  TX_DONT_SEND: 1,
  /** state, rx: go on. `undefined` means the same. */
  OK: 0,
  /** Close the connection. */
  DISCONNECT_ME: -1,
  /** Destroy the stream. */
  DESTROY_ME: -2,
  /** The handler destroyed the stream itself, which is safe here; the same as `DESTROY_ME`. */
  SS_HANDLE_DESTROYED: -3,
} as const

/** A value of {@link Return}. */
export type ReturnValue = (typeof Return)[keyof typeof Return]
