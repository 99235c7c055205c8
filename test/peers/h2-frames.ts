// An HTTP/2 server whose frames the test writes.

import type { Socket } from 'node:net'
import type { RawPeer } from './raw.js'
import { startRaw } from './raw.js'

export const DATA = 0
export const HEADERS = 1
export const RST_STREAM = 3
export const SETTINGS = 4
export const GOAWAY = 7
export const WINDOW_UPDATE = 8
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
 * An h2 server that leaves it to `answer` what is sent when the headers of a request have come; `heard`
 * is told of each frame of the client's.
 */
export function startFrames(
  answer: (socket: Socket, stream: number) => void,
  heard: (type: number, stream: number, payload: Buffer) => void = () => {},
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
          const type = received.readUInt8(at + 3)
          const stream = received.readUInt32BE(at + 5)
          heard(type, stream, received.subarray(at + FRAME_HEADER, end))
          if (type === HEADERS) answer(socket, stream)
          at = end
        }
      })
    },
  })
}
