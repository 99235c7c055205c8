// The frames of HTTP/2, in words, but for payload and windows: RFC 9113.
import {
  type Change,
  type Dialect,
  type FrameLength,
  Frames,
  numberAt,
  type Say,
  utf8,
  type Way,
} from './dialect.mjs'
import { withoutSecrets } from './http1.mjs'

const PREFACE = 24
const HEAD = 9
const ACK = 1
const PRIORITY = 0x20
// RFC 9113, section 7.
const ERRORS = [
  ...['no error', 'protocol error', 'internal error', 'flow control error', 'settings timeout'],
  ...['stream closed', 'frame size error', 'refused stream', 'cancel', 'compression error'],
  ...['connect error', 'enhance your calm', 'inadequate security', 'HTTP/1.1 required'],
]

const lengthOf = (bytes: string): FrameLength =>
  bytes.length < HEAD ? undefined : { head: HEAD, whole: HEAD + numberAt(bytes, 0, 3) }

/** A number of HPACK whose first byte has seven bits of it, and where it ends. */
function hpackNumber(block: string, at: number): [number: number, end: number] {
  const first = block.charCodeAt(at) & 0x7f
  if (first < 0x7f) return [first, at + 1]
  let number = first
  for (let n = at + 1, factor = 1; n < block.length; n++, factor *= 128) {
    const byte = block.charCodeAt(n)
    number += (byte & 0x7f) * factor
    if (!(byte & 0x80)) return [number, n + 1]
  }
  return [number, block.length]
}

/** The fields that libwebsockets sends, which has names and values as they are. */
function sentFields(block: string): [name: string, value: string][] {
  const fields: [string, string][] = []
  for (let at = 0; at < block.length; ) {
    // A literal without indexing, and with a new name.
    if (block.charCodeAt(at) & 0xef) return fields
    const [nameLength, name] = hpackNumber(block, at + 1)
    const [valueLength, value] = hpackNumber(block, name + nameLength)
    fields.push([block.slice(name, name + nameLength), block.slice(value, value + valueLength)])
    at = value + valueLength
  }
  return fields
}

export class Http2 implements Dialect {
  readonly #say: Say
  readonly #frames: Record<Way, Frames>
  #preface = PREFACE

  constructor(say: Say) {
    this.#say = say
    const framesOf = (way: Way) => new Frames(lengthOf, (frame) => this.#tell(way, frame))
    this.#frames = { '>': framesOf('>'), '<': framesOf('<') }
  }

  hear(way: Way, bytes: string): Change {
    const before = way === '>' ? Math.min(this.#preface, bytes.length) : 0
    this.#preface -= before
    this.#frames[way].add(bytes.slice(before))
    return undefined
  }

  #tell(way: Way, frame: string): void {
    const flags = frame.charCodeAt(4)
    const payload = frame.slice(HEAD)
    const errorAt = (at: number) => ERRORS[numberAt(payload, at, 4)] ?? 'an error'
    switch (frame.charCodeAt(3)) {
      case 1:
        if (way === '>') this.#tellRequest(payload.slice(flags & PRIORITY ? 5 : 0))
        break
      case 3:
        this.#say(way, `RST_STREAM, ${errorAt(0)}`)
        break
      case 4:
        this.#say(way, flags & ACK ? 'SETTINGS are acknowledged' : 'SETTINGS')
        break
      case 6:
        this.#say(way, flags & ACK ? 'PING is answered' : 'PING')
        break
      case 7: {
        const words = utf8(payload.slice(8))
        this.#say(way, `GOAWAY, ${errorAt(4)}${words && `: ${words}`}`)
        break
      }
    }
  }

  #tellRequest(block: string): void {
    const fields = sentFields(block)
    const pseudo = new Map(fields.filter(([name]) => name.startsWith(':')))
    this.#say('>', `${pseudo.get(':method') ?? ''} ${pseudo.get(':path') ?? ''} HTTP/2`)
    const authority = pseudo.get(':authority')
    if (authority !== undefined) this.#say('>', `host: ${authority}`)
    for (const [name, value] of fields)
      if (!name.startsWith(':')) this.#say('>', withoutSecrets(`${name}: ${value}`))
  }
}
