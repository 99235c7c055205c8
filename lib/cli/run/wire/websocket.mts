// The frames of a WebSocket, in words: RFC 6455, section 5.
import { closeInWords } from '../../words.mjs'
import {
  type Change,
  type Dialect,
  type FrameLength,
  Frames,
  numberAt,
  plural,
  type Say,
  utf8,
  type Way,
} from './dialect.mjs'

const OPCODES: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text message',
  2: 'binary message',
  8: 'close',
  9: 'ping',
  10: 'pong',
}

function lengthOf(bytes: string): FrameLength {
  if (bytes.length < 2) return undefined
  const second = bytes.charCodeAt(1)
  const short = second & 0x7f
  const more = short === 126 ? 2 : short === 127 ? 8 : 0
  if (bytes.length < 2 + more) return undefined
  const head = 2 + more + (second & 0x80 ? 4 : 0)
  return { head, whole: head + (more === 0 ? short : numberAt(bytes, 2, more)) }
}

/** The payload, without the mask of a client. */
function payloadOf(frame: string, head: number): string {
  const payload = frame.slice(head)
  if (!(frame.charCodeAt(1) & 0x80)) return payload
  const mask = frame.slice(head - 4, head)
  return String.fromCharCode(
    ...Array.from(payload, (sign, at) => sign.charCodeAt(0) ^ mask.charCodeAt(at % 4)),
  )
}

function inWords(frame: string, { head, whole }: NonNullable<FrameLength>): string {
  const first = frame.charCodeAt(0)
  const opcode = first & 0x0f
  const name = OPCODES[opcode] ?? `frame of opcode ${opcode}`
  if (opcode === 8) {
    const payload = payloadOf(frame, head)
    if (payload.length < 2) return 'close without a code'
    const reason = utf8(payload.slice(2))
    return `close ${closeInWords(numberAt(payload, 0, 2))}${reason && `: ${reason}`}`
  }
  const isFirst = !(first & 0x80) && opcode < 3 ? ', more follows' : ''
  return `${name}, ${plural(whole - head, 'byte')}${first & 0x40 ? ' compressed' : ''}${isFirst}`
}

export class WebSocketFrames implements Dialect {
  readonly #frames: Record<Way, Frames>

  constructor(say: Say) {
    const framesOf = (way: Way) =>
      new Frames(lengthOf, (frame, length) => say(way, inWords(frame, length)))
    this.#frames = { '>': framesOf('>'), '<': framesOf('<') }
  }

  hear(way: Way, bytes: string): Change {
    this.#frames[way].add(bytes)
    return undefined
  }
}
