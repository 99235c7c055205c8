/** How the last attempt of a stream to connect went. */
import type { NativeStream } from '../addon/native.js'
import type { Failure } from '../addon/targets.js'
import { AllRetriesFailedError } from '../errors/all-retries-failed-error.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { type Reason, reasonOf } from '../errors/failure-reasons.js'
import { MqttSettingsError } from '../errors/mqtt-settings-error.js'
import type { Circumstances } from '../errors/secure-stream-error.js'
import { UnreachableError } from '../errors/unreachable-error.js'
import type { AnswerHead } from '../messages/answer-head.js'
import type { StateName } from '../state.js'

/** Whether a state is an answer of the peer, also one that the policy's `http_resp_map` has translated. */
export function isAnswer(state: StateName | number): boolean {
  return typeof state === 'number' || state === 'QOS_ACK_REMOTE' || state === 'QOS_NACK_REMOTE'
}

/** What is known of the last attempt of a stream, besides its state. */
export class LastAttempt {
  /** Why there is no connection. */
  failure: UnreachableError | DisconnectedError | MqttSettingsError | undefined
  /** The error for a message that is not sent again, since the peer may have it. */
  notRepeated: DisconnectedError | undefined
  /** The state that the policy's `http_resp_map` gave the answer. */
  userState: number | undefined
  /** Whether the peer has answered: the end of the connection is then the end of a transaction. */
  answered = false
  /** What the answer says besides its payload, when that is kept. */
  head: AnswerHead | undefined
  #reason: Reason | undefined
  readonly #streamtype: string
  readonly #native: NativeStream

  constructor(streamtype: string, native: NativeStream) {
    this.#streamtype = streamtype
    this.#native = native
  }

  /** Whether the peer's answer is one that the policy takes for success. */
  get accepted(): boolean {
    return this.#native.goodResponse()
  }

  /** Who is asked, or was last, and how often that was. */
  get circumstances(): Circumstances {
    const [endpoint, attempts] = this.#native.whom()
    return { streamtype: this.#streamtype, endpoint: endpoint || undefined, attempts }
  }

  /** The error for what waits, when there is no other attempt. */
  gaveUp(): AllRetriesFailedError | DisconnectedError | MqttSettingsError {
    if (this.notRepeated) return this.notRepeated
    const failure = this.failedWithoutReason()
    if (failure instanceof MqttSettingsError) return failure
    const { message, streamtype, endpoint, attempts, status } = failure
    // No error of Node's knows the code that a WebSocket was closed with.
    const isClose = failure instanceof DisconnectedError && failure.closeCode !== undefined
    const cause = isClose ? failure : failure.cause
    return new AllRetriesFailedError(message, { streamtype, endpoint, attempts, status, cause })
  }

  /** The error for what the connection was lost to; `when` says what there was not yet. */
  lost(when: string): DisconnectedError {
    const { what, cause } = this.#reason ?? reasonOf('', 0)
    return new DisconnectedError({ ...this.circumstances, cause }, `${what} ${when}`)
  }

  reached(state: StateName | number): void {
    if (typeof state === 'number') this.userState = state
    if (isAnswer(state)) this.answered = true
    if (state !== 'CONNECTING') return
    this.failure = undefined
    this.#reason = undefined
    this.notRepeated = undefined
    this.userState = undefined
    this.answered = false
    this.head = undefined
  }

  failed({ words, number, attempts, endpoint, ...how }: Failure): void {
    const { settingsDiffer, notRepeated, closeCode } = how
    const isClose = closeCode !== undefined && !words.startsWith('the peer broke ')
    const reason = isClose ? closedWith(closeCode, words) : reasonOf(words, number)
    const { what, cause, status } = reason
    const circumstances = { streamtype: this.#streamtype, endpoint, attempts, cause, status }
    this.#reason = reason
    if (settingsDiffer) this.failure = new MqttSettingsError(circumstances, words)
    else if (notRepeated)
      this.notRepeated = this.failure = new DisconnectedError(circumstances, what)
    else if (closeCode !== undefined)
      this.failure = new DisconnectedError(circumstances, what, { code: closeCode, reason: words })
    else if (words) this.failure = new UnreachableError(circumstances, what)
    else this.failure = new DisconnectedError(circumstances, what)
  }

  /** There is no connection; the addon may not have said why. */
  failedWithoutReason(): UnreachableError | DisconnectedError | MqttSettingsError {
    const { what, cause } = reasonOf('closed before established', 0)
    this.failure ??= new UnreachableError({ ...this.circumstances, cause }, what)
    return this.failure
  }
}

function closedWith(code: number, reason: string): Reason {
  return {
    what: `closed the WebSocket with code ${code}${reason && `: ${JSON.stringify(reason)}`}`,
  }
}
