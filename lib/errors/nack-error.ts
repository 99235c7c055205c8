// The error for a message or request that the peer did not accept.
import type { StateName } from '../state.js'
import { type Circumstances, SecureStreamError } from './secure-stream-error.js'
import { sentence } from './sentence.js'

/**
 * The peer answered that it did not accept what was sent. Its `code` is `ERR_SS_NACK`. `status` is that of
 * the answer, where the protocol has one.
 */
export class NackError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'NackError'
  /** The state that said so: `QOS_NACK_REMOTE`, or a number that `http_resp_map` gave. */
  readonly state: StateName | number

  constructor(circumstances: Circumstances, state: StateName | number) {
    const { status } = circumstances
    const how = status === undefined ? '' : ` with status ${status}`
    const means = typeof state === 'number' ? `, which http_resp_map has as ${state}` : ''
    super('ERR_SS_NACK', sentence(circumstances, `not accepted${how}${means}`), circumstances)
    this.state = state
  }
}
