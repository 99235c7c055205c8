// Signs requests with AWS Signature Version 4.
import { createHash, createHmac } from 'node:crypto'
import type { NativeRequest } from '../addon/native.js'
import type { AwsCredentials } from './aws-credentials.js'
import { canonicalRequest, EMPTY_HASH, headersToSign } from './canonical-request.js'

const TIMESTAMP = /^\d{8}T\d{6}Z$/
const PRINTABLE = /^[\x21-\x7e]+$/

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text, 'latin1').digest()

/** Why a request cannot be signed. */
class Unsignable extends Error {}

/** The signature of a request, for its header `authorization`, or why there is none. */
export function signRequest(
  request: NativeRequest,
  credentials: AwsCredentials | undefined,
): [isSigned: boolean, text: string] {
  try {
    return [true, authorization(request, credentials)]
  } catch (error) {
    if (error instanceof Unsignable) return [false, error.message]
    throw error
  }
}

/** Signature Version 4, with the headers that the request has. */
function authorization(request: NativeRequest, credentials: AwsCredentials | undefined): string {
  const { region, service } = request
  const { accessKeyId = '', secretAccessKey = '' } = credentials ?? {}
  if (secretAccessKey === '')
    throw new Unsignable('the secret key is missing: blobs.auth has none for this scheme')
  if (!PRINTABLE.test(accessKeyId))
    throw new Unsignable('the key id is missing, or has bytes that no header may have')
  if (region === '' || service === '')
    throw new Unsignable('the metadata of aws_region or aws_service has no value')
  if (!PRINTABLE.test(region + service))
    throw new Unsignable(
      'the metadata of aws_region or aws_service has bytes that no header may have',
    )

  const headers = headersToSign(request)
  const timestamp = headers.get('x-amz-date')
  if (timestamp === undefined)
    throw new Unsignable('there is no metadata for the header x-amz-date')
  if (!TIMESTAMP.test(timestamp))
    throw new Unsignable('x-amz-date is not of the form YYYYMMDDTHHMMSSZ')
  const payloadHash = headers.get('x-amz-content-sha256')
  if (payloadHash === undefined && request.hasBody)
    throw new Unsignable('there is no metadata for the header x-amz-content-sha256')

  const { text, signedHeaders } = canonicalRequest(request, headers, payloadHash ?? EMPTY_HASH)
  const day = timestamp.slice(0, 8)
  const scope = `${day}/${region}/${service}/aws4_request`
  const hash = createHash('sha256').update(text, 'latin1').digest('hex')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${secretAccessKey}`,
  )
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash}`).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`
}
