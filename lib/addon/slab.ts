/** The memory that small payloads are handed over in. */
import { markAsUntransferable } from 'node:worker_threads'

const SLAB_BYTES = 16 * 1024

/** What small payloads are parts of, as Node's own pool is of small buffers. */
export function allocateSlab(): Buffer {
  const slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  // To transfer one message would take all the others with it.
  markAsUntransferable(slab.buffer)
  return slab
}
