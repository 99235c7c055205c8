// The signers of AWS's SDK and of aws4, to compare ours with.

import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'

type Source = string | ArrayBuffer | ArrayBufferView

const bytesOf = (source: Source) =>
  typeof source === 'string'
    ? Buffer.from(source)
    : ArrayBuffer.isView(source)
      ? Buffer.from(source.buffer, source.byteOffset, source.byteLength)
      : Buffer.from(source)

/** What AWS's signer hashes by. */
class Sha256 {
  readonly #hash

  constructor(secret?: Source) {
    this.#hash = secret ? createHmac('sha256', bytesOf(secret)) : createHash('sha256')
  }

  update(data: Source): void {
    this.#hash.update(bytesOf(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

export interface Signable {
  service: string
  method: string
  /** As it is sent. */
  path: string
  query: Record<string, string | string[]>
  /** `host`, and the others that are to be signed; `x-amz-date` among them. */
  headers: Record<string, string>
}

/** The header `authorization` that AWS's own signer for JavaScript makes. */
export async function awsSignature(
  credentials: { accessKeyId: string; secretAccessKey: string },
  { service, method, path, query, headers }: Signable,
): Promise<string> {
  const signer = new SignatureV4({
    credentials,
    region: 'us-east-1',
    service,
    sha256: Sha256,
    applyChecksum: false,
    // As the clients of S3 and its kin set it.
    uriEscapePath: !['s3', 's3-object-lambda', 's3-outposts', 's3express'].includes(service),
  })
  const date = /^(....)(..)(..T..)(..)(..Z)$/.exec(`${headers['x-amz-date']}`)?.slice(1) ?? []
  const signed = await signer.sign(
    { method, protocol: 'https:', hostname: `${headers.host}`, path, query, headers },
    { signingDate: new Date(`${date.slice(0, 3).join('-')}:${date.slice(3).join(':')}`) },
  )
  return `${signed.headers.authorization}`
}
