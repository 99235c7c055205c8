// Checks the certificates and keys of a policy.
import { bytesOfBase64, quote } from '../form/text.js'
import type { TrustStore } from '../form/types.js'
import { checkCertificate } from '../read/certificate.js'
import type { PolicyNode } from '../read/node.js'
import type { Named } from '../read/read-sections.js'
import type { StreamtypeEntry } from '../read/read-streamtype.js'
import type { Report } from '../read/report.js'
import { isEncryptedKey } from './encrypted-key.js'
import { placeOf } from './place.js'
import { isAuthority, isKeyOf, isPrivateKey, isSignedBy } from './signatures.js'
import { readX509, type X509 } from './x509.js'

/** Checks each certificate that is in use, and that each trust store leads to a root. */
export function checkCertificates(
  certs: Named<string>,
  stores: Named<TrustStore>,
  streamtypes: Iterable<StreamtypeEntry>,
  report: Report,
): void {
  const check = new CertificateCheck(certs, report)
  for (const { value, node } of stores.values()) {
    check.trustStore(value, node)
  }
  for (const entry of streamtypes) {
    check.server(entry)
  }
}

/** One check of a policy's certificates, each of which is read once. */
class CertificateCheck {
  readonly #certs: Named<string>
  readonly #report: Report
  readonly #read = new Map<string, X509 | undefined>()
  readonly #served = new Set<string>()
  readonly #keys = new Set<string>()
  /** Whether key and certificate belong together. Finding out takes long, so it is done once a pair. */
  readonly #pairs = new Map<string, boolean | undefined>()

  constructor(certs: Named<string>, report: Report) {
    this.#certs = certs
    this.#report = report
  }

  trustStore({ name, stack }: TrustStore, node: PolicyNode): void {
    const certificates = stack.map((cert) => this.#certificate(cert))
    for (const [at, certificate] of certificates.entries()) {
      if (certificate === undefined) {
        continue
      }
      const issuers = stack.filter((_, of) => certificates[of]?.subject === certificate.issuer)
      if (issuers.length > 0) {
        this.#issuer(stack[at] ?? '', issuers, node)
      } else {
        this.#report.warning(
          'incomplete-chain',
          node,
          `the issuer of ${quote(stack[at])} is not in trust store ${quote(name)}, so that no ` +
            'peer can be verified by it: add the certificates up to the root',
        )
      }
    }
  }

  /** Checks that one of `candidates`, all named as the issuer, signed the certificate and may do so. */
  #issuer(name: string, candidates: readonly string[], node: PolicyNode): void {
    // Nobody checks the signature of a root by itself.
    if (candidates.includes(name)) {
      return
    }
    const certificate = this.#base64(name)
    const issuer = candidates.find((of) => isSignedBy(certificate, this.#base64(of)) !== false)
    if (issuer === undefined) {
      this.#report.warning(
        'wrong-issuer',
        node,
        `${quote(candidates[0])} has the name of the issuer of ${quote(name)}, but has not signed it: ` +
          'no peer can be verified by it; give the certificate of the key that has',
      )
    } else if (!this.#isRoot(issuer) && isAuthority(this.#base64(issuer)) === false) {
      this.#report.warning(
        'not-an-authority',
        node,
        `${quote(issuer)}, which has issued ${quote(name)}, is not the certificate of an authority: ` +
          'no peer can be verified by it; give one with CA:TRUE in its basic constraints',
      )
    }
  }

  #isRoot(name: string): boolean {
    const certificate = this.#read.get(name)
    return certificate !== undefined && certificate.subject === certificate.issuer
  }

  server(entry: StreamtypeEntry): void {
    const { server_cert: cert, server_key: key, server } = entry.value
    if (server !== true) {
      return
    }
    if (cert !== undefined) {
      this.#certificate(cert)
      this.#copied(cert, placeOf(entry, 'server_cert'))
    }
    if (cert !== undefined && key !== undefined) {
      this.#pair(cert, key, placeOf(entry, 'server_key'))
    }
    if (key !== undefined) {
      this.#copied(key, placeOf(entry, 'server_key'))
      this.#key(key, placeOf(entry, 'server_key'))
    }
  }

  #key(name: string, place: PolicyNode): void {
    const definition = this.#certs.get(name)
    if (definition === undefined || !isDer(definition.value)) {
      return
    }
    const { value, node } = definition
    if (readX509(value) !== undefined) {
      this.#report.error(
        'certificate-as-key',
        place,
        `server_key names ${quote(name)}, which is a certificate; name its private key`,
      )
      return
    }
    // One key may serve several servers.
    if (this.#keys.has(name)) {
      return
    }
    this.#keys.add(name)
    if (isEncryptedKey(bytesOfBase64(value))) {
      this.#report.error(
        'encrypted-key',
        node,
        `the private key ${quote(name)} is encrypted, and a policy has no place for a passphrase; ` +
          'give it unencrypted, as openssl pkey writes it',
      )
    } else if (isPrivateKey(value) === false) {
      this.#report.error(
        'bad-key',
        node,
        `${quote(name)} is no private key that OpenSSL can read; give the base64 of one in DER, as ` +
          'PKCS#8, SEC1 or PKCS#1',
      )
    }
  }

  #pair(cert: string, key: string, place: PolicyNode): void {
    const pair = `${cert} ${key}`
    if (!this.#pairs.has(pair)) {
      this.#pairs.set(pair, isKeyOf(this.#base64(key), this.#base64(cert)))
    }
    if (this.#pairs.get(pair) === false) {
      this.#report.error(
        'key-mismatch',
        place,
        `${quote(key)} is not the private key of the certificate ${quote(cert)}; name the one that is`,
      )
    }
  }

  #base64(name: string): string {
    return this.#certs.get(name)?.value ?? ''
  }

  /** In C a server removes its certificate and key from the list, so that no later server finds them. */
  #copied(name: string, place: PolicyNode): void {
    if (this.#served.has(name)) {
      this.#report.info(
        'shared-certificate',
        place,
        `another server uses ${quote(name)} too, and in C only the first finds it: define a copy`,
      )
    }
    this.#served.add(name)
  }

  #certificate(name: string): X509 | undefined {
    const definition = this.#certs.get(name)
    if (definition === undefined || this.#read.has(name)) {
      return this.#read.get(name)
    }
    const { value, node } = definition
    const certificate = isDer(value) ? readX509(value) : undefined
    this.#read.set(name, certificate)
    if (certificate !== undefined) {
      this.#validity(name, certificate, node)
    } else if (isDer(value)) {
      this.#report.error(
        'bad-certificate',
        node,
        `certificate ${quote(name)} is no X.509 certificate; give the base64 of one in DER`,
      )
    }
    return certificate
  }

  #validity(name: string, { notBefore, notAfter }: X509, node: PolicyNode): void {
    const now = new Date()
    if (notAfter < now) {
      const date = notAfter.toISOString().slice(0, 10)
      const message = `certificate ${quote(name)} expired on ${date}; replace it`
      this.#report.warning('certificate-expired', node, message)
    } else if (notBefore > now) {
      const date = notBefore.toISOString().slice(0, 10)
      const message = `certificate ${quote(name)} is not valid before ${date}; check the clock`
      this.#report.warning('certificate-not-yet-valid', node, message)
    }
  }
}

/** Whether it is DER at all. The reader has reported what is not. */
function isDer(base64: string): boolean {
  return checkCertificate(base64) === undefined
}
