/** The promises of `connect()` calls. */
export class ConnectWaiters {
  #waiting: { resolve: () => void; reject: (reason: unknown) => void }[] | undefined

  get size(): number {
    return this.#waiting?.length ?? 0
  }

  add(): Promise<void> {
    const connected = new Promise<void>((resolve, reject) => {
      this.#waiting ??= []
      this.#waiting.push({ resolve, reject })
    })
    // A program that goes by the states need not handle this rejection.
    connected.catch(() => {})
    return connected
  }

  resolve(): void {
    for (const { resolve } of this.#take()) resolve()
  }

  reject(reason: unknown): void {
    for (const { reject } of this.#take()) reject(reason)
  }

  #take() {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    return waiting
  }
}
