// The error for what was not done in time.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * A time limit of the caller or of the policy's `timeout_ms` passed first. Its `code` is
 * `ERR_SS_TIMEOUT`.
 */
export class TimeoutError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'TimeoutError'
  constructor(streamtype: string) {
    super('ERR_SS_TIMEOUT', `'${streamtype}' was not done within its time limit`)
  }
}
