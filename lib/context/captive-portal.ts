/** Tells a network with internet from one that has a captive portal, or nothing, in front of it. */
import { DestroyedError } from '../errors/destroyed-error.js'
import { requireTransactional } from '../requests/request.js'
import { Transaction } from '../requests/transaction.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { StreamOpener } from '../streams/stream-wiring.js'

/**
 * What a check has found, by lws's names: the answer that the policy expects, another answer, or none.
 * Specification: "Captive Portal Detection".
 */
export type CaptivePortalResult = 'INTERNET_OK' | 'CAPTIVE_PORTAL' | 'NO_INTERNET'

/** The streamtype that checks are made with. */
export const CAPTIVE_PORTAL_DETECT = 'captive_portal_detect'
/** How long a check takes at most, in milliseconds, where the policy has no `timeout_ms` for it. */
const PATIENCE = 3000

interface Check {
  readonly result: Promise<CaptivePortalResult>
  readonly stream: SecureStream
}

/** Checks of one context, of which one is going on at a time. */
export class CaptivePortalDetection {
  readonly #opener: StreamOpener
  readonly #found: (result: CaptivePortalResult) => void
  #check: Check | undefined
  #isAsked = false

  constructor(opener: StreamOpener, found: (result: CaptivePortalResult) => void) {
    this.#opener = opener
    this.#found = found
  }

  /** Checks, or waits for the check that is going on. */
  check(): Promise<CaptivePortalResult> {
    this.#check ??= this.#begin()
    this.#check.stream.ref()
    this.#isAsked = true
    return this.#check.result
  }

  /** Checks for the event alone, and without keeping the process running. */
  checkAside(): void {
    if (this.#check) return
    this.#check = this.#begin()
    this.#check.stream.unref()
    this.#check.result.catch(() => {})
  }

  /** Ends a check that nobody has asked for. */
  stop(): void {
    if (!this.#isAsked) this.#check?.stream.destroy()
  }

  #begin(): Check {
    const kind = this.#opener.kindOf(CAPTIVE_PORTAL_DETECT)
    requireTransactional(kind)
    const stream = this.#opener.open(kind)
    return { result: this.#perform(stream, kind.timeLimit), stream }
  }

  async #perform(stream: SecureStream, timeout = PATIENCE): Promise<CaptivePortalResult> {
    try {
      const result = await new Transaction(stream, { timeout }).reply.then(
        ({ acked }) => (acked ? 'INTERNET_OK' : 'CAPTIVE_PORTAL'),
        (error) => {
          if (error instanceof DestroyedError) throw error
          return error.status === undefined ? 'NO_INTERNET' : 'CAPTIVE_PORTAL'
        },
      )
      this.#found(result)
      return result
    } finally {
      this.#check = undefined
      this.#isAsked = false
      stream.destroy()
    }
  }
}
