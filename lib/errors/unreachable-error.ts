// The error for an attempt to connect that failed.
import { SecureStreamError } from './secure-stream-error.js'
import { systemCause } from './system-cause.js'

/**
 * One attempt to connect failed; the message says why when libwebsockets knows. The `cause` of an
 * {@link AllRetriesFailedError}. Its `code` is `ERR_SS_UNREACHABLE`. Where the system refused, its own `cause` is
 * that error as Node has it, with a `code` such as `ECONNREFUSED`, on Windows too.
 */
export class UnreachableError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'UnreachableError'
  constructor(streamtype: string, reason: string) {
    const cause = systemCause(reason)
    const message = `the peer of '${streamtype}' was not reached: ${reason}`
    super('ERR_SS_UNREACHABLE', message, cause && { cause })
  }
}
