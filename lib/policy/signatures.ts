import type { KeyObject, X509Certificate } from 'node:crypto'
import { bytesOfBase64 } from './text.js'

// Node.js has it; a browser does without what it tells.
const crypto = globalThis.process?.getBuiltinModule?.('node:crypto')

function readCertificate(base64: string): X509Certificate | undefined {
  return crypto && new crypto.X509Certificate(bytesOfBase64(base64))
}

/**
 * Whether the key of `issuer` has signed `certificate`, both in base64 of DER; undefined when that cannot
 * be found out.
 */
export function isSignedBy(certificate: string, issuer: string): boolean | undefined {
  try {
    const key = readCertificate(issuer)?.publicKey
    return key && readCertificate(certificate)?.verify(key)
  } catch {
    // Of a kind that is not known.
    return undefined
  }
}

/** Whether a certificate may vouch for others; as {@link isSignedBy}. */
export function isAuthority(certificate: string): boolean | undefined {
  try {
    return readCertificate(certificate)?.ca
  } catch {
    return undefined
  }
}

/** A private key in DER; undefined when it is none, or that cannot be found out. */
export function readPrivateKey(der: Uint8Array): KeyObject | undefined {
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return crypto?.createPrivateKey({ key: der as Buffer, format: 'der', type })
    } catch {
      // Then perhaps of another type.
    }
  }
  return undefined
}

/** Whether `key` is a private key; as {@link isSignedBy}. */
export function isPrivateKey(key: string): boolean | undefined {
  return crypto && readPrivateKey(bytesOfBase64(key)) !== undefined
}

/** Whether `key` is that of `certificate`; as {@link isSignedBy}. */
export function isKeyOf(key: string, certificate: string): boolean | undefined {
  try {
    const privateKey = readPrivateKey(bytesOfBase64(key))
    return privateKey && readCertificate(certificate)?.checkPrivateKey(privateKey)
  } catch {
    return undefined
  }
}
