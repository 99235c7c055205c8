// The error for a request of a client that cannot be what the program wants to have of it.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * A client's request cannot be a standard `Request`. Its `code` is `ERR_SS_BAD_REQUEST`. When a handler of
 * a server leaves it to be caught, the client gets its {@link status}, and that is all.
 */
export class BadRequestError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'BadRequestError'
  /** The status of HTTP that says so to the client. */
  override readonly status: number

  constructor(streamtype: string, detail: string, status: number, options?: { cause?: unknown }) {
    super('ERR_SS_BAD_REQUEST', `a client of '${streamtype}' has sent ${detail}`, options)
    this.status = status
  }
}
