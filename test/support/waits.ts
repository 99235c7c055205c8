// Reads from the log how long lws waits between attempts.

import type { Context } from 'lws-secure-streams'

/** The waits, in ms, that lws has said to take between attempts; `'retry'` tells what is left of them. */
export function waitsOf(context: Context): number[] {
  const waits: number[] = []
  process.env.NODE_DEBUG = 'lws-secure-streams'
  context.on('log', ({ text }) => {
    const wait = /retry wait (\d+)ms/.exec(text)
    if (wait) waits.push(Number(wait[1]))
  })
  return waits
}
