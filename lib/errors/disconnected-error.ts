// The error for a connection that was lost or closed.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * The connection went away while the operation depended on it, or a WebSocket was closed. Its `code`
 * is `ERR_SS_DISCONNECTED`.
 */
export class DisconnectedError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'DisconnectedError'
  /**
   * The code in the peer's CLOSE frame, 1005 when that had none; 1002 or 1007 when the peer broke the
   * WebSocket protocol. `undefined` when no WebSocket was closed.
   */
  readonly closeCode: number | undefined
  /** The reason that came with {@link closeCode}. */
  readonly closeReason: string | undefined

  constructor(streamtype: string, detail: string, closeCode?: number, closeReason?: string) {
    super('ERR_SS_DISCONNECTED', `'${streamtype}' was disconnected ${detail}`)
    this.closeCode = closeCode
    this.closeReason = closeReason
  }

  /** @internal */
  static byClose(streamtype: string, code: number, reason: string): DisconnectedError {
    const detail = `with WebSocket close code ${code}${reason && `: ${reason}`}`
    return new DisconnectedError(streamtype, detail, code, reason)
  }
}
