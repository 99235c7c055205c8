// Collects what is found in a policy.
import type { Diagnostic, Severity } from './diagnostic.js'
import { type PolicyNode, pathOf } from './node.js'

/** A hostile policy can hold a million mistakes. The report keeps this many of each severity. */
const MAX_PER_SEVERITY = 1000

/** Collects the findings of one check and turns offsets into lines and columns. */
export class Report {
  readonly diagnostics: Diagnostic[] = []
  readonly #text: string | undefined
  readonly #counts = { error: 0, warning: 0, info: 0 }
  #lineStarts: number[] | undefined

  /** @param text - the text that the offsets refer to, if the policy was given as text */
  constructor(text?: string) {
    this.#text = text
  }

  /** True once an error was reported. */
  get failed(): boolean {
    return this.#counts.error > 0
  }

  /** Reports something that must not reach lws. `at` is the node, or an offset into the text. */
  error(code: string, at: PolicyNode | number, message: string): void {
    this.#add('error', code, at, message)
  }

  /** Reports something that works differently from what its author will expect. */
  warning(code: string, at: PolicyNode | number, message: string): void {
    this.#add('warning', code, at, message)
  }

  /** Reports something worth knowing. */
  info(code: string, at: PolicyNode | number, message: string): void {
    this.#add('info', code, at, message)
  }

  #add(severity: Severity, code: string, at: PolicyNode | number, message: string): void {
    if (++this.#counts[severity] > MAX_PER_SEVERITY) {
      return
    }
    const offset = typeof at === 'number' ? at : at.offset
    const path = typeof at === 'number' ? '' : pathOf(at)
    this.diagnostics.push({ severity, code, message, path, ...this.#position(offset) })
  }

  #position(offset: number): { line: number; column: number } | undefined {
    if (this.#text === undefined || offset < 0) {
      return undefined
    }
    this.#lineStarts ??= lineStartsOf(this.#text)
    const starts = this.#lineStarts
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((starts[middle] as number) <= offset) {
        low = middle
      } else {
        high = middle
      }
    }
    return { line: low + 1, column: offset - (starts[low] as number) + 1 }
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) {
      starts.push(at + 1)
    }
  }
  return starts
}
