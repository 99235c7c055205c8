// Checks a client certificate and its key.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { checkObject, invalidArgValue, toBytes } from '../arguments.js'
import { isEncryptedKey } from '../policy/check/encrypted-key.js'
import { readPrivateKey } from '../policy/check/signatures.js'

// An error shows the size alone, because the bytes may be a secret.
const sizeOf = ({ byteLength }: Uint8Array) => `${byteLength} bytes`

function readCertificate(where: string, bytes: Uint8Array): X509Certificate {
  try {
    const certificate = new X509Certificate(bytes)
    // OpenSSL also reads PEM, which libwebsockets does not take.
    if (certificate.raw.equals(bytes)) return certificate
  } catch {
    // The error below says so.
  }
  throw invalidArgValue(where, sizeOf(bytes), 'must be one certificate in DER')
}

function readKey(where: string, bytes: Uint8Array): KeyObject {
  const key = readPrivateKey(bytes)
  if (key) return key
  throw invalidArgValue(
    where,
    sizeOf(bytes),
    isEncryptedKey(bytes)
      ? 'is encrypted with a passphrase: give the private key unencrypted, as openssl pkey writes it'
      : 'must be a private key in DER, without a passphrase',
  )
}

/**
 * Checks a certificate and its key, in DER.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function checkClientCertificate(where: string, entry: unknown): void {
  checkObject(where, entry)
  const { cert, key } = entry as Record<string, unknown>
  const certificate = readCertificate(`${where}.cert`, toBytes(`${where}.cert`, cert))
  const keyBytes = toBytes(`${where}.key`, key)
  if (!certificate.checkPrivateKey(readKey(`${where}.key`, keyBytes)))
    throw invalidArgValue(`${where}.key`, sizeOf(keyBytes), "must be the private key of its 'cert'")
}
