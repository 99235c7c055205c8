// Waits for rounds of Node's event loop.

import assert from 'node:assert/strict'
import { setImmediate as nextRound } from 'node:timers/promises'

export { nextRound }

/** Rounds of the loop after which whatever local sockets have to tell has been told. */
const MANY_ROUNDS = 50

/** In milliseconds: far longer than anything takes here. */
const LONGEST_WAIT = 10_000

export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + LONGEST_WAIT
  while (!condition()) {
    assert.ok(Date.now() < end, `this is never so: ${condition}`)
    await nextRound()
  }
}

export async function quiet(): Promise<void> {
  for (let n = 0; n < MANY_ROUNDS; n++) await nextRound()
}
