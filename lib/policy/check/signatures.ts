// Asks Node's crypto about certificates and keys.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { bytesOfBase64 } from '../form/text.js'

// Browsers have no such module. There these checks find nothing.
const crypto = globalThis.process?.getBuiltinModule?.('node:crypto')

function readCertificate(base64: string): X509Certificate | undefined {
  return crypto && new crypto.X509Certificate(bytesOfBase64(base64))
}

/**
 * Whether the key of `issuer` has signed `certificate`, both in base64 of DER; undefined when nothing here
 * can tell.
 */
export function isSignedBy(certificate: string, issuer: string): boolean | undefined {
  try {
    const key = readCertificate(issuer)?.publicKey
    return key && readCertificate(certificate)?.verify(key)
  } catch {
    // OpenSSL does not know this kind of key.
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

/** Reads a private key in DER; undefined when it is none, and in a browser. */
export function readPrivateKey(der: Uint8Array): KeyObject | undefined {
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return crypto?.createPrivateKey({ key: der as Buffer, format: 'der', type })
    } catch {
      // The key may be of another type.
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
