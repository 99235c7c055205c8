/** A client of ws that says whatever bytes a test wants, and the frames that it hears. */
import { once } from 'node:events'
import net from 'node:net'

/** What is special about a frame; masked, final and of the shortest length otherwise. */
export interface FrameOptions {
  readonly fin?: boolean
  /** The three reserved bits, as a number. */
  readonly rsv?: number
  readonly mask?: readonly number[] | null
  /** How many bytes its length takes: 0 for those that are within the second byte, 2 or 8. */
  readonly lengthBytes?: 0 | 2 | 8
  /** The length that it says, if that is not the one that it has. */
  readonly length?: bigint
}

export const TEXT = 1
export const BINARY = 2
export const CONTINUATION = 0
export const CLOSE = 8
export const PING = 9
export const PONG = 10

const lengthField = (length: bigint, bytes: 0 | 2 | 8, masked: number): Buffer => {
  if (bytes === 0) return Buffer.from([masked | Number(length)])
  const field = Buffer.alloc(1 + bytes)
  field[0] = masked | (bytes === 2 ? 126 : 127)
  if (bytes === 2) field.writeUInt16BE(Number(length), 1)
  else field.writeBigUInt64BE(length, 1)
  return field
}

/** The bytes of a frame. */
export function frame(
  opcode: number,
  data: string | Uint8Array = '',
  { fin = true, rsv = 0, mask = [0x37, 0xfa, 0x21, 0x3d], lengthBytes, length }: FrameOptions = {},
): Buffer {
  const bytes = Buffer.from(data as string)
  const said = length ?? BigInt(bytes.length)
  const shortest = said < 126n ? 0 : said < 65_536n ? 2 : 8
  const masked = mask ? bytes.map((byte, at) => byte ^ (mask[at % 4] as number)) : bytes
  return Buffer.concat([
    Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode]),
    lengthField(said, lengthBytes ?? shortest, mask ? 0x80 : 0),
    Buffer.from(mask ?? []),
    masked,
  ])
}

/** The payload of a CLOSE. */
export function closing(code: number, reason: string | Uint8Array = ''): Buffer {
  const bytes = Buffer.from([code >> 8, code & 0xff])
  return Buffer.concat([bytes, Buffer.from(reason as string)])
}

/** The request for an upgrade. */
export const handshake = (...fields: string[]): string =>
  [
    'GET /ws HTTP/1.1',
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...fields,
    '',
    '',
  ].join('\r\n')

/** A frame that was heard. */
export interface HeardFrame {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly data: Buffer
}

/** A connection that has upgraded. */
export class WsPeer {
  readonly socket: net.Socket
  /** The response to the request for an upgrade. */
  readonly response: string
  readonly frames: HeardFrame[] = []
  /** Settles when the connection is over. */
  readonly closed: Promise<void>
  #rest: Buffer

  static async connect(port: number, ...fields: string[]): Promise<WsPeer> {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    socket.on('error', () => {})
    socket.write(handshake(...fields))
    let got = Buffer.alloc(0)
    while (!got.includes('\r\n\r\n')) {
      const [data] = (await once(socket, 'data')) as [Buffer]
      got = Buffer.concat([got, data])
    }
    const end = got.indexOf('\r\n\r\n') + 4
    return new WsPeer(socket, got.toString('latin1', 0, end), got.subarray(end))
  }

  private constructor(socket: net.Socket, response: string, rest: Buffer) {
    this.socket = socket
    this.response = response
    this.#rest = rest
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('data', (data: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, data])
      this.#take()
    })
    this.#take()
  }

  /** Sends these bytes, each of them by itself when `apart` says so. */
  async send(bytes: Uint8Array, apart = false): Promise<void> {
    if (!apart) {
      this.socket.write(bytes)
      return
    }
    for (const byte of bytes) {
      if (!this.socket.writable) return
      // Each is read by itself.
      await new Promise((resolve) => this.socket.write(Uint8Array.of(byte), resolve))
      await new Promise(setImmediate)
    }
  }

  /** Settles when so many messages and control frames are there, or the connection is over. */
  async hears(count: number): Promise<void> {
    while (this.frames.filter(({ fin }) => fin).length < count && !this.socket.destroyed)
      await Promise.race([once(this.socket, 'data'), this.closed])
  }

  /** What was heard, in short: `text:`, `binary:`, `pong:` and `close:` with what they said. */
  get heard(): string[] {
    const all: string[] = []
    for (const { opcode, data } of this.frames) {
      if (opcode === CONTINUATION) all.push(`${all.pop()}${data}`)
      else if (opcode === TEXT) all.push(`text:${data}`)
      else if (opcode === BINARY) all.push(`binary:${data.toString('latin1')}`)
      else if (opcode === PONG) all.push(`pong:${data}`)
      else if (opcode === CLOSE) all.push(`close:${data.length < 2 ? '' : data.readUInt16BE(0)}`)
      else all.push(`${opcode}:${data}`)
    }
    return all
  }

  #take(): void {
    while (this.#rest.length >= 2) {
      const [first, second] = this.#rest as unknown as [number, number]
      const short = second & 0x7f
      const at = short === 126 ? 4 : short === 127 ? 10 : 2
      if (this.#rest.length < at) return
      let length = short
      if (short === 126) length = this.#rest.readUInt16BE(2)
      if (short === 127) length = Number(this.#rest.readBigUInt64BE(2))
      if (this.#rest.length < at + length) return
      this.frames.push({
        fin: (first & 0x80) !== 0,
        rsv: (first >> 4) & 7,
        opcode: first & 15,
        data: Buffer.from(this.#rest.subarray(at, at + length)),
      })
      this.#rest = this.#rest.subarray(at + length)
    }
  }
}
