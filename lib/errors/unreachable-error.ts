// The error for an attempt to connect that failed.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * One attempt to connect failed; the message says why when libwebsockets knows. The `cause` of an
 * {@link AllRetriesFailedError}. Its `code` is `ERR_SS_UNREACHABLE`.
 */
export class UnreachableError extends SecureStreamError {
  constructor(streamtype: string, reason: string) {
    super('ERR_SS_UNREACHABLE', `the peer of '${streamtype}' was not reached: ${reason}`)
  }
}
