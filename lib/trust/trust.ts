// Finds the certificates that the option `ca` stands for.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as tls from 'node:tls'
import { invalidArgType, invalidArgValue } from '../arguments.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'

/** What to trust for a `tls` streamtype that names no `tls_trust_store`. */
export type Trust = 'system' | 'node' | string | Uint8Array | readonly (string | Uint8Array)[]

const pemBegin = '-----BEGIN CERTIFICATE-----'
const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

// Where systems keep the certificates that they trust. Older versions of Node cannot say where.
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/usr/local/share/certs/ca-root-nss.crt',
]

type GetCACertificates = (type: 'system' | 'bundled') => string[]
const getCACertificates = (tls as { getCACertificates?: GetCACertificates }).getCACertificates

const derOfBundle = new Map<string, Uint8Array[]>()

function pemToDer(pem: string): Uint8Array[] {
  const known = derOfBundle.get(pem)
  if (known) return known
  const ders = (pem.match(pemBlock) ?? []).map((block) =>
    Buffer.from(block.replace(/-----[^-]+-----|\s/g, ''), 'base64'),
  )
  if (pem.length > 50_000) derOfBundle.set(pem, ders)
  return ders
}

/** Where the system's certificates come from: a file, or Node's own knowledge of the system. */
export function systemTrustSource(): string {
  if (process.env.SSL_CERT_FILE) return process.env.SSL_CERT_FILE
  if (getCACertificates) return "Node's view of the system store"
  return systemBundles.find(isReadable) ?? 'none found'
}

function isReadable(file: string): boolean {
  try {
    readFileSync(file)
    return true
  } catch {
    return false
  }
}

let systemPem: string | undefined

function readSystemPem(): string {
  const named = process.env.SSL_CERT_FILE
  if (!named && getCACertificates) return getCACertificates('system').join('\n')
  if (!named && process.platform === 'win32')
    throw new SecureStreamError(
      'ERR_SS_TRUST',
      `Node ${process.versions.node} cannot read the certificate store of Windows: use Node 22.15 or newer, set SSL_CERT_FILE, or pass the 'ca' option`,
    )
  for (const file of named ? [named] : systemBundles) {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      if (named)
        throw new SecureStreamError(
          'ERR_SS_TRUST',
          `SSL_CERT_FILE names ${named}, which cannot be read`,
          {
            cause: error,
          },
        )
    }
  }
  throw new SecureStreamError(
    'ERR_SS_TRUST',
    "this system's certificate store was not found: install ca-certificates, set SSL_CERT_FILE, or pass the 'ca' option",
  )
}

function parseGiven(value: unknown): Uint8Array[] {
  if (typeof value !== 'string' && !(value instanceof Uint8Array))
    throw invalidArgType('options.ca', "'system', 'node', or certificates as PEM or DER", value)
  const isPem = typeof value === 'string' || Buffer.from(value).includes('-----BEGIN')
  const ders = isPem ? pemToDer(Buffer.from(value as string).toString('latin1')) : [value]
  if (ders.length === 0) throw invalidArgValue('options.ca', value, 'holds no PEM certificate')
  if (
    isPem &&
    Buffer.from(value as string)
      .toString('latin1')
      .split(pemBegin).length -
      1 >
      ders.length
  )
    throw invalidArgValue('options.ca', value, 'holds a certificate that is cut short')
  for (const der of ders) {
    try {
      new X509Certificate(der as Uint8Array)
    } catch {
      throw invalidArgValue('options.ca', value, 'holds something that is not an X.509 certificate')
    }
  }
  return ders as Uint8Array[]
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` when `ca` is no {@link Trust}. */
export function checkTrust(ca: unknown): asserts ca is Trust | undefined {
  if (ca === undefined || ca === 'system' || ca === 'node') return
  for (const given of Array.isArray(ca) ? ca : [ca]) parseGiven(given)
}

/** The certificates, as DER, that `ca` stands for. */
export function trustedCertificates(ca: Trust): Uint8Array[] {
  if (ca === 'system') {
    systemPem ??= readSystemPem()
    return pemToDer(systemPem)
  }
  if (ca === 'node') return pemToDer(tls.rootCertificates.join('\n'))
  return Array.isArray(ca) ? ca.flatMap(parseGiven) : parseGiven(ca)
}
