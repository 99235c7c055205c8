// The error for a message or request that the peer did not accept.
import type { StateName } from '../state.js'
import { SecureStreamError } from './secure-stream-error.js'

/** The peer answered that it did not accept what was sent. Its `code` is `ERR_SS_NACK`. */
export class NackError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'NackError'
  /** The state that said so: `QOS_NACK_REMOTE`, or a number that `http_resp_map` gave. */
  readonly state: StateName | number

  constructor(streamtype: string, state: StateName | number) {
    super('ERR_SS_NACK', `the peer of '${streamtype}' did not accept the message (${state})`)
    this.state = state
  }
}
