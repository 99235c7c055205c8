/** Finds names by how they begin, as lws 4.3.5 does. */

/** How many names that begin alike are looked at. */
const MAX_LOOKED_AT = 8

/** The names of a section in the order of their definition, for questions about their beginnings. */
export class NameIndex {
  readonly #order: ReadonlyMap<string, number>
  #sorted: readonly string[] | undefined

  /** @param names - without repetitions */
  constructor(names: Iterable<string>) {
    this.#order = new Map(Array.from(names, (name, at) => [name, at]))
  }

  has(name: string): boolean {
    return this.#order.has(name)
  }

  names(): Iterable<string> {
    return this.#order.keys()
  }

  /**
   * What lws 4.3.5 finds for a reference, when that is not the name itself: it takes the name that
   * was defined last among those that begin with the reference.
   */
  longerMatch(reference: string): string | undefined {
    this.#sorted ??= Array.from(this.#order.keys()).sort()
    const names = this.#sorted
    const start = firstFrom(names, reference)
    let found: string | undefined
    let latest = this.#order.get(reference) ?? -1
    for (let at = start; at < Math.min(names.length, start + MAX_LOOKED_AT); at++) {
      const name = names[at] as string
      if (!name.startsWith(reference)) {
        break
      }
      const order = this.#order.get(name) as number
      if (order > latest) {
        found = name
        latest = order
      }
    }
    return found
  }
}

function firstFrom(sorted: readonly string[], text: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as string) < text) {
      low = middle + 1
    } else {
      high = middle
    }
  }
  return low
}
