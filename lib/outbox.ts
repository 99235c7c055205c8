import { DisconnectedError } from './errors/disconnected-error.js'

interface Entry {
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** The promises of messages that are on their way out, in order. */
export class Outbox {
  #entries = new Map<number, Entry>()
  #nextId = 1
  #whenDrained: (() => void)[] = []
  readonly #streamtype: string
  readonly #acknowledged: boolean

  /** `acknowledged`: whether the protocol says when the peer has a message. */
  constructor(streamtype: string, acknowledged: boolean) {
    this.#streamtype = streamtype
    this.#acknowledged = acknowledged
  }

  get size(): number {
    return this.#entries.size
  }

  add(): { id: number; promise: Promise<void> } {
    const id = this.#nextId++
    const promise = new Promise<void>((resolve, reject) => {
      this.#entries.set(id, { resolve, reject })
    })
    return { id, promise }
  }

  /** lws has taken the whole of it. */
  sent(id: number): void {
    if (!this.#acknowledged) this.acknowledged(id)
  }

  acknowledged(id: number): void {
    const entry = this.#entries.get(id)
    if (entry) this.#settle(id, entry.resolve)
  }

  reject(id: number, reason: unknown): void {
    const entry = this.#entries.get(id)
    if (entry) this.#settle(id, () => entry.reject(reason))
  }

  dropped(id: number): void {
    this.reject(
      id,
      new DisconnectedError(this.#streamtype, 'before the peer had the whole message'),
    )
  }

  rejectAll(reason: unknown): void {
    for (const id of [...this.#entries.keys()]) this.reject(id, reason)
  }

  /** Settles when no message is on its way. */
  drained(): Promise<void> {
    if (this.#entries.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenDrained.push(resolve))
  }

  #settle(id: number, how: () => void): void {
    this.#entries.delete(id)
    how()
    if (this.#entries.size === 0) for (const resolve of this.#whenDrained.splice(0)) resolve()
  }
}
