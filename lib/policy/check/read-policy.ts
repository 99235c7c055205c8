/** Reads and checks a policy: the one way from what a program gives to a policy in normal form. */
import type { PolicySource } from '../form/policy-source.js'
import type { Policy } from '../form/types.js'
import type { Diagnostic } from '../read/diagnostic.js'
import { diagnosticLine, PolicyError } from '../read/policy-error.js'
import { policyOf, readParts } from '../read/read-parts.js'
import { readSource } from '../read/read-source.js'
import { checkParts } from './check-parts.js'

/** A policy and what was found in it. With an error among the findings there is no policy. */
export interface ReadPolicy {
  readonly policy: Policy | undefined
  /** The keys without effect, which `policy` does not have, by streamtype. */
  readonly inert: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads a policy once: its normal form and every finding. A `fragment` is one that is to be laid
 * over another policy, so names that it does not define itself are not looked for in it.
 */
export function readPolicy(source: PolicySource, fragment = false): ReadPolicy {
  const { root, report } = readSource(source)
  const parts = root === undefined ? undefined : readParts(root, fragment, report)
  if (parts !== undefined && !fragment) {
    checkParts(parts, report)
  }
  return {
    policy: parts === undefined || report.failed ? undefined : policyOf(parts),
    inert: new Map(
      Array.from(parts?.streamtypes ?? [], ([name, { value }]) => [name, value.inert]),
    ),
    diagnostics: report.diagnostics,
  }
}

/**
 * Checks a policy (spec: "JSON Policy Database"). Never throws, whatever it is given.
 *
 * @param source - JSON text, UTF-8 bytes of it, or an object
 * @returns the findings in the order in which they were made; a policy without an `error` among
 *   them can be used
 */
export function checkPolicy(source: PolicySource): Diagnostic[] {
  return [...readPolicy(source).diagnostics]
}

/** What is to be said of a policy that can be used. */
export interface PolicyWarning {
  readonly text: string
  /** Whether it is about a key that does not exist. */
  readonly isUnknownKey: boolean
}

/** A policy that can be used, and what is to be said of it all the same. */
export interface UsablePolicy {
  readonly policy: Policy
  readonly warnings: readonly PolicyWarning[]
}

/** @throws PolicyError when what was read has errors */
export function readUsable(
  { policy, diagnostics }: ReadPolicy,
  { file }: { file?: string },
): UsablePolicy {
  if (policy === undefined) {
    throw new PolicyError(diagnostics, { file })
  }
  const warnings = diagnostics
    .filter(({ severity }) => severity === 'warning')
    .map((warning) => ({
      text: diagnosticLine(warning, file),
      isUnknownKey: warning.code === 'unknown-key',
    }))
  return { policy, warnings }
}
