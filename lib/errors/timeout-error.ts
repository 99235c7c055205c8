// The error for what was not done in time.
import { type Circumstances, type CodedError, SecureStreamError } from './secure-stream-error.js'
import { sentence } from './sentence.js'

/**
 * A time limit of the caller or of the policy's `timeout_ms` passed first. Its `code` is
 * `ERR_SS_TIMEOUT`. `cause` is why the last attempt failed, where one did, or has the code `ETIMEDOUT`.
 */
export class TimeoutError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'TimeoutError'
  /** The error that Node has for it, where it has one. */
  declare readonly cause?: CodedError

  /** `limit` is in milliseconds, where it is known. */
  constructor(circumstances: Circumstances, limit?: number) {
    const within = limit === undefined ? 'its time limit' : `${limit} ms`
    const { cause = Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }) } = circumstances
    const all = { ...circumstances, cause }
    super('ERR_SS_TIMEOUT', sentence(all, `not done within ${within}`), all)
  }
}
