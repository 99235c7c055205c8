// Why the answer to a transaction is none that the policy accepts.
import type { Streamtype } from '../../policy/index.js'
import { statusInWords } from '../words.mjs'
import type { Answer } from './outcome.mjs'

/** One sentence: the status in words, and what the policy could do about it. */
export function refusalOf(
  streamtype: string,
  { status, state, url, headers }: Answer,
  { http_expect }: Streamtype,
): string {
  const parts = [`'${streamtype}' was answered with ${statusInWords(status)}`]
  if (typeof state === 'number') parts.push(`which the policy maps to the state ${state}`)
  const { location } = headers
  if (status >= 300 && status < 400 && location !== undefined) {
    const target = URL.parse?.(location, url)?.href ?? location
    parts.push(`it leads to ${target}; "allow_redirects": true in the policy follows it`)
  } else if (http_expect !== undefined && status >= 200 && status < 300)
    parts.push(`the policy accepts ${statusInWords(http_expect)} alone (http_expect)`)
  return parts.join(': ')
}
