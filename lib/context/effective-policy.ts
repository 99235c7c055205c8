import { FETCH_POLICY, keepFetchPolicy } from '../policy/keep-fetch-policy.js'
import { mergePolicies, normalizePolicy, type PolicyOptions, readUsable } from '../policy/policy.js'
import type { PolicySource } from '../policy/policy-source.js'
import { readPolicy } from '../policy/read-policy.js'
import type { Policy, Streamtype } from '../policy/types.js'
import { type LwsPolicy, writeLwsPolicy } from '../policy/write-lws-policy.js'

/**
 * What a context goes by: a policy, what has been laid over it, and the two together. Nothing of it
 * changes; another policy is another of these.
 */
export class EffectivePolicy {
  /** The policy in force, in normal form. */
  readonly policy: Policy
  readonly definitions: ReadonlyMap<string, Streamtype>
  /** The streamtype that fetches the next policy. The policy in force need not have it itself. */
  readonly fetch: Streamtype | undefined
  /** What lws is given. */
  readonly written: LwsPolicy
  /** What is to be said of what was added last, the policy itself or something laid over it. */
  readonly warnings: readonly string[]
  readonly #base: Policy
  readonly #over: Policy | undefined
  /** What {@link fetch} is from. */
  readonly #fetching: Policy

  private constructor(
    base: Policy,
    over: Policy | undefined,
    warnings: readonly string[],
    options: PolicyOptions,
    previous?: EffectivePolicy,
  ) {
    this.warnings = warnings
    this.#base = base
    this.#over = over
    this.policy = over ? normalizePolicy(mergePolicies(base, over), options) : base
    this.definitions = definitionsOf(this.policy)
    const fetching = previous ? keepFetchPolicy(this.policy, previous.#fetching) : this.policy
    this.#fetching = fetching
    this.fetch = definitionsOf(fetching).get(FETCH_POLICY)
    this.written = writeLwsPolicy(fetching, {
      ...options,
      ...(previous && { previous: previous.written }),
    })
  }

  /** @throws PolicyError when the policy, a fragment or the result has errors */
  static of(
    source: PolicySource,
    overlays: readonly PolicySource[],
    options: PolicyOptions,
  ): EffectivePolicy {
    const base = readUsable(readPolicy(source), options)
    const fragments = overlays.map(readFragment)
    const over = fragments
      .map(({ policy }) => policy)
      .reduce<Policy | undefined>((all, next) => (all ? mergePolicies(all, next) : next), undefined)
    const warnings = [base, ...fragments].flatMap((read) => read.warnings)
    return new EffectivePolicy(base.policy, over, warnings, options)
  }

  /** @throws PolicyError when the fragment or the result has errors */
  overlaid(fragment: PolicySource): EffectivePolicy {
    const { policy, warnings } = readFragment(fragment)
    const over = this.#over ? mergePolicies(this.#over, policy) : policy
    return new EffectivePolicy(this.#base, over, warnings, {}, this)
  }

  /**
   * Another policy in the place of this; what has been laid over this is laid over it too.
   *
   * @throws PolicyError when the policy or the result has errors
   */
  succeededBy(source: PolicySource, options: PolicyOptions): EffectivePolicy {
    const { policy, warnings } = readUsable(readPolicy(source), options)
    return new EffectivePolicy(policy, this.#over, warnings, options, this)
  }

  /** The name that lws knows a streamtype by. */
  nameForLws(streamtype: string): string {
    return this.written.streamtypes.get(streamtype) ?? streamtype
  }
}

function definitionsOf({ s }: Policy): ReadonlyMap<string, Streamtype> {
  return new Map(s.flatMap((entry) => Object.entries(entry)))
}

const readFragment = (fragment: PolicySource) => readUsable(readPolicy(fragment, true), {})
