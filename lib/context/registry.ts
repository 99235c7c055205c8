/**
 * Things that come and go all the time. A Set of those keeps what it held alive from one garbage
 * collection to the next: each of its tables refers to the one that took its place.
 */
export class Registry<T> implements Iterable<T> {
  readonly #places: (T | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#places.length - this.#free.length
  }

  /** Returns the place, by which {@link remove} knows it. */
  add(item: T): number {
    const place = this.#free.pop() ?? this.#places.length
    this.#places[place] = item
    return place
  }

  remove(place: number): void {
    this.#places[place] = undefined
    this.#free.push(place)
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const item of [...this.#places]) if (item !== undefined) yield item
  }
}
