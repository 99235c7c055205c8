/**
 * Puts what the addon tells, in its numbers, into this library's words. To be loaded when the addon is
 * needed, since it has the numbers.
 */
import { stateName } from '../state.js'
import { type NativeStream, type NativeStreamHandlers, native } from './native.js'
import type {
  Failure,
  HandlerTarget,
  LifeTarget,
  NoticeTarget,
  Piece,
  Published,
  ReceivingTarget,
} from './targets.js'

const NOTHING = Buffer.alloc(0)

// Constants of this file, which costs a message less than properties of the addon.
const { numbers } = native()
const { state: STATE, rx: RX, sent: SENT, failure: FAILURE, dropped: DROPPED } = numbers.events
const { acknowledged: ACKNOWLEDGED, refused: REFUSED, wanted: WANTED } = numbers.events
const { head: HEAD, trailers: TRAILERS, ended: ENDED } = numbers.events
const { published: PUBLISHED, retry: RETRY } = numbers.events
const { som: SOM, eom: EOM, perfJson: PERF_JSON } = numbers.flags
const { binary: BINARY, retained: RETAINED } = numbers.flags
const { settingsDiffer: SETTINGS_DIFFER, notRepeated: NOT_REPEATED } = numbers.failures

const levels = new Map(
  (['error', 'warn', 'notice', 'info'] as const).map((level) => [numbers.logLevels[level], level]),
)

// There are few combinations of flags, and one of them is that of nearly all messages.
const pieces = new Map<number, Piece>()

function pieceOf(flags: number): Piece {
  let piece = pieces.get(flags)
  if (!piece) {
    piece = {
      som: (flags & SOM) !== 0,
      eom: (flags & EOM) !== 0,
      perf: (flags & PERF_JSON) !== 0,
      binary: (flags & BINARY) !== 0,
    }
    pieces.set(flags, piece)
  }
  return piece
}

/** `text` has two numbers on a line, then the endpoint, then words. */
function failureOf(text: string, code: number): Failure {
  const [numbers = '', endpoint, ...words] = text.split('\n')
  const [number = 0, attempts = 1] = numbers.split(' ').map(Number)
  const settingsDiffer = code === SETTINGS_DIFFER
  const notRepeated = code === NOT_REPEATED
  const isClose = code !== 0 && !settingsDiffer && !notRepeated
  return {
    words: words.join('\n'),
    number,
    attempts,
    endpoint: endpoint || undefined,
    settingsDiffer,
    notRepeated,
    closeCode: isClose ? code : undefined,
  }
}

function tellReceived(target: ReceivingTarget, data: Buffer, piece: Piece): void {
  if (!piece.perf) {
    target.received(data, piece)
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

// A wait of more than 49 days, which a server may ask for, has bits beside the number of the attempt.
function tellRetry(target: Pick<LifeTarget, 'retries'>, attempt: number, delay: number): void {
  target.retries(attempt & 0xffff, delay + (attempt >>> 16) * 2 ** 32)
}

/** Tells what the native stream collected, in order. */
export function tellEvents(
  stream: NativeStream,
  events: Uint32Array,
  count: number,
  bytes: Buffer = NOTHING,
  from: number,
): void {
  let at = from
  let target = stream.events
  for (let n = 0; n < count * 3; n += 3) {
    // A state may have put another in its place: what comes behind an upgrade is the stream's.
    if (n > 0 && events[n - 3] === STATE) target = stream.events
    const a = events[n + 1] as number
    const b = events[n + 2] as number
    try {
      switch (events[n]) {
        case STATE:
          target.life.state(stateName(a), b)
          break
        case RX:
          at += a
          tellReceived(target.receiving, bytes.subarray(at - a, at), pieceOf(b))
          break
        case FAILURE:
          at += a
          target.life.failed(failureOf(bytes.toString('utf8', at - a, at), b))
          break
        case HEAD:
          at += a
          target.life.answerBegins(bytes.toString('latin1', at - a, at), b)
          break
        case TRAILERS:
          at += a
          target.life.answerTrails(bytes.toString('latin1', at - a, at))
          break
        case PUBLISHED:
          at += a
          target.receiving.published({
            topic: bytes.toString('utf8', at - a, at),
            qos: (b & ~RETAINED) as Published['qos'],
            retain: (b & RETAINED) !== 0,
          })
          break
        case RETRY:
          tellRetry(target.life, a, b)
          break
        case SENT:
          target.sending.sent(a)
          break
        case ACKNOWLEDGED:
          target.sending.acknowledged(a)
          break
        case REFUSED:
          target.sending.refused(a, b)
          break
        case DROPPED:
          target.sending.dropped(a)
          break
        case ENDED:
          target.receiving.ended()
          break
        case WANTED:
          target.sending.wanted(a, b)
          break
      }
    } catch (error) {
      // A listener's exception is the program's; the events behind it are still to be told.
      native().reportUncaught(error)
    }
  }
}

/** Tells which messages of several streams were sent. */
export function tellSent(streams: readonly NativeStream[], numbers: Uint32Array): void {
  let at = 0
  for (const { events } of streams)
    for (let left = numbers[at++] as number; left > 0; left--)
      events.sending.sent(numbers[at++] as number)
}

/** What the addon calls on a stream with handlers. */
export function handlerCalls(stream: NativeStream, target: HandlerTarget): NativeStreamHandlers {
  return {
    state: (code, ordinal) => {
      const state = stateName(code)
      if (state === 'UNREACHABLE' || state === 'DISCONNECTED')
        target.failed(failureOf(...stream.failure()))
      target.state(state, ordinal)
    },
    rx: (data, flags) => target.rx(data, pieceOf(flags)),
    tx: (room, ordinal) => {
      const sent = target.tx(room, ordinal)
      return sent && [sent.bytes, (sent.som ? SOM : 0) | (sent.eom ? EOM : 0)]
    },
    retry: (attempt, delay) => tellRetry(target, attempt, delay),
  }
}

/** What the addon calls when there is something to tell of a context. */
export function noticeCall(
  target: NoticeTarget,
): (kind: number, code: number, text: string) => void {
  const { notices } = numbers
  return (kind, code, text) => {
    switch (kind) {
      case notices.state:
        target.systemState(text)
        break
      case notices.log:
        target.logLine(levels.get(code) ?? 'debug', text)
        break
      case notices.key:
        target.keyLine(text)
        break
      case notices.closed:
        target.closed()
        break
    }
  }
}
