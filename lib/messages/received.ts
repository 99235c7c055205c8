import type { Inbox } from './inbox.js'

/**
 * What an inbox receives, one after the other. Not an async generator: leaving that would wait for
 * what its `next()` waits for.
 */
export class Received<T> implements AsyncIterableIterator<T, void, void> {
  readonly #inbox: Inbox
  readonly #takes: 'messages' | 'chunks'
  readonly #take: () => T | undefined
  #over = false
  #finishing = false

  constructor(inbox: Inbox, takes: 'messages' | 'chunks', take: () => T | undefined) {
    this.#inbox = inbox
    this.#takes = takes
    this.#take = take
  }

  async next(): Promise<IteratorResult<T, void>> {
    if (this.#over) return { done: true, value: undefined }
    this.#inbox.attach(this.#takes)
    try {
      const value = this.#finishing
        ? this.#take()
        : await this.#inbox.next(this, this.#takes, this.#take)
      if (value !== undefined) return { done: false, value }
    } catch (error) {
      // Once is enough, if several calls wait.
      if (!this.#over) {
        this.#over = true
        throw error
      }
    }
    this.#over = true
    return { done: true, value: undefined }
  }

  /** Everything that is still to come, when all of it is there. */
  async rest(): Promise<T[]> {
    const all: T[] = []
    this.#inbox.attach(this.#takes)
    await this.#inbox.next(this, this.#takes, () => {
      for (let value = this.#take(); value !== undefined; value = this.#take()) all.push(value)
      return undefined
    })
    this.#over = true
    return all
  }

  /** Ends after what is there already. */
  finish(): void {
    this.#finishing = true
    this.#inbox.leave(this)
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.#over = true
    this.#inbox.leave(this)
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
