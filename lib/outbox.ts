import { DisconnectedError } from './errors/disconnected-error.js'

interface Entry {
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
  sent: boolean
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
      this.#entries.set(id, { resolve, reject, sent: false })
    })
    return { id, promise }
  }

  /** lws has taken the whole of it. */
  sent(id: number): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    entry.sent = true
    if (!this.#acknowledged) this.#settle(id, entry.resolve)
  }

  acknowledge(): void {
    const first = this.#firstSent()
    if (first) this.#settle(first[0], first[1].resolve)
  }

  refuse(reason: Error): void {
    // A peer may refuse a message of which it has seen only the beginning.
    const first = this.#firstSent() ?? this.#entries.entries().next().value
    if (first) this.#settle(first[0], () => first[1].reject(reason))
  }

  reject(id: number, reason: unknown): void {
    const entry = this.#entries.get(id)
    if (entry) this.#settle(id, () => entry.reject(reason))
  }

  dropped(id: number): void {
    this.reject(id, new DisconnectedError(this.#streamtype, 'while the message was being sent'))
  }

  /** What was sent and not acknowledged will not be any more. */
  disconnected(): void {
    for (const [id, entry] of [...this.#entries])
      if (entry.sent)
        this.reject(id, new DisconnectedError(this.#streamtype, 'before the peer acknowledged'))
  }

  rejectAll(reason: unknown): void {
    for (const id of [...this.#entries.keys()]) this.reject(id, reason)
  }

  /** Settles when no message is on its way. */
  drained(): Promise<void> {
    if (this.#entries.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenDrained.push(resolve))
  }

  #firstSent(): [number, Entry] | undefined {
    for (const [id, entry] of this.#entries) if (entry.sent) return [id, entry]
    return undefined
  }

  #settle(id: number, how: () => void): void {
    this.#entries.delete(id)
    how()
    if (this.#entries.size === 0) for (const resolve of this.#whenDrained.splice(0)) resolve()
  }
}
