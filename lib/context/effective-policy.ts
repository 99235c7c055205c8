/** A policy with what has been laid over it, as a context goes by it. */
import { type PolicyWarning, readPolicy, readUsable } from '../policy/check/read-policy.js'
import type { PolicySource } from '../policy/form/policy-source.js'
import type { Policy, Streamtype } from '../policy/form/types.js'
import { FETCH_POLICY, keepFetchPolicy } from '../policy/write/keep-fetch-policy.js'
import { normalizePolicy, type PolicyOptions } from '../policy/write/normalize-policy.js'
import { mergePolicies } from '../policy/write/overlay-policy.js'
import { type LwsPolicy, writeLwsPolicy } from '../policy/write/write-lws-policy.js'
import { Kind } from '../streamtypes/kind.js'

/**
 * What a context goes by: a policy, what has been laid over it, and the two together. Nothing of it
 * changes; another policy is another of these.
 */
export class EffectivePolicy {
  /** The policy in force, in normal form. */
  readonly policy: Policy
  /** What lws is given. */
  readonly written: LwsPolicy
  /** What is to be said of what was added last, the policy itself or something laid over it. */
  readonly warnings: readonly PolicyWarning[]
  readonly #base: Policy
  readonly #over: Policy | undefined
  readonly #certs: ReadonlyMap<string, string>
  readonly #definitions: ReadonlyMap<string, Streamtype>
  /** This policy, with the streamtype that fetches the next one even if it has none itself. */
  readonly #fetching: Policy
  readonly #fetch: Streamtype | undefined
  readonly #kinds = new Map<string, Kind>()

  private constructor(
    base: Policy,
    over: Policy | undefined,
    warnings: readonly PolicyWarning[],
    options: PolicyOptions,
    previous?: EffectivePolicy,
  ) {
    this.warnings = warnings
    this.#base = base
    this.#over = over
    this.policy = over ? normalizePolicy(mergePolicies(base, over), options) : base
    this.#certs = new Map(this.policy.certs.flatMap((entry) => Object.entries(entry)))
    this.#definitions = definitionsOf(this.policy)
    const fetching = previous ? keepFetchPolicy(this.policy, previous.#fetching) : this.policy
    this.#fetching = fetching
    this.#fetch = definitionsOf(fetching).get(FETCH_POLICY)
    this.written = writeLwsPolicy(fetching, previous ? { previous: previous.written } : {})
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

  /** The names of the streamtypes. */
  get streamtypes(): string[] {
    return [...this.#definitions.keys()]
  }

  /** The base64 of what the policy's `certs` have of that name. */
  certOf(name: string): string | undefined {
    return this.#certs.get(name)
  }

  /** What a streamtype is, if there is one of that name. */
  kindOf(streamtype: string): Kind | undefined {
    const definition = this.#definitions.get(streamtype)
    return definition && this.#kindBy(streamtype, definition)
  }

  /** The streamtype that fetches the next policy. */
  get fetchKind(): Kind | undefined {
    return this.#fetch && this.#kindBy(FETCH_POLICY, this.#fetch)
  }

  #kindBy(streamtype: string, definition: Streamtype): Kind {
    const known = this.#kinds.get(streamtype)
    if (known) return known
    const lwsName = this.written.streamtypes.get(streamtype) ?? streamtype
    const kind = new Kind(streamtype, definition, { lwsName })
    this.#kinds.set(streamtype, kind)
    return kind
  }
}

function definitionsOf({ s }: Policy): ReadonlyMap<string, Streamtype> {
  return new Map(s.flatMap((entry) => Object.entries(entry)))
}

const readFragment = (fragment: PolicySource) => readUsable(readPolicy(fragment, true), {})
