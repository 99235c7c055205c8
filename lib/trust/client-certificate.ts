/** Client certificates, and their keys. */
import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { checkObject, invalidArgType, invalidArgValue } from '../arguments.js'
import { checkPassphrase, type Identity, readIdentity, sizeOf } from './identity.js'

/** An entry of the blob `clientCert`: a certificate and its key, or both in PKCS #12. */
export type ClientCertificateBlob =
  | {
      /** The certificate, as DER; or as PEM, and then those that vouch for it may follow. */
      cert: string | Uint8Array
      /** Its private key, PKCS#8, SEC1 or PKCS#1, as PEM or DER. */
      key: string | Uint8Array
      /** What the key is encrypted with. Default: it is not. */
      passphrase?: string
    }
  | {
      /** The certificate with those that vouch for it, and its key: PKCS #12, a file `.p12` or `.pfx`. */
      pfx: Uint8Array
      /** What it is encrypted with. Default: nothing. */
      passphrase?: string
    }

/**
 * Checks an entry of the blob `clientCert`.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function checkClientCertificate(
  where: string,
  entry: unknown,
): asserts entry is ClientCertificateBlob {
  checkObject(where, entry)
  const given: Readonly<Record<string, unknown>> = { ...entry }
  for (const name of ['privateKeyIdentifier', 'privateKeyEngine'])
    if (given[name] !== undefined)
      throw invalidArgValue(
        `${where}.${name}`,
        given[name],
        'names a key that an engine keeps, which is not supported: give the private key itself',
      )
  if (given.pfx === undefined) {
    readIdentity(where, given)
    return
  }
  if (given.cert !== undefined || given.key !== undefined)
    throw invalidArgValue(where, Object.keys(given), "must have either 'pfx', or 'cert' and 'key'")
  checkPkcs12(where, given)
}

function checkPkcs12(where: string, { pfx, passphrase }: Readonly<Record<string, unknown>>): void {
  checkPassphrase(where, passphrase)
  if (!(pfx instanceof Uint8Array))
    throw invalidArgType(`${where}.pfx`, 'an instance of Buffer or Uint8Array', pfx)
  try {
    createSecureContext({
      pfx: Buffer.from(pfx),
      ...(passphrase !== undefined && { passphrase }),
    })
  } catch (error) {
    const why = whyNoPkcs12((error as Error).message, passphrase)
    throw Object.assign(invalidArgValue(`${where}.pfx`, sizeOf(pfx), why), { cause: error })
  }
}

function whyNoPkcs12(message: string, passphrase: string | undefined): string {
  if (/mac verify failure/i.test(message))
    return passphrase === undefined
      ? "is encrypted with a passphrase: give that as 'passphrase'"
      : "is not encrypted with this 'passphrase'"
  if (/unsupported/i.test(message))
    return 'is encrypted in a way that OpenSSL does not read any more: make it anew with openssl pkcs12 -export, reading the old one with -legacy'
  return 'must be a certificate and its private key in PKCS #12'
}

/**
 * What libwebsockets is given of an entry that was checked.
 *
 * @param readPkcs12 - gives the key, its certificate, and the other certificates, as DER
 */
export function readClientCertificate(
  entry: ClientCertificateBlob,
  readPkcs12: (pfx: Uint8Array, passphrase: string) => readonly Uint8Array[],
): Identity {
  if (!('pfx' in entry)) return readIdentity('clientCert', { ...entry })
  const [key, own, ...others] = readPkcs12(entry.pfx, entry.passphrase ?? '')
  if (!key || !own) throw new TypeError('the PKCS #12 cannot be read')
  return { chain: chainOf(own, others), key }
}

/** Those that vouch for `own`, one for the other: PKCS #12 has them in any order, and TLS 1.2 has not. */
function chainOf(own: Uint8Array, others: readonly Uint8Array[]): Uint8Array[] {
  const left = others.map((der) => new X509Certificate(der))
  const chain = [new X509Certificate(own)]
  for (;;) {
    const last = chain[chain.length - 1]
    const at = left.findIndex((one) => last?.checkIssued(one))
    if (at < 0) return chain.map(({ raw }) => raw)
    chain.push(...left.splice(at, 1))
  }
}
