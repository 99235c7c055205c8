import { NativeFailure, type NativeStream } from '../addon/native.js'
import { AllRetriesFailedError } from '../errors/all-retries-failed-error.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { MqttSettingsError } from '../errors/mqtt-settings-error.js'
import { UnreachableError } from '../errors/unreachable-error.js'
import type { StateName } from './state.js'

/** Whether it is the peer's verdict, be it in words of the policy's `http_resp_map`. */
export function isAnswer(state: StateName | number): boolean {
  return typeof state === 'number' || state === 'QOS_ACK_REMOTE' || state === 'QOS_NACK_REMOTE'
}

/** How the last attempt of a stream went, as far as its states do not tell. */
export class LastAttempt {
  /** Why there is no connection. */
  failure: UnreachableError | DisconnectedError | MqttSettingsError | undefined
  /** The state that the policy's `http_resp_map` gave the answer. */
  userState: number | undefined
  /** Whether the peer has said what it thinks of it, so that its end is that of a transaction. */
  answered = false
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

  /** What is to be said of it when there is no other attempt. */
  gaveUp(): AllRetriesFailedError | MqttSettingsError {
    if (this.failure instanceof MqttSettingsError) return this.failure
    return new AllRetriesFailedError(this.#streamtype, this.failure)
  }

  reached(state: StateName | number): void {
    if (typeof state === 'number') this.userState = state
    if (isAnswer(state)) this.answered = true
    if (state !== 'CONNECTING') return
    this.failure = undefined
    this.userState = undefined
    this.answered = false
  }

  /** @param code - one of {@link NativeFailure}, or the code of a WebSocket's CLOSE; 0 for neither */
  failed(reason: string, code: number): void {
    if (code === NativeFailure.SettingsDiffer)
      this.failure = new MqttSettingsError(this.#streamtype, reason)
    else if (code) this.failure = DisconnectedError.byClose(this.#streamtype, code, reason)
    else if (reason) this.failure = new UnreachableError(this.#streamtype, reason)
  }
}
