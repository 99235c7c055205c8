/** The header fields of a response, as the addon takes them. */
import { invalidArgValue } from '../arguments.js'

// How a body is framed, and whether a connection goes on, is not for the program to say; the date is
// that of the response.
const framing = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'])

/** A line for each field, in lower case; several of one name stay several where that matters. */
export function fieldLines(headers: Headers): string {
  let lines = ''
  for (const [name, value] of headers) if (!framing.has(name)) lines += `${name}:${value}\n`
  return lines
}

/** The length that headers say, if they say one. */
export function contentLength(headers: Headers | undefined): number | undefined {
  const value = headers?.get('content-length')
  return value == null ? undefined : Number(value)
}

/** @throws TypeError unless the length that headers say, if they say one, is a length */
export function checkContentLength(headers: Headers): void {
  const value = headers.get('content-length')
  if (value !== null && !/^\d{1,15}$/.test(value))
    throw invalidArgValue('options.headers.content-length', value, 'is not a number of bytes')
}
