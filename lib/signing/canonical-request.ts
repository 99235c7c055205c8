// Writes a request in the form that AWS signs.
import type { NativeRequest } from '../addon/native.js'

/** SHA-256 of nothing. */
export const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** The services for which a path is the name of an object: its slashes and dots stay as they are. */
const NAMES_OBJECTS = new Set(['s3', 's3-object-lambda', 's3-outposts', 's3express'])

const UNRESERVED = /[^A-Za-z0-9\-._~]/g

/** The text that AWS signs. */
export interface CanonicalRequest {
  readonly text: string
  /** The names of the headers in it, in order. */
  readonly signedHeaders: string
}

/** Writes a request in the form that AWS signs, which may differ from the form that is sent. */
export function canonicalRequest(
  request: NativeRequest,
  headers: ReadonlyMap<string, string>,
  payloadHash: string,
): CanonicalRequest {
  const { method, target, service } = request
  const queryAt = target.indexOf('?')
  const path = queryAt === -1 ? target : target.slice(0, queryAt)
  const query = queryAt === -1 ? '' : target.slice(queryAt + 1)
  const names = [...headers.keys()].sort()
  const signedHeaders = names.join(';')
  const text = [
    method,
    NAMES_OBJECTS.has(service) ? encodeObjectPath(path) : encodePath(path),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${headers.get(name)}`),
    '',
    signedHeaders,
    payloadHash,
  ].join('\n')
  return { text, signedHeaders }
}

/** `Host` and every `x-amz-` header, by their names in small letters. */
export function headersToSign({ host, fields }: NativeRequest): Map<string, string> {
  const headers = new Map([['host', host]])
  for (const line of fields.split('\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (!name.startsWith('x-amz-')) continue
    const value = line
      .slice(colon + 1)
      .replace(/[ \t]+/g, ' ')
      .trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  return headers
}

/** A path without empty and dot segments, encoded once more than it is sent. */
function encodePath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(encode(segment))
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${segments.join('/')}${end}`
}

/** A path with all its segments, encoded once. S3 takes a plus for a space. */
function encodeObjectPath(path: string): string {
  return path.split('/').map(decodeAndEncode).join('/')
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((parameter) => parameter !== '')
    .map((parameter) => {
      const equals = parameter.indexOf('=')
      const end = equals === -1 ? parameter.length : equals
      return [parameter.slice(0, end), parameter.slice(end + 1)].map(decodeAndEncode)
    })
    .sort(([nameA = '', valueA = ''], [nameB = '', valueB = '']) =>
      nameA === nameB ? compare(valueA, valueB) : compare(nameA, nameB),
    )
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b))

const encode = (bytes: string) =>
  bytes.replace(
    UNRESERVED,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )

const decodeAndEncode = (bytes: string) =>
  encode(
    bytes
      .replaceAll('+', ' ')
      .replace(/%([\da-f]{2})/gi, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      ),
  )
