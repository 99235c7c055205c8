// Suggests the name that somebody may have meant.
import { distance } from 'fastest-levenshtein'
import { quote } from '../form/text.js'

/** Longer names and lists are not searched: no person wrote them. */
const MAX_LENGTH = 60
const MAX_CANDIDATES = 1000

/** `; did you mean "x"?` for a name that resembles one of the candidates, else nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  if (name.length > MAX_LENGTH) {
    return ''
  }
  let nearest: string | undefined
  let least = Math.min(3, Math.max(1, Math.floor(name.length / 3))) + 1
  let count = 0
  for (const candidate of candidates) {
    if (++count > MAX_CANDIDATES) {
      break
    }
    if (Math.abs(candidate.length - name.length) < least) {
      const steps = distance(name, candidate)
      if (steps < least) {
        nearest = candidate
        least = steps
      }
    }
  }
  return nearest === undefined ? '' : `; did you mean ${quote(nearest)}?`
}
