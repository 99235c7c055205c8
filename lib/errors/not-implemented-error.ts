// The error for what a later version of the library will have.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * The specification has it and this version of the library does not yet. Its `code` is
 * `ERR_SS_NOT_IMPLEMENTED`.
 */
export class NotImplementedError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'NotImplementedError'
  constructor(what: string) {
    super(
      'ERR_SS_NOT_IMPLEMENTED',
      `${what} is not available in this version of lws-secure-streams`,
    )
  }
}
