/** The check of what `close()` is given. */
import { checkString, invalidArgType, outOfRange } from '../arguments.js'

// RFC 6455, section 7.4: the others are reserved, or for what no CLOSE has said.
const ranges = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
] as const

// A control frame has 125 bytes, of which the code takes two.
const LONGEST_REASON = 123

/** @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` */
export function checkCloseCode(code: unknown): number {
  if (typeof code !== 'number') throw invalidArgType('code', 'of type number', code)
  if (Number.isInteger(code) && ranges.some(([least, most]) => code >= least && code <= most))
    return code
  const all = ranges.map(([least, most]) => `${least} to ${most}`).join(', ')
  throw outOfRange('code', `a close code of WebSocket that may be sent: ${all}`, code)
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` */
export function closeReasonBytes(reason: unknown): Uint8Array {
  checkString('reason', reason)
  const bytes = Buffer.from(reason, 'utf8')
  if (bytes.length > LONGEST_REASON)
    throw outOfRange('reason.length', `no more than ${LONGEST_REASON} bytes in UTF-8`, bytes.length)
  return bytes
}
