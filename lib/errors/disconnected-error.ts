// The error for a connection that was lost or closed.
import { type Circumstances, type CodedError, SecureStreamError } from './secure-stream-error.js'
import { sentence } from './sentence.js'

/**
 * The connection went away while the operation depended on it, or a WebSocket was closed. Its `code`
 * is `ERR_SS_DISCONNECTED`. `cause` is the error that Node has for it, where it has one, with a `code` such
 * as `ECONNRESET`.
 */
export class DisconnectedError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'DisconnectedError'
  /** The error that Node has for it, where it has one. */
  declare readonly cause?: CodedError

  /**
   * The code in the peer's CLOSE frame, 1005 when that had none; 1002 or 1007 when the peer broke the
   * WebSocket protocol. `undefined` when no WebSocket was closed.
   */
  readonly closeCode: number | undefined
  /** The reason that came with {@link closeCode}. */
  readonly closeReason: string | undefined

  constructor(
    circumstances: Circumstances,
    what: string,
    close: { code?: number; reason?: string } = {},
  ) {
    super('ERR_SS_DISCONNECTED', sentence(circumstances, what), circumstances)
    this.closeCode = close.code
    this.closeReason = close.reason
  }
}
