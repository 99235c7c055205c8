// Makes certificates for TLS peers.

import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { TlsIdentity } from './peer.js'

export const { ExtendedKeyUsage, KeyUsageFlags } = x509

x509.cryptoProvider.set(webcrypto as never)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 24 * 60 * 60 * 1000
const DEFAULT_NAMES = ['localhost', '127.0.0.1']
let serial = 1

/** What a certificate says; everything has a default that a client accepts. */
export interface CertificateOptions {
  /** Default: `localhost` and `127.0.0.1`. With none it has no alternative names. */
  names?: string[]
  /** More names of hosts, whatever they look like. */
  hostNames?: string[]
  /** Default: the first of the names. */
  commonName?: string
  notBefore?: Date
  notAfter?: Date
  keyUsage?: x509.KeyUsageFlags
  extendedKeyUsage?: x509.ExtendedKeyUsage
  /** What its key is for. Default: ECDSA on P-256. */
  keyAlgorithm?: KeyAlgorithm
  /** What its issuer signs it with. Default: SHA-256. */
  hash?: string
}

/** For keys of RSA with so many bits. */
export const rsa = (modulusLength: number) => ({
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength,
  publicExponent: Uint8Array.of(1, 0, 1),
  hash: 'SHA-256',
})

type KeyAlgorithm =
  | webcrypto.RsaHashedKeyGenParams
  | webcrypto.EcKeyGenParams
  | { readonly name: 'Ed25519' }

/** What the certificate of a certificate authority says. */
export interface AuthorityOptions extends Pick<CertificateOptions, 'notBefore' | 'notAfter'> {
  name?: string
  /** Default: `true`. */
  isCA?: boolean
  /** How many authorities may follow below it. Default: 2. */
  pathLength?: number
  /** The only domain that it may issue certificates for. Default: any. */
  permitted?: string
}

const CERTIFY = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign

const nextSerial = () => String(serial++).padStart(2, '0')
const validity = ({ notBefore, notAfter }: AuthorityOptions | CertificateOptions) => ({
  notBefore: notBefore ?? new Date(Date.now() - DAY),
  notAfter: notAfter ?? new Date(Date.now() + 29 * DAY),
})
const generateKeys = (keyAlgorithm: KeyAlgorithm = algorithm) =>
  webcrypto.subtle.generateKey(keyAlgorithm, true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>
const nameOf = ({ names = DEFAULT_NAMES, commonName = names[0] }: CertificateOptions) =>
  `CN=${commonName}`

/** An extension with the length of what it has in one byte each. */
function nameConstraints(permitted: string): x509.Extension {
  const der = [0x82, permitted.length, ...Buffer.from(permitted)]
  for (const tag of [0x30, 0xa0, 0x30]) der.unshift(tag, der.length)
  return new x509.Extension('2.5.29.30', true, Uint8Array.from(der))
}

function serverExtensions({
  names = DEFAULT_NAMES,
  hostNames = [],
  keyUsage,
  extendedKeyUsage,
}: CertificateOptions) {
  const alternatives = names.map((value): x509.JsonGeneralName => {
    const type = /^[\d.:]+$/.test(value) ? 'ip' : 'dns'
    return { type, value }
  })
  for (const value of hostNames) alternatives.push({ type: 'dns', value })
  return [
    ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
    ...(keyUsage === undefined ? [] : [new x509.KeyUsagesExtension(keyUsage, true)]),
    ...(extendedKeyUsage === undefined
      ? []
      : [new x509.ExtendedKeyUsageExtension([extendedKeyUsage], true)]),
  ]
}

async function identity(
  certificates: x509.X509Certificate[],
  key: webcrypto.CryptoKey,
): Promise<TlsIdentity> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key)
  return {
    cert: certificates.map((certificate) => `${certificate.toString('pem')}\n`).join(''),
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  }
}

/** A server's key, with a certificate that it has given itself. */
export async function selfSigned(options: CertificateOptions = {}): Promise<TlsIdentity> {
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: nextSerial(),
    name: nameOf(options),
    ...validity(options),
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: serverExtensions(options),
  })
  return identity([certificate], keys.privateKey)
}

/** A certificate authority for tests. */
export class CertificateAuthority {
  /** The CA's certificate as PEM. */
  readonly pem: string
  /** The CA's certificate as DER. */
  readonly der: Buffer
  readonly #certificate: x509.X509Certificate
  readonly #keys: webcrypto.CryptoKeyPair

  // The authorities between this one and a root, this one first; none for a root.
  readonly #chain: x509.X509Certificate[]

  private constructor(
    certificate: x509.X509Certificate,
    keys: webcrypto.CryptoKeyPair,
    chain: x509.X509Certificate[],
  ) {
    this.#certificate = certificate
    this.#keys = keys
    this.#chain = chain
    this.pem = certificate.toString('pem')
    this.der = Buffer.from(certificate.rawData)
  }

  static async create(
    name = 'Test CA',
    options: AuthorityOptions = {},
  ): Promise<CertificateAuthority> {
    const keys = await generateKeys()
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: nextSerial(),
      name: `CN=${name}`,
      ...validity(options),
      signingAlgorithm: algorithm,
      keys: keys as never,
      extensions: [
        new x509.BasicConstraintsExtension(true, options.pathLength ?? 2, true),
        new x509.KeyUsagesExtension(CERTIFY, true),
      ],
    })
    return new CertificateAuthority(certificate, keys, [])
  }

  /** The CA's certificate as a policy's `certs` has it. */
  get policyCert(): string {
    return this.der.toString('base64')
  }

  /** An authority that this one vouches for. */
  async subordinate(options: AuthorityOptions = {}): Promise<CertificateAuthority> {
    const keys = await generateKeys()
    const isCA = options.isCA ?? true
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: nextSerial(),
      subject: `CN=${options.name ?? 'Test Intermediate CA'}`,
      issuer: this.#certificate.subject,
      ...validity(options),
      publicKey: keys.publicKey as never,
      signingKey: this.#keys.privateKey as never,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(
          isCA,
          isCA ? (options.pathLength ?? 1) : undefined,
          true,
        ),
        new x509.KeyUsagesExtension(CERTIFY, true),
        ...(options.permitted === undefined ? [] : [nameConstraints(options.permitted)]),
      ],
    })
    return new CertificateAuthority(certificate, keys, [certificate, ...this.#chain])
  }

  /** A server's key with the certificate that this CA gives it, and the chain up to the root. */
  async issue(options: CertificateOptions = {}): Promise<TlsIdentity> {
    const keys = await generateKeys(options.keyAlgorithm)
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: nextSerial(),
      subject: nameOf(options),
      issuer: this.#certificate.subject,
      ...validity(options),
      publicKey: keys.publicKey as never,
      signingKey: this.#keys.privateKey as never,
      signingAlgorithm: { ...algorithm, hash: options.hash ?? algorithm.hash },
      extensions: serverExtensions(options),
    })
    return identity([certificate, ...this.#chain], keys.privateKey)
  }
}
