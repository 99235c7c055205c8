import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { TlsIdentity } from './peer.js'

x509.cryptoProvider.set(webcrypto as never)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 24 * 60 * 60 * 1000
let serial = 1

/** What a certificate says; everything has a default that a client accepts. */
export interface CertificateOptions {
  /** Default: `localhost` and `127.0.0.1`. */
  names?: string[]
  notBefore?: Date
  notAfter?: Date
}

/** A certificate authority for tests. */
export class CertificateAuthority {
  /** The CA's certificate as PEM. */
  readonly pem: string
  /** The CA's certificate as DER. */
  readonly der: Buffer
  readonly #certificate: x509.X509Certificate
  readonly #keys: webcrypto.CryptoKeyPair

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate
    this.#keys = keys
    this.pem = certificate.toString('pem')
    this.der = Buffer.from(certificate.rawData)
  }

  static async create(name = 'Test CA'): Promise<CertificateAuthority> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: String(serial++).padStart(2, '0'),
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + 30 * DAY),
      signingAlgorithm: algorithm,
      keys: keys as never,
      extensions: [
        new x509.BasicConstraintsExtension(true, 2, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
      ],
    })
    return new CertificateAuthority(certificate, keys)
  }

  /** The CA's certificate as a policy's `certs` has it. */
  get policyCert(): string {
    return this.der.toString('base64')
  }

  /** A server's key with the certificate that this CA gives it. */
  async issue(options: CertificateOptions = {}): Promise<TlsIdentity> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const names = options.names ?? ['localhost', '127.0.0.1']
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: String(serial++).padStart(2, '0'),
      subject: `CN=${names[0]}`,
      issuer: this.#certificate.subject,
      notBefore: options.notBefore ?? new Date(Date.now() - DAY),
      notAfter: options.notAfter ?? new Date(Date.now() + 29 * DAY),
      publicKey: keys.publicKey as never,
      signingKey: this.#keys.privateKey as never,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: /^[\d.:]+$/.test(value) ? 'ip' : 'dns', value })),
        ),
      ],
    })
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
    return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }
}
