/** The bodies of requests: what a program may give, and how it is sent. */
import { types } from 'node:util'
import { invalidArgType, invalidArgValue } from '../arguments.js'
import { type BlobLike, BlobSource, isBlobLike } from '../messages/blob-like.js'
import {
  type ByteSource,
  type BytesIterable,
  IterableSource,
  isAsyncIterable,
} from '../messages/byte-source.js'
import { encodeForm } from './form-data.js'

/** What `context.request()` takes for a body. */
export type RequestBody =
  | string
  | Uint8Array
  | BlobLike
  | BytesIterable
  | ReadableStream
  | URLSearchParams
  | FormData

/** A body as it is sent. */
export interface Body {
  readonly data: string | Uint8Array | ByteSource
  /** The `content-type` that it has by itself. */
  readonly type?: string
}

const FORM = 'application/x-www-form-urlencoded;charset=UTF-8'

/** @throws TypeError `ERR_INVALID_ARG_TYPE` unless it is a body */
export function checkBody(body: unknown): asserts body is RequestBody | undefined {
  if (body === undefined || typeof body === 'string' || types.isUint8Array(body)) return
  if (isForm(body) || body instanceof URLSearchParams) return
  if (isBlobLike(body) || isAsyncIterable(body)) return
  if (isTaggedForm(body))
    throw invalidArgValue(
      'options.body',
      body,
      'is a form of another kind than the FormData of Node.js, such as that of the package form-data: send ' +
        'form.pipe(new PassThrough()), with what form.getHeaders() says as metadata',
    )
  const expected =
    'of type string, an async iterable such as a Readable, or an instance of Buffer, Uint8Array, ' +
    'Blob, ReadableStream, URLSearchParams or FormData'
  throw invalidArgType('options.body', expected, body)
}

/** @throws TypeError for a value beside a body */
export function checkJson({ json, body }: { json?: unknown; body?: unknown }): void {
  if (json !== undefined && body !== undefined)
    throw invalidArgValue('options.json', json, 'cannot be there beside options.body')
}

function jsonOf(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw invalidArgValue('options.json', value, `has no JSON: ${(error as Error).message}`)
  }
  if (text === undefined) throw invalidArgValue('options.json', value, 'has no JSON')
  return text
}

/**
 * What is sent for `json` or `body`; a promise for what has to be read before its length is known.
 *
 * @throws TypeError `ERR_INVALID_STATE` for a stream that has been read, `ERR_INVALID_ARG_VALUE` for a value
 *   that has no JSON
 */
export function bodyOf(options: {
  body?: RequestBody
  json?: unknown
}): Body | Promise<Body> | undefined {
  const { body, json } = options
  if (json !== undefined) return { data: jsonOf(json), type: 'application/json' }
  if (body === undefined) return undefined
  if (typeof body === 'string' || types.isUint8Array(body)) return { data: body }
  if (body instanceof URLSearchParams) return { data: body.toString(), type: FORM }
  if (isForm(body)) return encodeForm(body).then(ofBlob)
  if (isBlobLike(body)) return ofBlob(body)
  return { data: new IterableSource('options.body', body as BytesIterable) }
}

function ofBlob(blob: BlobLike & { type?: unknown }): Body {
  const data = new BlobSource(blob)
  return typeof blob.type === 'string' && blob.type !== '' ? { data, type: blob.type } : { data }
}

const isTaggedForm = (value: unknown): value is object =>
  Object(value)[Symbol.toStringTag] === 'FormData'

const isForm = (value: unknown): value is FormData =>
  isTaggedForm(value) && Symbol.iterator in value
