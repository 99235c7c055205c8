/** What listens, as the addon has it. */
import type { NativeAccept, NativeAddress, NativeLimits, NativeStream } from '../addon/native.js'
import type { StreamEventTarget } from '../addon/targets.js'
import type { StateName } from '../state.js'
import type { Kind } from '../streamtypes/kind.js'
import type { ClientCheck } from './client-check.js'
import { cannotListen, cannotShow } from './refusals.js'

const ignore = () => {}

/** What a server shows in TLS, as DER: the chain, its own certificate first, and the key. */
export interface Certificate {
  readonly chain: readonly Uint8Array[]
  readonly key: Uint8Array
}

/** How to listen, beside what the policy says. */
export interface ListenOptions {
  readonly reusePort: boolean
  readonly perMessageDeflate: boolean
  readonly clientCheck: ClientCheck
  readonly certificate: Certificate | undefined
  readonly limits: NativeLimits
}

/** A native stream of a server streamtype, which says nothing but when it is over. */
export class Listener implements StreamEventTarget {
  readonly sending = {
    sent: ignore,
    acknowledged: ignore,
    refused: ignore,
    dropped: ignore,
    wanted: ignore,
  }
  readonly receiving = {
    received: ignore,
    performance: ignore,
    published: ignore,
    ended: () => this.#onStopped(),
  }
  readonly life = {
    state: (state: StateName | number) => this.#onState(state),
    failed: ignore,
    retries: ignore,
    answerBegins: ignore,
    answerTrails: ignore,
  }
  readonly port: number
  /** The address of an interface, `::` or `0.0.0.0` for all, or the path of a unix socket. */
  readonly address: string
  readonly #native: NativeStream
  readonly #over: () => void
  #onStopped: () => void = ignore
  readonly #hasTls: boolean
  readonly #clientCheck: ClientCheck
  readonly #streamtype: string

  /**
   * Begins to listen. `accept` is called for each client, and `over` when this has ended.
   *
   * @throws SecureStreamError `ERR_SS_LISTEN`, `ERR_SS_CREATE`
   */
  constructor(
    native: NativeStream,
    kind: Kind,
    { reusePort, perMessageDeflate, certificate, clientCheck, limits }: ListenOptions,
    accept: NativeAccept,
    over: () => void,
  ) {
    this.#native = native
    this.#over = over
    native.events = this
    try {
      native.open(undefined, accept, { sharesPort: reusePort, deflates: perMessageDeflate, limits })
    } catch (error) {
      throw cannotListen(kind, error)
    }
    // Nobody can have connected yet.
    this.#hasTls = certificate !== undefined
    this.#clientCheck = clientCheck
    this.#streamtype = kind.name
    if (certificate) this.#showFirst(certificate)
    this.port = kind.place.path === undefined ? native.listenPort() : 0
    this.address = kind.place.path ?? addressOf(native.listenAddresses())
  }

  /**
   * Shows the certificate to clients that come from now on.
   *
   * @throws SecureStreamError `ERR_SS_SERVER_CERT`
   */
  show({ chain, key }: Certificate): void {
    if (!this.#hasTls) return
    const { authorities, refusesStrangers } = this.#clientCheck
    const why = this.#native.useIdentity(chain, key, authorities, refusesStrangers)
    if (why !== undefined) throw cannotShow(this.#streamtype, why)
  }

  #showFirst(certificate: Certificate): void {
    try {
      this.show(certificate)
    } catch (error) {
      this.#native.destroy()
      throw error
    }
  }

  /** Accepts nobody any more; settles when those who have connected before are accepted. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStopped = resolve
      this.#native.stopListening()
    })
  }

  destroy(): void {
    this.#native.destroy()
  }

  /** The policy has changed: `kind` is what clients are from now on. */
  followPolicy(kind: Kind): void {
    this.#native.followPolicy(kind.lwsName, kind)
  }

  setRef(on: boolean): void {
    this.#native.setRef(on)
  }

  #onState(state: StateName | number): void {
    if (state !== 'DESTROYING') return
    this.#onStopped()
    this.#over()
  }
}

// Everywhere on IPv6 is said to be everywhere, as node:net says it of its servers.
function addressOf(all: readonly (NativeAddress | undefined)[]): string {
  const addresses = all.flatMap((address) => address?.[0] ?? [])
  return addresses.find((address) => address === '::') ?? addresses[0] ?? ''
}
