/** The counters of a stream. */
import type { StreamStats } from './stream-types.js'

export const countFromZero = (): StreamStats => ({
  messagesSent: 0,
  messagesReceived: 0,
  bytesSent: 0,
  bytesReceived: 0,
  connections: 0,
})

/** `endsMessage`: whether it is the last of its message, or a piece on a protocol without messages. */
export function countSent(stats: StreamStats, bytes: number, endsMessage: boolean): void {
  stats.bytesSent += bytes
  if (endsMessage) stats.messagesSent++
}

/** `endsMessage`: whether it is the last of its message, or a piece on a protocol without messages. */
export function countReceived(stats: StreamStats, bytes: number, endsMessage: boolean): void {
  stats.bytesReceived += bytes
  if (endsMessage) stats.messagesReceived++
}
