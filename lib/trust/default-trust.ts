// The certificates that a context trusts by default.
import type { Policy } from '../policy/form/types.js'
import { type Trust, trustedCertificates } from './trust.js'

/** What a context trusts when a streamtype names no trust store. It is read when a policy first needs it. */
export class DefaultTrust {
  readonly #ca: Trust | undefined
  #given = false

  constructor(ca: Trust | undefined) {
    this.#ca = ca
  }

  /**
   * The certificates that lws does not have yet and this policy needs.
   *
   * @throws SecureStreamError `ERR_SS_TRUST` when the system's certificates are needed and not found
   */
  neededBy(policy: Policy): Uint8Array[] {
    if (this.#given || (this.#ca === undefined && !needsTrust(policy))) return []
    const certificates = trustedCertificates(this.#ca ?? 'system')
    this.#given = true
    return certificates
  }
}

function needsTrust({ s }: Policy): boolean {
  return s.some((entry) =>
    Object.values(entry).some(
      ({ tls, server, tls_trust_store }) => tls && !server && !tls_trust_store,
    ),
  )
}
