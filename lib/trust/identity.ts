/** Reads a certificate and its private key, in PEM or DER. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { checkString, invalidArgValue, toBytes } from '../arguments.js'
import { isEncryptedKey } from '../policy/check/encrypted-key.js'

/** A certificate with those that vouch for it, and its key, all in DER. */
export interface Identity {
  /** Its own certificate comes first. */
  readonly chain: readonly Uint8Array[]
  /** PKCS#8. */
  readonly key: Uint8Array
}

const PEM_BEGIN = '-----BEGIN CERTIFICATE-----'
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
// What there is for keys in a token, in a TPM, and in an engine of OpenSSL.
const KEPT_ELSEWHERE =
  /^\s*(pkcs11:|tpmkey:|engine:|org\.openssl\.)|-----BEGIN (TSS2 |TSS |PKCS#?11 )/i

/** An error shows the size alone, because the bytes may be a secret. */
export const sizeOf = ({ byteLength }: Uint8Array): string => `${byteLength} bytes`

const isPem = (bytes: Uint8Array) => Buffer.from(bytes).includes('-----BEGIN')

function readChain(where: string, bytes: Uint8Array): X509Certificate[] {
  try {
    if (!isPem(bytes)) return [new X509Certificate(bytes)]
    const text = Buffer.from(bytes).toString('latin1')
    const blocks = text.match(PEM_BLOCK) ?? []
    const isWhole = text.split(PEM_BEGIN).length - 1 === blocks.length
    if (blocks.length > 0 && isWhole) return blocks.map((block) => new X509Certificate(block))
  } catch {
    // The error below says so.
  }
  throw invalidArgValue(where, sizeOf(bytes), 'must be a certificate in DER, or a chain in PEM')
}

function parseKey(bytes: Uint8Array, passphrase: string | undefined): KeyObject | undefined {
  const key = Buffer.from(bytes)
  const secret = passphrase === undefined ? {} : { passphrase }
  const forms = isPem(bytes)
    ? [{}]
    : (['pkcs8', 'sec1', 'pkcs1'] as const).map((type) => ({ format: 'der', type }) as const)
  for (const form of forms) {
    try {
      return createPrivateKey({ key, ...form, ...secret })
    } catch {
      // The key may be of another type.
    }
  }
  return undefined
}

function isEncrypted(bytes: Uint8Array): boolean {
  return isPem(bytes) ? Buffer.from(bytes).includes('ENCRYPTED') : isEncryptedKey(bytes)
}

function whyNoKey(bytes: Uint8Array, passphrase: string | undefined): string {
  if (KEPT_ELSEWHERE.test(Buffer.from(bytes).toString('latin1')))
    return 'names a key that a token or an engine keeps, which is not supported: give the private key itself'
  if (!isEncrypted(bytes)) return 'must be a private key in PEM or DER'
  return passphrase === undefined
    ? "is encrypted with a passphrase: give that as 'passphrase', or the private key unencrypted"
    : "is encrypted, and not with this 'passphrase', or in a way that OpenSSL does not read any more"
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkPassphrase(
  where: string,
  passphrase: unknown,
): asserts passphrase is string | undefined {
  if (passphrase !== undefined) checkString(`${where}.passphrase`, passphrase)
}

/**
 * Reads the certificate with its chain and the key of an entry of a blob.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function readIdentity(
  where: string,
  { cert, key, passphrase }: Readonly<Record<string, unknown>>,
): Identity {
  checkPassphrase(where, passphrase)
  const chain = readChain(`${where}.cert`, toBytes(`${where}.cert`, cert))
  const bytes = toBytes(`${where}.key`, key)
  const read = parseKey(bytes, passphrase)
  if (!read) throw invalidArgValue(`${where}.key`, sizeOf(bytes), whyNoKey(bytes, passphrase))
  if (!chain[0]?.checkPrivateKey(read))
    throw invalidArgValue(`${where}.key`, sizeOf(bytes), "must be the private key of its 'cert'")
  return {
    chain: chain.map(({ raw }) => raw),
    key: read.export({ format: 'der', type: 'pkcs8' }),
  }
}
