// Reads from the log how long lws waits between attempts.

import type { Context } from 'lws-secure-streams'

/** The waits, in ms, that lws has said to take between attempts. */
export function waitsOf(context: Context): number[] {
  const waits: number[] = []
  context.on('log', ({ text }) => {
    const wait = /retry wait (\d+)ms/.exec(text)
    if (wait) waits.push(Number(wait[1]))
  })
  return waits
}
