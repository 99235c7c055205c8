import { type StateName, stateName } from '../stream/state.js'
import { NativeEvent, NativeFlag, type NativeStream, native } from './native.js'

const NOTHING = Buffer.alloc(0)

/** What can happen to a stream of messages; a message that is on its way out is known by its id. */
export interface StreamEventTarget {
  state(state: StateName | number, ordinal: number): void
  received(data: Buffer, flags: number): void
  performance(performance: unknown): void
  sent(id: number): void
  acknowledged(id: number): void
  refused(id: number): void
  dropped(id: number): void
  wanted(id: number, piece: number): void
  failed(reason: string, code: number): void
  answered(head: string, status: number): void
  trailed(fields: string): void
}

function tellReceived(target: StreamEventTarget, data: Buffer, flags: number): void {
  if (!(flags & NativeFlag.PerfJson)) {
    target.received(data, flags)
    return
  }
  let performance: unknown
  try {
    performance = JSON.parse(data.toString('utf8'))
  } catch {
    // What lws could not fit into its buffer it cuts off, which is no reason to end a program.
    return
  }
  target.performance(performance)
}

/** Tells what the native stream collected, in order. */
export function tellEvents(
  { events: target }: NativeStream,
  numbers: Uint32Array,
  count: number,
  bytes: Buffer = NOTHING,
  from: number,
): void {
  let at = from
  for (let n = 0; n < count * 3; n += 3) {
    const a = numbers[n + 1] as number
    const b = numbers[n + 2] as number
    try {
      switch (numbers[n]) {
        case NativeEvent.State:
          target.state(stateName(a), b)
          break
        case NativeEvent.Rx:
          at += a
          tellReceived(target, bytes.subarray(at - a, at), b)
          break
        case NativeEvent.Failure:
          at += a
          target.failed(bytes.toString('utf8', at - a, at), b)
          break
        case NativeEvent.Head:
          at += a
          target.answered(bytes.toString('latin1', at - a, at), b)
          break
        case NativeEvent.Trailers:
          at += a
          target.trailed(bytes.toString('latin1', at - a, at))
          break
        case NativeEvent.Sent:
          target.sent(a)
          break
        case NativeEvent.Acknowledged:
          target.acknowledged(a)
          break
        case NativeEvent.Refused:
          target.refused(a)
          break
        case NativeEvent.Dropped:
          target.dropped(a)
          break
        case NativeEvent.Wanted:
          target.wanted(a, b)
          break
      }
    } catch (error) {
      // A listener's exception is the program's; the events behind it are still to be told.
      native().reportUncaught(error)
    }
  }
}
