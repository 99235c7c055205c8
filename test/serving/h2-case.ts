/** What cases of frames of h2 are made of, and the errors that they expect. */
import { END_HEADERS, END_STREAM, frame, HEADERS } from '../peers/h2-frames.js'
import { block, get, pseudo } from './frame-client.js'

export const bytes = (...all: number[]) => Buffer.from(all)
export const headers = (stream: number, payload: Buffer, flags = END_HEADERS | END_STREAM) =>
  frame(HEADERS, flags, stream, payload)
export const request = (...fields: [string, string][]) => headers(1, block(...fields))
export const without = (name: string) => request(...pseudo().filter(([key]) => key !== name))
export const waiting = headers(1, block(...pseudo('POST', '/wait')), END_HEADERS)
export const answered = [get(1)]
export const whole = block(...pseudo())
export const [part, rest] = [whole.subarray(0, 10), whole.subarray(10)]

export const protocol = 'goaway PROTOCOL_ERROR'
export const size = 'goaway FRAME_SIZE_ERROR'
export const compression = 'goaway COMPRESSION_ERROR'
export const closed = 'goaway STREAM_CLOSED'
export const malformed = 'reset 1 PROTOCOL_ERROR'
export const ok = 'status 1 200'
export const nothing = ''

export type Case = [name: string, expected: string, ...frames: Buffer[]]
