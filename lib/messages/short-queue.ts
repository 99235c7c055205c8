/** The queue that streams keep messages in. */
import Denque from 'denque'

/**
 * A queue for use where it mostly holds one thing, or none. One thing is kept here without an array: with
 * thousands of streams, an array would be one more access to memory that is in no cache.
 */
export class ShortQueue<T extends object> {
  #first: T | undefined
  #rest: Denque<T> | undefined

  get length(): number {
    return this.#first ? 1 + (this.#rest?.length ?? 0) : 0
  }

  push(item: T): void {
    if (!this.#first) {
      this.#first = item
      return
    }
    this.#rest ??= new Denque()
    this.#rest.push(item)
  }

  shift(): T | undefined {
    const first = this.#first
    this.#first = this.#rest?.shift()
    return first
  }

  /** Removes the last one. */
  pop(): T | undefined {
    if (this.#rest?.length) return this.#rest.pop()
    const first = this.#first
    this.#first = undefined
    return first
  }

  /** The one at that place, counted from 0. */
  peekAt(place: number): T | undefined {
    return place === 0 ? this.#first : this.#rest?.peekAt(place - 1)
  }

  peekBack(): T | undefined {
    return this.#rest?.length ? this.#rest.peekBack() : this.#first
  }
}
