/** What the servers of a context show in TLS. */
import { SecureStreamError } from '../errors/secure-stream-error.js'
import type { Identity } from './identity.js'
import { readServerCertificate, type ServerCertificateBlob } from './server-certificate.js'

/** Certificates by name: those of the blob `serverCert`, and those of the policy. */
export class ServerCertificates {
  #blobs: ReadonlyMap<string, ServerCertificateBlob> = new Map()
  readonly #policyCert: (name: string) => string | undefined

  /** `policyCert` gives an entry of the policy's `certs`. */
  constructor(policyCert: (name: string) => string | undefined) {
    this.#policyCert = policyCert
  }

  /** The blob has been set. */
  set(blobs: readonly ServerCertificateBlob[]): void {
    this.#blobs = new Map(blobs.map((blob) => [blob.name, blob]))
  }

  /** @throws SecureStreamError `ERR_SS_SERVER_CERT` when there is none, or it cannot be used */
  find(
    streamtype: string,
    { cert, key }: { readonly cert: string; readonly key: string },
  ): Identity {
    const entry = {
      name: cert,
      cert: this.#part(streamtype, cert, 'cert'),
      key: this.#part(streamtype, key, 'key'),
      passphrase: this.#blobs.get(key)?.passphrase,
    }
    try {
      return readServerCertificate('server_cert', entry)
    } catch (error) {
      throw unusable(streamtype, `'${cert}' cannot be shown: ${(error as Error).message}`, error)
    }
  }

  #part(streamtype: string, name: string, part: 'cert' | 'key'): string | Uint8Array {
    const base64 = this.#policyCert(name)
    if (base64 !== undefined) return Buffer.from(base64, 'base64')
    const blob = this.#blobs.get(name)
    if (blob) return blob[part]
    throw unusable(
      streamtype,
      `'${name}' is neither in the policy's certs nor in the blob serverCert`,
    )
  }
}

function unusable(streamtype: string, why: string, cause?: unknown): SecureStreamError {
  return new SecureStreamError('ERR_SS_SERVER_CERT', `the certificate of '${streamtype}': ${why}`, {
    ...(cause !== undefined && { cause }),
  })
}
