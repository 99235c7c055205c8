/**
 * A set of things that come and go all the time. A JavaScript Set would keep removed things in memory up
 * to the next garbage collection: each table that it outgrows refers to the next one.
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
