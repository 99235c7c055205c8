/** Reads the certificate and the key that a server shows, in PEM or DER. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { checkObject, checkString, invalidArgValue, toBytes } from '../arguments.js'
import { isEncryptedKey } from '../policy/check/encrypted-key.js'
import { readPrivateKey } from '../policy/check/signatures.js'

/** A server's certificate with those that vouch for it, and its key, all in DER. */
export interface ServerCertificate {
  /** The server's own comes first. */
  readonly chain: readonly Uint8Array[]
  /** PKCS#8. */
  readonly key: Uint8Array
}

/** One entry of the blob `serverCert`. */
export interface ServerCertificateBlob {
  /** What `server_cert` calls it. */
  name: string
  /** The certificate, as DER; or as PEM, and then those that vouch for it may follow. */
  cert: string | Uint8Array
  /** Its private key, without a passphrase, as PEM or DER. */
  key: string | Uint8Array
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

// An error shows the size alone, because the bytes may be a secret.
const sizeOf = ({ byteLength }: Uint8Array) => `${byteLength} bytes`

const isPem = (bytes: Uint8Array) => Buffer.from(bytes).includes('-----BEGIN')

function readChain(where: string, bytes: Uint8Array): X509Certificate[] {
  try {
    if (!isPem(bytes)) return [new X509Certificate(bytes)]
    const blocks = Buffer.from(bytes).toString('latin1').match(PEM_BLOCK) ?? []
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block))
  } catch {
    // The error below says so.
  }
  throw invalidArgValue(where, sizeOf(bytes), 'must be a certificate in DER, or a chain in PEM')
}

function readPemKey(bytes: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey(Buffer.from(bytes))
  } catch {
    return undefined
  }
}

function readKey(where: string, bytes: Uint8Array): KeyObject {
  const key = isPem(bytes) ? readPemKey(bytes) : readPrivateKey(bytes)
  if (key) return key
  const isEncrypted = isPem(bytes)
    ? Buffer.from(bytes).includes('ENCRYPTED')
    : isEncryptedKey(bytes)
  throw invalidArgValue(
    where,
    sizeOf(bytes),
    isEncrypted
      ? 'is encrypted with a passphrase: give the private key unencrypted, as openssl pkey writes it'
      : 'must be a private key in PEM or DER, without a passphrase',
  )
}

/**
 * Reads an entry of the blob `serverCert`, or of that form.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function readServerCertificate(where: string, entry: unknown): ServerCertificate {
  checkObject(where, entry)
  const { name, cert, key } = entry as Record<string, unknown>
  checkString(`${where}.name`, name)
  const chain = readChain(`${where}.cert`, toBytes(`${where}.cert`, cert))
  const bytes = toBytes(`${where}.key`, key)
  const read = readKey(`${where}.key`, bytes)
  if (!chain[0]?.checkPrivateKey(read))
    throw invalidArgValue(`${where}.key`, sizeOf(bytes), "must be the private key of its 'cert'")
  return {
    chain: chain.map(({ raw }) => raw),
    key: read.export({ format: 'der', type: 'pkcs8' }),
  }
}
