/** What the log says of a stream's states, in words for people. */
import type { StateName } from '../state.js'
import type { StreamLife } from './life.js'

/** What a stream comes to; nothing for states that are only steps on the way. */
export function stateLine(life: StreamLife, state: StateName | number): string | undefined {
  const { kind, head, lastError } = life
  const because = lastError ? `: ${lastError.message}` : ''
  switch (state) {
    case 'CONNECTING':
      if (!kind.connects) return undefined
      return `connects to ${kind.endpoint} by ${kind.protocol}${kind.isSecure ? ' over TLS' : ''}`
    case 'CONNECTED':
      if (!kind.connects) return kind.isTransactional ? undefined : 'has a client'
      return head ? `is answered with ${head.status} by ${head.url}` : 'is connected'
    case 'QOS_ACK_REMOTE':
      return kind.exchange === 'requests' ? undefined : 'has its message acknowledged'
    case 'QOS_NACK_REMOTE':
      return 'is refused by its peer'
    case 'UNREACHABLE':
      return `has no connection${because}`
    case 'DISCONNECTED':
      return life.isAnswered || kind.exchange === 'responses'
        ? undefined
        : `is disconnected${because}`
    case 'ALL_RETRIES_FAILED':
      return 'gives up, since all retries of the policy have failed'
    case 'TIMEOUT':
      return 'is out of time'
    default:
      return undefined
  }
}

/** Which stream it is: its streamtype, and the number that its tag has. */
export function streamName(streamtype: string, tag: string): string | undefined {
  const number = /\|(\d+)\|/.exec(tag)?.[1]
  return number === undefined ? undefined : `${streamtype} #${number}`
}
