/** A client of h2 that writes whatever frames a test makes. */
import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from '../peers/h2-frames.js'

export const PRIORITY = 2
export const PUSH_PROMISE = 5
export const PING = 6
export const ACK = 1
const FRAME_HEADER = 9

/** RFC 9113, 7. */
export const errors = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const
export type ErrorName = keyof typeof errors

const nameOf = (code: number) =>
  Object.entries(errors).find(([, number]) => number === code)?.[0] ?? `${code}`

/** A frame that has come. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [0x7f]
  let rest = bytes.length - 0x7f
  for (; rest > 127; rest >>= 7) length.push(0x80 | (rest & 0x7f))
  length.push(rest)
  return Buffer.concat([Buffer.from(length), bytes])
}

/** A block of literal fields. */
export const block = (...fields: readonly (readonly [name: string, value: string])[]): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))

export const pseudo = (method = 'GET', path = '/'): [string, string][] => [
  [':method', method],
  [':scheme', 'http'],
  [':path', path],
  [':authority', 'a'],
]

/** A request of a frame, with fields behind the pseudo-headers. */
export const get = (stream: number, ...fields: [string, string][]): Buffer =>
  frame(HEADERS, END_HEADERS | END_STREAM, stream, block(...pseudo(), ...fields))

/** The head of a request that has a body. */
export const post = (stream: number, ...fields: [string, string][]): Buffer =>
  frame(HEADERS, END_HEADERS, stream, block(...pseudo('POST'), ...fields))

export const data = (stream: number, payload: string | Buffer = '', flags = 0): Buffer =>
  frame(DATA, flags, stream, Buffer.from(payload))

export const setting = (id: number, value: number): Buffer =>
  Buffer.concat([Buffer.from([id >> 8, id & 0xff]), u32(value)])

export const settings = (...all: Buffer[]): Buffer => frame(SETTINGS, 0, 0, Buffer.concat(all))
export const reset = (stream: number, code = errors.CANCEL as number): Buffer =>
  frame(RST_STREAM, 0, stream, u32(code))
export const window = (stream: number, by: number): Buffer =>
  frame(WINDOW_UPDATE, 0, stream, u32(by))
export const ping = (payload = 'pingping', flags = 0): Buffer =>
  frame(PING, flags, 0, Buffer.from(payload))
export const continuation = (stream: number, payload: Buffer, flags = END_HEADERS): Buffer =>
  frame(CONTINUATION, flags, stream, payload)

/** What a frame says, in words: `reset 1 CANCEL`, `status 3 200`. */
export function told({ type, stream, payload }: Frame): string | undefined {
  if (type === RST_STREAM) return `reset ${stream} ${nameOf(payload.readUInt32BE())}`
  if (type === GOAWAY) return `goaway ${nameOf(payload.readUInt32BE(4))}`
  const status = /(?::status|^\p{Cc})\p{Cc}(\d{3})/u.exec(payload.toString('latin1'))?.[1]
  return type === HEADERS && status ? `status ${stream} ${status}` : undefined
}

/** A connection. */
export class FrameClient implements AsyncDisposable {
  readonly socket: Socket
  /** All that has come so far. */
  readonly frames: Frame[] = []
  #rest = Buffer.alloc(0)
  #isClosed = false
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, bytes])
      this.#parse()
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  /** Connects, and says what a client says first, unless `greets` is false. */
  static async connect(port: number, greets = true): Promise<FrameClient> {
    const socket = net.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new FrameClient(socket)
    if (greets) client.send(PREFACE, settings())
    return client
  }

  send(...frames: Buffer[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(frames))
  }

  #parse(): void {
    while (this.#rest.length >= FRAME_HEADER) {
      const end = FRAME_HEADER + this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < end) return
      this.frames.push({
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        stream: this.#rest.readUInt32BE(5),
        payload: this.#rest.subarray(FRAME_HEADER, end),
      })
      this.#rest = this.#rest.subarray(end)
    }
  }

  /** Everything so far, as {@link told}. */
  get told(): string[] {
    return this.frames.flatMap((one) => told(one) ?? [])
  }

  /** Waits until this is so, or the connection is over; says which. */
  async until(isSo: (client: this) => boolean): Promise<boolean> {
    while (!isSo(this)) {
      if (this.#isClosed) return false
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return true
  }

  /** Waits until a frame says this; what was said when the connection is over before. */
  async hears(what: string): Promise<void> {
    const has = await this.until(({ told: all }) => all.includes(what))
    if (!has) throw new Error(`not '${what}', but: ${this.told.join(', ') || 'nothing'}`)
  }

  /** Waits until all that was sent has been read, or the connection is over. */
  async settled(mark = 'settled!'): Promise<boolean> {
    this.send(ping(mark))
    return this.until(({ frames }) =>
      frames.some(({ type, payload }) => type === PING && payload.toString() === mark),
    )
  }

  /** Waits for the end of the connection. */
  async closed(): Promise<void> {
    await this.until(() => false)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    await this.closed()
  }
}
