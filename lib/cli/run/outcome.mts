// What `lws-ss run --json` reports.
import type { StateName } from '../../state.js'

/** What a transaction and a session have in common. */
interface Outcome {
  /** Whether the peer accepted what was sent; null on protocols that do not say. */
  readonly acked: boolean | null
  /** The state that ended it, or the last one. */
  readonly state: StateName | number
  readonly metadata: Readonly<Record<string, string>>
  /** Bytes of payload. */
  readonly sent: number
  readonly received: number
}

/** How a transaction went. */
export interface Answer extends Outcome {
  readonly status: number
  /** The status in words. */
  readonly statusText: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Who or what ended a session. */
export type Ending =
  | { readonly by: 'peer'; readonly closeCode?: number; readonly closeReason?: string }
  /** `seconds`: for how long nothing arrived. */
  | { readonly by: 'silence'; readonly seconds: number }
  | { readonly by: 'interrupt' }
  /** Of the output. */
  | { readonly by: 'reader' }

/** How a session went. */
export interface SessionOutcome extends Outcome {
  readonly ended: Ending
}
