/** How the messages of failures of the network are put together. */
import type { Circumstances } from './secure-stream-error.js'

/** The message of a failure of the network: who was asked, what happened, and how often. */
export function sentence(
  { endpoint, streamtype = '', attempts = 1 }: Circumstances,
  what: string,
): string {
  const often = attempts > 1 ? `, ${attempts} attempts` : ''
  return `${endpoint ?? `'${streamtype}'`}: ${what}${often}`
}
