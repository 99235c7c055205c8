/** Sends one message to many clients. */
import type { NativeContext, NativeStream } from '../addon/native.js'
import { checkSend } from '../streams/check-send.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { SendOptions } from '../streams/stream-types.js'

/**
 * Sends `bytes`, which `data` was given as, on each of the streams, which are of one kind.
 *
 * @returns settles when each has been handed to its socket, or its client is gone
 * @throws what `send()` throws synchronously
 */
export function broadcast(
  context: NativeContext,
  streams: readonly SecureStream[],
  data: string | Uint8Array,
  bytes: Uint8Array,
  options: SendOptions,
): Promise<void> {
  const first = streams[0]
  if (!first) return Promise.resolve()
  // Each of these is given up, or has values, by itself.
  if (options.signal || options.metadata)
    return Promise.allSettled(streams.map((stream) => stream.send(bytes, options))).then(() => {})
  checkSend(first.life.kind, data, options)
  return new Promise((resolve) => {
    const ids = new Uint32Array(streams.length)
    const natives: NativeStream[] = []
    let left = streams.length
    const settled = () => {
      left--
      if (left === 0) resolve()
    }
    for (const { sending } of streams) {
      const id = sending.beginCounted(bytes.byteLength, settled)
      if (id === undefined) settled()
      else ids[natives.push(sending.native) - 1] = id
    }
    context.broadcast(natives, ids.subarray(0, natives.length), bytes, options.binary)
  })
}
