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
   * Whether messages of QoS 1 and 2 on mqtt that had begun to leave when a connection was lost go out
   * again on the next one, marked as possible duplicates, as long as the policy's retries last; of QoS 2,
   * where the broker keeps the session, whatever was next of the handshake. Without it they are rejected.
   * It has no effect on `ws` and `raw`; on `h1` and `h2` the method decides. Default: `false`.
   */
  resend?: boolean
  /**
   * Whether messages on ws are compressed where the server can do that: permessage-deflate (RFC 7692). It has
   * no effect on the other protocols. Once used, it takes about 310 kB of memory. Default: `false`.
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
   * Values of the streamtype's metadata for this message alone, over those of the stream. On `mqtt` they
   * count for its topic, on `h1` and `h2` for its transaction, and on `ws` and `raw` only when the
   * connection is made for it.
   */
  metadata?: Metadata
  /**
   * Whether it is a binary message of `ws`, or a text, which has to be UTF-8. Default: as the policy's
   * `ws_binary`. The other protocols have no such kinds.
   */
  binary?: boolean
  /** Gives up waiting, and sending when that has not begun. */
  signal?: AbortSignal
}

/** Counters of one stream. */
export interface StreamStats {
  /** Messages given to `send()`, or which a `tx` handler ended; on raw, its pieces. */
  messagesSent: number
  /** Messages that arrived whole; on raw, pieces. */
  messagesReceived: number
  /**
   * Messages of MQTT's QoS 0 that were dropped, since 32 MiB were waiting to be read; left out while there
   * are none.
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
   * How many attempts have failed in a row, this one included; 1 as well for a connection that was lost.
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
   * An attempt failed, or a connection was lost, and another attempt is made by itself; comes after the
   * state that says so. When it was the last, the state is `ALL_RETRIES_FAILED` instead. Specification:
   * `retry`.
   */
  retry: [retry: Retry]
}
