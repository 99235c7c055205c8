// A timer that is set for longer fires at once.
const LONGEST_TIMER = 0x7fffffff

/** Ends a transaction that takes longer than it may. */
export class TransactionTimer {
  #timer: NodeJS.Timeout | undefined
  #message: number | undefined

  /** The transaction for `message` goes on, or begins, and then it has `ms` milliseconds. */
  begin(message: number, ms: number, giveUp: (message: number) => void): void {
    if (this.#timer && message === this.#message) return
    this.stop()
    this.#message = message
    // The stream itself keeps the process running, unless the program does not want that.
    const end = () => {
      this.#timer = undefined
      giveUp(message)
    }
    this.#timer = setTimeout(end, Math.min(ms, LONGEST_TIMER)).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
