/** Chromium, without a window. */
import { type Browser, chromium } from 'playwright-core'
import { findProgram, hasProgram } from '../peers/program.js'

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** What the environment variable CHROMIUM says, or what is on the PATH; `undefined` without one. */
const file = process.env.CHROMIUM ?? names.filter(hasProgram).map(findProgram)[0]

/** Why tests have no browser; `false` when they have one. */
export const noChromium = file === undefined && 'there is no Chromium: apt-get install chromium'

export function startChromium(): Promise<Browser> {
  return chromium.launch({
    ...(file !== undefined && { executablePath: file }),
    // As root it has no sandbox.
    chromiumSandbox: process.getuid?.() !== 0,
    // Without the sanitizers that this process may run under.
    env: { PATH: process.env.PATH ?? '' },
  })
}
