// The packets of MQTT 3.1.1, in words.
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

const NAMES = [
  ...['packet of type 0', 'CONNECT', 'CONNACK', 'PUBLISH', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP'],
  ...['SUBSCRIBE', 'SUBACK', 'UNSUBSCRIBE', 'UNSUBACK', 'PINGREQ', 'PINGRESP', 'DISCONNECT'],
  'packet of type 15',
]
// Section 3.2.2.3 of the specification.
const CONNACK_CODES = [
  ...['accepted', 'refused, unacceptable protocol version', 'refused, identifier rejected'],
  ...['refused, server unavailable', 'refused, bad user name or password'],
  'refused, not authorized',
]

function lengthOf(bytes: string): FrameLength {
  let length = 0
  for (let at = 1; at < bytes.length && at < 5; at++) {
    const digit = bytes.charCodeAt(at)
    length += (digit & 0x7f) * 128 ** (at - 1)
    if (!(digit & 0x80)) return { head: at + 1, whole: at + 1 + length }
  }
  return undefined
}

/** Text with its length before it, and where it ends. */
function textAt(bytes: string, at: number): [text: string, end: number] {
  const end = at + 2 + numberAt(bytes, at, 2)
  return [utf8(bytes.slice(at + 2, end)), end]
}

function connectInWords(packet: string, head: number): string {
  const [, level] = textAt(packet, head)
  const flags = packet.charCodeAt(level + 1)
  const [id, end] = textAt(packet, level + 4)
  const parts = [`as "${id}"`, `keep-alive ${numberAt(packet, level + 2, 2)} s`]
  if (flags & 0x02) parts.push('clean session')
  if (flags & 0x04) parts.push(`will to "${textAt(packet, end)[0]}"`)
  if (flags & 0x80) parts.push('with a user name')
  return parts.join(', ')
}

function publishInWords(packet: string, { head, whole }: NonNullable<FrameLength>): string {
  const flags = packet.charCodeAt(0) & 0x0f
  const qos = (flags >> 1) & 3
  const [topic, end] = textAt(packet, head)
  const parts = [`to "${topic}"`, plural(whole - end - (qos > 0 ? 2 : 0), 'byte'), `QoS ${qos}`]
  if (qos > 0) parts.push(`packet ${numberAt(packet, end, 2)}`)
  if (flags & 1) parts.push('retained')
  if (flags & 8) parts.push('again')
  return parts.join(', ')
}

function subscribeInWords(packet: string, head: number): string {
  const parts = []
  for (let at = head + 2; at < packet.length; ) {
    const [topic, end] = textAt(packet, at)
    parts.push(`"${topic}" with QoS ${packet.charCodeAt(end)}`)
    at = end + 1
  }
  return `to ${parts.join(', ')}, packet ${numberAt(packet, head, 2)}`
}

function subackInWords(packet: string, head: number): string {
  const codes = Array.from(packet.slice(head + 2), (sign) => sign.charCodeAt(0))
  const given = codes.map((code) => (code < 3 ? `QoS ${code}` : 'refused'))
  return `${given.join(', ')}, packet ${numberAt(packet, head, 2)}`
}

function detailsOf(packet: string, length: NonNullable<FrameLength>): string {
  const { head, whole } = length
  switch (packet.charCodeAt(0) >> 4) {
    case 1:
      return connectInWords(packet, head)
    case 2: {
      const code = packet.charCodeAt(head + 1)
      const session = packet.charCodeAt(head) & 1 ? ', with the session of before' : ''
      return (CONNACK_CODES[code] ?? `refused with ${code}`) + session
    }
    case 3:
      return publishInWords(packet, length)
    case 8:
      return subscribeInWords(packet, head)
    case 9:
      return subackInWords(packet, head)
    default:
      return whole - head >= 2 ? `packet ${numberAt(packet, head, 2)}` : ''
  }
}

export class Mqtt implements Dialect {
  readonly #frames: Record<Way, Frames>

  constructor(say: Say) {
    const framesOf = (way: Way) =>
      new Frames(lengthOf, (packet, length) => {
        const name = NAMES[packet.charCodeAt(0) >> 4]
        say(way, [name, detailsOf(packet, length)].filter(Boolean).join(' '))
      })
    this.#frames = { '>': framesOf('>'), '<': framesOf('<') }
  }

  hear(way: Way, bytes: string): Change {
    this.#frames[way].add(bytes)
    return undefined
  }
}
