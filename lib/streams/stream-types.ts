/** The options, counters and events of streams. */

import type { DisconnectedError } from '../errors/disconnected-error.js'
import type { MqttSettingsError } from '../errors/mqtt-settings-error.js'
import type { UnreachableError } from '../errors/unreachable-error.js'
import type { Message } from '../messages/message.js'
import type { StateName } from '../state.js'
import type { Metadata } from '../streamtypes/metadata.js'
import type { StreamHandlers } from './handlers.js'
import type { PerMessageDeflate } from './per-message-deflate.js'
import type { SecureStream } from './secure-stream.js'

/** Options of `context.stream()`. */
export interface StreamOptions {
  /** Values of the streamtype's `metadata`, set before anything else happens. */
  metadata?: Metadata
  /** Destroys the stream when aborted. */
  signal?: AbortSignal
  /**
   * Whether messages of QoS 1 and 2 on mqtt are sent again if the connection is lost before they are
   * acknowledged: on the next connection, marked as possible duplicates, as long as the policy's retries
   * last. With QoS 2, and a broker that keeps the session, the handshake goes on where it stopped.
   * Without this option, such messages reject. It has no effect on other protocols. Default: `false`.
   */
  resend?: boolean
  /**
   * Whether messages on ws are compressed if the server supports it: permessage-deflate (RFC 7692). It has
   * no effect on other protocols. Once used, it takes about 310 kB of memory. Default: `false`.
   */
  perMessageDeflate?: boolean | PerMessageDeflate
  /**
   * How many bytes the peer may send, on protocols with such credit (h2), until
   * {@link SecureStream.addPeerTxCredit} lets it send more: `manual_initial_tx_credit` in C. Default: as
   * many as are read.
   */
  initialTxCredit?: number
}

/** Options of {@link SecureStream.send}. */
export interface SendOptions {
  /**
   * Values of the streamtype's metadata for this message only; they replace those of the stream. They are
   * used for its topic on `mqtt`, and for its transaction on `h1` and `h2`. On `ws` and `raw` they are used
   * only if the connection is made for this message.
   */
  metadata?: Metadata
  /**
   * Whether this is a binary message of `ws`, or text, which has to be UTF-8. Default: the policy's
   * `ws_binary`. Other protocols ignore it.
   */
  binary?: boolean
  /** Stops waiting when aborted. If nothing of the message has left, it is not sent. */
  signal?: AbortSignal
}

/** Counters of one stream. */
export interface StreamStats {
  /** Messages given to `send()`, or which a `tx` handler ended; on raw, its pieces. */
  messagesSent: number
  /** Messages that arrived whole; on raw, pieces. */
  messagesReceived: number
  /**
   * Messages of QoS 0 that were dropped because 32 MiB were waiting to be read. Not there if none were
   * dropped.
   */
  messagesDropped?: number
  /** Bytes given to `send()`, or by a `tx` handler. */
  bytesSent: number
  /** Bytes of payload that arrived. */
  bytesReceived: number
  /** How often `CONNECTED` was reached. */
  connections: number
}

/** An attempt that failed, and after which another is made. */
export interface Retry {
  /**
   * How many attempts have failed in a row, with this one. It is 1 for a connection that was lost.
   */
  attempt: number
  /** How many milliseconds it is until the next attempt. Specification: `backoff`, `jitterpc`. */
  delay: number
  /** Why it failed: {@link SecureStream.lastError}. */
  reason: UnreachableError | DisconnectedError | MqttSettingsError
}

/** Events of a {@link SecureStream}. */
export interface StreamEvents {
  /**
   * A state was reached: its name, or a number that `http_resp_map` gave; and its ordinal, as
   * {@link StreamHandlers.state} has it.
   */
  state: [state: StateName | number, ordinal: number]
  /** A whole message arrived. */
  message: [message: Message]
  /** The JSON of a `perf` streamtype, parsed. Specification: `perf`. */
  perf: [performance: unknown]
  /**
   * An attempt failed, or a connection was lost, and the stream will try again. The event comes after the
   * state of the failure. After the last attempt there is no event, but the state `ALL_RETRIES_FAILED`.
   * Specification: `retry`.
   */
  retry: [retry: Retry]
}
