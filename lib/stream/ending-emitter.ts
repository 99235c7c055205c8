import { EventEmitter } from 'node:events'
import type { StreamEvents } from './stream-types.js'

/** What is over at some point, and says so once. */
export class EndingEmitter extends EventEmitter<StreamEvents> {
  #over = false
  // Made when there is one: there may be many streams.
  #callbacks: (() => void)[] | undefined

  /** @internal Settles when the stream is over. */
  closed(): Promise<void> {
    return new Promise((resolve) => this.whenOver(resolve))
  }

  /** @internal Calls `callback` when the stream is over. */
  whenOver(callback: () => void): void {
    if (this.#over) callback()
    else if (this.#callbacks) this.#callbacks.push(callback)
    else this.#callbacks = [callback]
  }

  /** @internal */
  protected end(): void {
    this.#over = true
    for (const callback of this.#callbacks ?? []) callback()
    this.#callbacks = undefined
  }
}
