/** Lays one policy over another. */
import { readPolicy, readUsable } from '../check/read-policy.js'
import type { PolicySource } from '../form/policy-source.js'
import type { Policy } from '../form/types.js'
import { normalizePolicy, type PolicyOptions } from './normalize-policy.js'

/**
 * Lays a fragment over a policy (spec: "Applying streamtype policy overlays"). The keys of a
 * streamtype in the fragment replace those of the policy's streamtype of that name, its metadata is
 * added by name; new streamtypes are added. Retry schemes, certificates, trust stores and auth
 * entries are added or replaced by name. Neither argument is changed.
 *
 * @returns the result, in normal form
 * @throws PolicyError when the policy, the fragment or the result has errors
 */
export function overlayPolicy(
  policy: PolicySource,
  fragment: PolicySource,
  options: PolicyOptions = {},
): Policy {
  const base = normalizePolicy(policy)
  return normalizePolicy(
    mergePolicies(base, readUsable(readPolicy(fragment, true), options).policy),
    options,
  )
}

/** Lays `over` over `base`; two fragments make one that has the effect of both. */
export function mergePolicies(base: Policy, over: Policy): Policy {
  return {
    ...base,
    ...over,
    retry: mergeRecords(base.retry, over.retry, (_, next) => next),
    certs: mergeRecords(base.certs, over.certs, (_, next) => next),
    trust_stores: mergeNamed(base.trust_stores, over.trust_stores),
    auth: mergeNamed(base.auth, over.auth),
    s: mergeRecords(base.s, over.s, (previous, next) => ({
      ...previous,
      ...next,
      ...(previous.metadata !== undefined &&
        next.metadata !== undefined && {
          metadata: mergeRecords(previous.metadata, next.metadata, (_, header) => header),
        }),
    })),
  }
}

type Records<T> = readonly Readonly<Record<string, T>>[]

function mergeRecords<T>(
  base: Records<T>,
  over: Records<T>,
  merge: (previous: T, next: T) => T,
): Record<string, T>[] {
  const merged = new Map(base.flatMap((record) => Object.entries(record)))
  for (const [name, next] of over.flatMap((record) => Object.entries(record))) {
    const previous = merged.get(name)
    merged.set(name, previous === undefined ? next : merge(previous, next))
  }
  return Array.from(merged, ([name, value]) => ({ [name]: value }))
}

function mergeNamed<T extends { name: string }>(base: readonly T[], over: readonly T[]): T[] {
  const merged = new Map(base.map((item) => [item.name, item]))
  for (const item of over) {
    merged.set(item.name, item)
  }
  return Array.from(merged.values())
}
