// What a script says on the terminal, and how it ends.

import { pathToFileURL } from 'node:url'

/** A failure that a person can act on: printed as its message alone, without a stack. */
export class Stop extends Error {}

export const say = (line) => console.error(`lws-secure-streams: ${line}`)

export const isMain = (moduleUrl) => moduleUrl === pathToFileURL(process.argv[1] ?? '').href

/** Runs a script's main function; a Stop ends the process with its message and status 1. */
export async function main(run) {
  try {
    const code = await run()
    if (typeof code === 'number') process.exitCode = code
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    say(error.message)
    process.exitCode = 1
  }
}
