import { NativeFlag } from '../addon/native.js'
import type { StreamStats } from './stream-types.js'

const endsMessage = (framed: boolean, flags: number) => !framed || (flags & NativeFlag.Eom) !== 0

export const countFromZero = (): StreamStats => ({
  messagesSent: 0,
  messagesReceived: 0,
  bytesSent: 0,
  bytesReceived: 0,
  connections: 0,
})

/** `framed`: whether the protocol knows where messages end. */
export function countSent(stats: StreamStats, framed: boolean, bytes: number, flags: number): void {
  stats.bytesSent += bytes
  if (endsMessage(framed, flags)) stats.messagesSent++
}

/** `framed`: whether the protocol knows where messages end. */
export function countReceived(
  stats: StreamStats,
  framed: boolean,
  bytes: number,
  flags: number,
): void {
  if (flags & NativeFlag.PerfJson) return
  stats.bytesReceived += bytes
  if (endsMessage(framed, flags)) stats.messagesReceived++
}
