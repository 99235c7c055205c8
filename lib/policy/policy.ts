import type { Diagnostic } from './diagnostic.js'
import { diagnosticLine, PolicyError } from './policy-error.js'
import type { PolicySource } from './policy-source.js'
import { type ReadPolicy, readPolicy } from './read-policy.js'
import type { Policy } from './types.js'

/** Options of {@link normalizePolicy} and {@link overlayPolicy}. */
export interface PolicyOptions {
  /** The name of the policy's file, for the message of a {@link PolicyError}. */
  file?: string
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

/**
 * Brings a policy into its normal form: one shape for each section, one spelling for each key,
 * numbers as numbers, without keys that have no effect. The source is not changed.
 *
 * @throws PolicyError when the policy has errors
 */
export function normalizePolicy(source: PolicySource, options: PolicyOptions = {}): Policy {
  return readUsable(readPolicy(source), options).policy
}

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
  return normalizePolicy(mergePolicies(base, normalizeFragment(fragment, options)), options)
}

/**
 * Brings a fragment for {@link overlayPolicy} into its normal form.
 *
 * @throws PolicyError when the fragment has errors
 */
export function normalizeFragment(fragment: PolicySource, options: PolicyOptions = {}): Policy {
  return readUsable(readPolicy(fragment, true), options).policy
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

/** A policy that can be used, and what is to be said of it all the same. */
export interface UsablePolicy {
  readonly policy: Policy
  readonly warnings: readonly string[]
}

/** @throws PolicyError when what was read has errors */
export function readUsable(
  { policy, diagnostics }: ReadPolicy,
  { file }: PolicyOptions,
): UsablePolicy {
  if (policy === undefined) {
    throw new PolicyError(diagnostics, { file })
  }
  const warnings = diagnostics
    .filter(({ severity }) => severity === 'warning')
    .map((warning) => diagnosticLine(warning, file))
  return { policy, warnings }
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
