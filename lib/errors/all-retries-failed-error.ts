// The error for a stream that has given up connecting.
import { type Circumstances, type CodedError, SecureStreamError } from './secure-stream-error.js'

/**
 * Every attempt that the policy's `retry` allows has failed. The message is that of the last failure, and
 * so are `endpoint`, `attempts`, `status` and `cause`. Its `code` is `ERR_SS_ALL_RETRIES_FAILED`.
 */
export class AllRetriesFailedError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'AllRetriesFailedError'
  /**
   * The error that Node has for it, where it has one. Where a WebSocket was closed, the `DisconnectedError`
   * that says so.
   */
  declare readonly cause?: CodedError

  constructor(message: string, circumstances: Circumstances) {
    super('ERR_SS_ALL_RETRIES_FAILED', message, circumstances)
  }
}
