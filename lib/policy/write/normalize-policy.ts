/** Writes a policy in its normal form. */
import { readPolicy, readUsable } from '../check/read-policy.js'
import type { PolicySource } from '../form/policy-source.js'
import type { Policy } from '../form/types.js'

/** Options of {@link normalizePolicy} and {@link overlayPolicy}. */
export interface PolicyOptions {
  /** The name of the policy's file, for the message of a {@link PolicyError}. */
  file?: string
}

/**
 * Brings a policy into its normal form: one shape for each section, one spelling for each key,
 * numbers as numbers, without keys that have no effect. The source is not changed.
 *
 * @throws PolicyError when the policy has errors
 */
export function normalizePolicy(source: PolicySource, options: PolicyOptions = {}): Policy {
  return readUsable(readPolicy(source), options).policy
}
