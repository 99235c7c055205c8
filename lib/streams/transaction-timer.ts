/** Ends a transaction that takes longer than it may. */
export class TransactionTimer {
  #timer: NodeJS.Timeout | undefined
  #message: number | undefined

  /**
   * An attempt of a transaction begins; the first one starts the timer.
   *
   * @param message - the id of the message that the transaction is for; `undefined`: for `connect()`
   * @param ms - milliseconds, no more than a timer can have: 2,147,483,647
   */
  begin(
    message: number | undefined,
    ms: number,
    giveUp: (message: number | undefined) => void,
  ): void {
    if (this.#timer && message === this.#message) return
    this.stop()
    this.#message = message
    const end = () => {
      this.#timer = undefined
      giveUp(message)
    }
    // The stream itself keeps the process running, unless the program does not want that.
    this.#timer = setTimeout(end, ms).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
