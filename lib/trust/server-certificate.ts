/** Reads the certificate and the key that a server shows, in PEM or DER. */
import { checkObject, checkString } from '../arguments.js'
import { type Identity, readIdentity } from './identity.js'

/** One entry of the blob `serverCert`. */
export interface ServerCertificateBlob {
  /** What `server_cert` calls it. */
  name: string
  /** The certificate, as DER; or as PEM, and then those that vouch for it may follow. */
  cert: string | Uint8Array
  /** Its private key, as PEM or DER. */
  key: string | Uint8Array
  /** What the key is encrypted with. Default: it is not. */
  passphrase?: string
}

/**
 * Reads an entry of the blob `serverCert`, or of that form.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function readServerCertificate(where: string, entry: unknown): Identity {
  checkObject(where, entry)
  const given: Readonly<Record<string, unknown>> = { ...entry }
  checkString(`${where}.name`, given.name)
  return readIdentity(where, given)
}
