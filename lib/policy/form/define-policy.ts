// Gives a policy in TypeScript its type.
import type { DefinedPolicy, OnlyPolicyKeys, StreamtypesOf } from './streamtypes.js'
import type { PolicyInput } from './types.js'

/**
 * Gives a policy that is written in TypeScript a type from which a context knows its streamtypes and
 * the metadata of each, so that another name is a compile error. Types alone: the policy is returned
 * as it is, and checked when it is used.
 *
 * For a policy in a file, see {@link policyToTypes}.
 */
export function definePolicy<const P extends PolicyInput>(
  policy: P & OnlyPolicyKeys<P>,
): P & DefinedPolicy<StreamtypesOf<P>> {
  return policy as P as P & DefinedPolicy<StreamtypesOf<P>>
}
