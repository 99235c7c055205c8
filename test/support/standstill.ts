// Waits until a count does not change any more.

const TURNS = 100

/** Settles when `count` has not changed for many turns of the loop. */
export async function standstill(count: () => number): Promise<void> {
  for (let quiet = 0, before = -1; quiet < TURNS; before = count()) {
    await new Promise(setImmediate)
    quiet = count() === before ? quiet + 1 : 0
  }
}
