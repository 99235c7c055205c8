// The error for an attempt to connect that failed.
import { type Circumstances, type CodedError, SecureStreamError } from './secure-stream-error.js'
import { sentence } from './sentence.js'

/**
 * One attempt to connect failed; the message says who was asked, what happened and how often in a row.
 * Its `code` is `ERR_SS_UNREACHABLE`. `cause` is the error that Node has for it, where it has one, with a
 * `code` such as `ECONNREFUSED`.
 */
export class UnreachableError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'UnreachableError'
  /** The error that Node has for it, where it has one. */
  declare readonly cause?: CodedError

  constructor(circumstances: Circumstances, what: string) {
    super('ERR_SS_UNREACHABLE', sentence(circumstances, what), circumstances)
  }
}
