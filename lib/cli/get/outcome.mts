// What `lws-ss get --json` reports.
import type { StateName } from '../../state.js'

/** How a transaction or a session went. */
export interface Outcome {
  /** Whether the peer accepted what was sent; null on protocols that do not say. */
  readonly acked: boolean | null
  /** The state that ended it, or the last one. */
  readonly state: StateName | number
  readonly metadata: Readonly<Record<string, string>>
  /** Bytes of payload. */
  readonly sent: number
  readonly received: number
}
