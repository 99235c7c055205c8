/** How the last attempt of a stream to connect went. */
import type { NativeStream } from '../addon/native.js'
import type { Failure } from '../addon/targets.js'
import { AllRetriesFailedError } from '../errors/all-retries-failed-error.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { MqttSettingsError } from '../errors/mqtt-settings-error.js'
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

  /** The error for what waits, when there is no other attempt. */
  gaveUp(): AllRetriesFailedError | DisconnectedError | MqttSettingsError {
    if (this.notRepeated) return this.notRepeated
    if (this.failure instanceof MqttSettingsError) return this.failure
    return new AllRetriesFailedError(this.#streamtype, this.failure)
  }

  reached(state: StateName | number): void {
    if (typeof state === 'number') this.userState = state
    if (isAnswer(state)) this.answered = true
    if (state !== 'CONNECTING') return
    this.failure = undefined
    this.notRepeated = undefined
    this.userState = undefined
    this.answered = false
    this.head = undefined
  }

  failed({ reason, settingsDiffer, notRepeated, closeCode }: Failure): void {
    if (settingsDiffer) this.failure = new MqttSettingsError(this.#streamtype, reason)
    else if (notRepeated) {
      const detail = `before the answer was complete: ${reason}`
      this.notRepeated = this.failure = new DisconnectedError(this.#streamtype, detail)
    } else if (closeCode !== undefined)
      this.failure = DisconnectedError.byClose(this.#streamtype, closeCode, reason)
    else if (reason) this.failure = new UnreachableError(this.#streamtype, reason)
  }

  /** There is no connection; the addon may not have said why. */
  failedWithoutReason(): void {
    this.failure ??= new UnreachableError(this.#streamtype, 'closed before established')
  }
}
