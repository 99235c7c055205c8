import { SecureStreamError } from '../secure-stream-error.js'

/**
 * The connection went away while the operation depended on it. Its `code` is `ERR_SS_DISCONNECTED`.
 */
export class DisconnectedError extends SecureStreamError {
  constructor(streamtype: string, detail: string) {
    super('ERR_SS_DISCONNECTED', `'${streamtype}' was disconnected ${detail}`)
  }
}
