// The error for a stream that has given up connecting.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * Every attempt that the policy's `retry` allows has failed; `cause` is the last failure. Its `code`
 * is `ERR_SS_ALL_RETRIES_FAILED`.
 */
export class AllRetriesFailedError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'AllRetriesFailedError'
  constructor(streamtype: string, cause: Error | undefined) {
    const why = cause ? `: ${cause.message}` : ''
    super('ERR_SS_ALL_RETRIES_FAILED', `'${streamtype}' gave up connecting${why}`, { cause })
  }
}
