// Gives a policy in TypeScript its type.
import type { CheckedPolicy, DefinedPolicy, JsonPolicy, StreamtypesOf } from './streamtypes.js'
import type { PolicyInput } from './types.js'

/**
 * Gives a policy that is written in TypeScript a type from which a context knows its streamtypes and
 * the metadata of each, so that another name is a compile error. So is, in the policy itself, a key that
 * does not exist, and a name in `retry`, `tls_trust_store`, `use_auth` or `${…}` that it does not have. Types
 * alone: the policy is returned as it is, and checked when it is used.
 *
 * A policy in a file can be given as an imported JSON module, of which the names of streamtypes and of
 * their metadata are known; see {@link policyToTypes}, too.
 */
export function definePolicy<const P extends PolicyInput | JsonPolicy>(
  policy: P & CheckedPolicy<P>,
): P & DefinedPolicy<StreamtypesOf<P>> {
  return policy as P as P & DefinedPolicy<StreamtypesOf<P>>
}
