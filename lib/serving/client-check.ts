/** What a server asks of its clients in TLS. */
import { checkBoolean, invalidArgValue } from '../arguments.js'
import { checkTrust, type Trust, trustedCertificates } from '../trust/trust.js'

/** The options of `context.serve()` about the certificates of clients. */
export interface ClientCheckOptions {
  /**
   * Whether clients are asked for a certificate, for a streamtype with `tls`; `ca` says who vouches for
   * them. {@link SecureStream.peerCertificate} is what a client has shown. Default: `false`
   */
  requestCert?: boolean
  /**
   * With `requestCert`: whether a client is refused in the handshake that shows no certificate, or one
   * that nobody of `ca` vouches for. Default: `true`
   */
  rejectUnauthorized?: boolean
  /** With `requestCert`: whose certificates clients are to have, as the option `ca` of `openContext()`. */
  ca?: Trust
}

/** The same, as a listener takes it. */
export interface ClientCheck {
  /** The certificates of those who vouch for clients, as DER; without any, clients are not asked. */
  readonly authorities: readonly Uint8Array[]
  /** Whether one is needed that is vouched for. */
  readonly refusesStrangers: boolean
}

/** @throws TypeError */
export function checkClientCheck({
  requestCert,
  rejectUnauthorized,
  ca,
}: ClientCheckOptions): void {
  for (const [name, value] of Object.entries({ requestCert, rejectUnauthorized }))
    if (value !== undefined) checkBoolean(`options.${name}`, value)
  checkTrust(ca)
  if (requestCert && ca === undefined)
    throw invalidArgValue('options.requestCert', requestCert, "needs 'ca': who vouches for clients")
  if (requestCert) return
  const unused = Object.entries({ rejectUnauthorized, ca }).find(([, value]) => value !== undefined)
  if (unused) throw invalidArgValue(`options.${unused[0]}`, unused[1], "needs 'requestCert: true'")
}

/**
 * What is asked of clients.
 *
 * @throws SecureStreamError `ERR_SS_TRUST`
 */
export function clientCheckOf({
  requestCert,
  rejectUnauthorized,
  ca,
}: ClientCheckOptions): ClientCheck {
  return {
    authorities: requestCert && ca !== undefined ? trustedCertificates(ca) : [],
    refusesStrangers: rejectUnauthorized ?? true,
  }
}
