// Waits for states and messages of a stream.

import { on } from 'node:events'
import type { SecureStream, StateName } from 'lws-secure-streams'

/** Everything that happened to a stream, from its creation on. */
export function traceStates(stream: SecureStream): (StateName | number)[] {
  const states: (StateName | number)[] = []
  stream.on('state', (state) => states.push(state))
  return states
}

/** The next time that the stream reaches `wanted`. */
export async function nextState(
  stream: SecureStream,
  wanted: StateName | number,
  signal: AbortSignal = AbortSignal.timeout(30_000),
): Promise<void> {
  for await (const [state] of on(stream, 'state', { signal })) if (state === wanted) return
}

/** The next message. */
export async function nextMessage(stream: SecureStream): Promise<Buffer> {
  const { value, done } = await stream[Symbol.asyncIterator]().next()
  if (done) throw new Error('the stream ended')
  return value.data
}

/** As many received bytes as `length`, in the pieces that they come in. */
export async function receiveBytes(stream: SecureStream, length: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let received = 0
  const messages = stream[Symbol.asyncIterator]()
  while (received < length) {
    const { value, done } = await messages.next()
    if (done) throw new Error(`the stream ended after ${received} of ${length} bytes`)
    pieces.push(value.data)
    received += value.data.length
  }
  return Buffer.concat(pieces)
}
