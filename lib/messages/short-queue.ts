import Denque from 'denque'

/**
 * A queue that mostly holds one thing at most, which then is here and not in an array behind it: of
 * thousands of streams, neither would be in a cache.
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
