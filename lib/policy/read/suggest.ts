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
      const steps = isReordered(name, candidate) ? 1 : distance(name, candidate)
      if (steps < least) {
        nearest = candidate
        least = steps
      }
    }
  }
  return nearest === undefined ? '' : `; did you mean ${quote(nearest)}?`
}

/** Whether two letters that stand side by side are exchanged, and nothing else: one slip of the hand. */
function isReordered(name: string, candidate: string): boolean {
  if (name.length !== candidate.length) {
    return false
  }
  const at = [...name].findIndex((letter, index) => letter !== candidate[index])
  return (
    name.slice(at, at + 2) === candidate.charAt(at + 1) + candidate.charAt(at) &&
    name.slice(at + 2) === candidate.slice(at + 2)
  )
}
