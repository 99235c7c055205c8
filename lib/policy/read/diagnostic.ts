/** What the check of a policy finds. */

/** How much a {@link Diagnostic} matters: a policy with an `error` is never given to lws. */
export type Severity = 'error' | 'warning' | 'info'

/** One finding in a policy. */
export interface Diagnostic {
  /** How much it matters. */
  readonly severity: Severity
  /** Stable, kebab-case: what tools match on. */
  readonly code: string
  /** What is wrong and what to do about it. */
  readonly message: string
  /** Where, as written in JavaScript: `s[0].mintest.port`; empty for the policy as a whole. */
  readonly path: string
  /** 1-based; absent when the policy was given as an object. */
  readonly line?: number
  /** 1-based, in UTF-16 code units; absent when the policy was given as an object. */
  readonly column?: number
}
