// Numbers of protocols, and what they are called.
import { STATUS_CODES } from 'node:http'

/** A status of HTTP with its name, such as `404 Not Found`. */
export function statusInWords(status: number): string {
  return [status, STATUS_CODES[status]].filter(Boolean).join(' ')
}

// RFC 6455, section 7.4.1, and the registry of IANA that it founded.
const CLOSE_CODES: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no code given',
  1006: 'cut off',
  1007: 'invalid text',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'extension missing',
  1011: 'internal error',
  1012: 'service restart',
  1013: 'try again later',
  1014: 'bad gateway',
}

/** The code of a WebSocket's CLOSE frame with its name, such as `1001 (going away)`. */
export function closeInWords(code: number): string {
  const name = CLOSE_CODES[code]
  return name === undefined ? `${code}` : `${code} (${name})`
}
