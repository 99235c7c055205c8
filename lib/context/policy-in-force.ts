/** The policy that a context goes by, and how another takes its place. */
import type { NativePolicy } from '../addon/native.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import type { PolicySource } from '../policy/form/policy-source.js'
import type { Policy } from '../policy/form/types.js'
import { didYouMean } from '../policy/read/suggest.js'
import { FETCH_POLICY } from '../policy/write/keep-fetch-policy.js'
import { requireTransactional } from '../requests/request.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { Kind } from '../streamtypes/kind.js'
import { DefaultTrust } from '../trust/default-trust.js'
import type { ContextLife } from './context-life.js'
import type { ContextSettings } from './context-types.js'
import type { EffectivePolicy } from './effective-policy.js'
import { Proxies } from './proxies.js'
import { RemotePolicy } from './remote-policy.js'

/** What {@link PolicyInForce} needs of its context. */
export interface PolicyHost {
  /** Gives it to libwebsockets; false when that cannot use it. */
  apply(policy: NativePolicy): boolean
  open(kind: Kind): SecureStream
  /** Another policy is in force. */
  changed(): void
  warn(text: string): void
  unknownKey(finding: string): void
}

/** Holds the policy in force; lays fragments over it, and fetches its successors. */
export class PolicyInForce {
  readonly #life: ContextLife
  readonly #host: PolicyHost
  readonly #trust: DefaultTrust
  readonly #proxies: Proxies
  readonly #remote: RemotePolicy
  #effective: EffectivePolicy

  constructor(
    effective: EffectivePolicy,
    { ca, httpProxy }: ContextSettings,
    life: ContextLife,
    host: PolicyHost,
  ) {
    this.#effective = effective
    this.#trust = new DefaultTrust(ca)
    this.#proxies = new Proxies(httpProxy)
    this.#life = life
    this.#host = host
    this.#remote = new RemotePolicy({
      open: () => this.#openFetch(),
      succeed: (policy) =>
        this.#goBy(this.#effective.succeededBy(policy, { file: 'the fetched policy' })),
    })
  }

  /** In normal form. */
  get policy(): Policy {
    return structuredClone(this.#effective.policy)
  }

  /** The base64 of what its `certs` have of that name. */
  certOf(name: string): string | undefined {
    return this.#effective.certOf(name)
  }

  get streamtypes(): string[] {
    return this.#effective.streamtypes
  }

  /** @throws SecureStreamError `ERR_SS_UNKNOWN_STREAMTYPE` */
  kindOf(streamtype: string): Kind {
    const kind = this.#effective.kindOf(streamtype)
    if (kind) return kind
    const known = this.streamtypes.join(', ') || 'none'
    const hint = didYouMean(streamtype, this.streamtypes)
    throw new SecureStreamError(
      'ERR_SS_UNKNOWN_STREAMTYPE',
      `the policy has no streamtype '${streamtype}'; it has: ${known}${hint}`,
    )
  }

  /** What an open stream of that name goes by from now on, if it can go on. */
  kindToGoOn(streamtype: string): Kind | undefined {
    const { fetchKind } = this.#effective
    return (
      this.#effective.kindOf(streamtype) ?? (streamtype === FETCH_POLICY ? fetchKind : undefined)
    )
  }

  /** What libwebsockets is opened with. */
  get first(): NativePolicy {
    return this.#nativePolicy(this.#effective)
  }

  /** Rejects with PolicyError, SecureStreamError, DestroyedError, and then nothing has changed. */
  async overlay(fragment: PolicySource): Promise<void> {
    this.#life.requireOpen()
    this.#goBy(this.#effective.overlaid(fragment))
  }

  /** Fetches the successor, and goes by it. */
  async refresh(): Promise<void> {
    this.#life.requireOpen()
    try {
      await this.#remote.refresh()
    } catch (error) {
      if (!this.#life.isClosing)
        this.#host.warn(`fetch_policy: the policy in force stays: ${(error as Error).message}`)
      throw error
    }
  }

  /**
   * Fetches the successor, when there is to be one, and returns when it is in force, or cannot be had, or
   * takes more than `patience` milliseconds.
   */
  async refreshAtStart(patience: number): Promise<void> {
    if (!this.#effective.fetchKind) return
    let timer: NodeJS.Timeout | undefined
    const fetched = this.refresh().catch(() => {})
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience)
    })
    await Promise.race([fetched, late, this.#life.closed])
    clearTimeout(timer)
    this.#remote.unref()
  }

  /** Says what the check of what was added last warns of. */
  warn(): void {
    for (const { text, isUnknownKey } of this.#effective.warnings) {
      this.#host.warn(`policy: ${text}`)
      if (isUnknownKey) this.#host.unknownKey(`policy: ${text}`)
    }
  }

  #nativePolicy({ written, policy }: EffectivePolicy): NativePolicy {
    return {
      policy: written.json,
      trust: this.#trust.neededBy(policy),
      chooseProxy: this.#proxies.chooser(policy['via-socks5']),
    }
  }

  #openFetch(): SecureStream {
    const kind = this.#effective.fetchKind ?? this.kindOf(FETCH_POLICY)
    requireTransactional(kind)
    return this.#host.open(kind)
  }

  #goBy(next: EffectivePolicy): void {
    const accepted = this.#host.apply(this.#nativePolicy(next))
    this.#life.requireOpen()
    if (!accepted)
      throw new SecureStreamError('ERR_SS_CREATE', 'libwebsockets could not use the new policy')
    this.#effective = next
    this.warn()
    this.#host.changed()
  }
}
