// The error for a stream or a context that was destroyed.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * The stream or the context was destroyed before the operation could end; `cause` says why when it
 * was told. Its `code` is `ERR_SS_DESTROYED`.
 */
export class DestroyedError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'DestroyedError'
  constructor(what: string, cause?: unknown) {
    super('ERR_SS_DESTROYED', `${what} is destroyed`, { cause })
  }
}
