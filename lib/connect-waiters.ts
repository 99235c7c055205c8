/** The promises of `connect()` calls. */
export class ConnectWaiters {
  #waiting: { resolve: () => void; reject: (reason: unknown) => void }[] = []

  get size(): number {
    return this.#waiting.length
  }

  add(): Promise<void> {
    const connected = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
    // The states tell the same, so nobody has to wait for it.
    connected.catch(() => {})
    return connected
  }

  resolve(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  reject(reason: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(reason)
  }
}
