import type { Socket } from 'node:net'
import type { RawPeer } from './raw.js'
import { startRaw } from './raw.js'

export const DATA = 0
export const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
export const CONTINUATION = 9
export const END_STREAM = 1
export const END_HEADERS = 4
export const PADDED = 8
const FRAME_HEADER = 9
const PREFACE = 24

/** A frame of h2, as the server of {@link startFrames} may write it, whole or in pieces. */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER)
  header.writeUIntBE(payload.length, 0, 3)
  header.writeUInt8(type, 3)
  header.writeUInt8(flags, 4)
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/**
 * An h2 server that leaves it to `answer` what is sent when the headers of a request have come; `reset`
 * hears when the client ends a stream.
 */
export function startFrames(
  answer: (socket: Socket, stream: number) => void,
  reset: (stream: number) => void = () => {},
): Promise<RawPeer> {
  return startRaw({
    accept(socket) {
      let received = Buffer.alloc(0)
      let at = PREFACE
      socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)))
      socket.on('data', (data) => {
        received = Buffer.concat([received, data])
        while (received.length >= at + FRAME_HEADER) {
          const end = at + FRAME_HEADER + received.readUIntBE(at, 3)
          if (received.length < end) return
          const stream = received.readUInt32BE(at + 5)
          if (received[at + 3] === HEADERS) answer(socket, stream)
          if (received[at + 3] === RST_STREAM) reset(stream)
          at = end
        }
      })
    },
  })
}
