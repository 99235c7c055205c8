// What is on the whiteboard.

// So many coordinates are kept; beyond that the oldest lines go.
const MOST = 400_000

/** The lines, in the order in which they were begun. */
export class Board {
  #lines = new Map()
  #coordinates = 0

  /** All lines, for a page that comes later. */
  get lines() {
    return [...this.#lines.values()]
  }

  /** Does what somebody's page says. */
  hear(who, { line, colour, width, points, undo, wipe }) {
    if (points) this.#draw(`${who}.${line}`, { who, line, colour, width, points })
    if (undo !== undefined) this.#remove(`${who}.${undo}`)
    if (wipe) for (const key of this.#lines.keys()) this.#remove(key)
  }

  #draw(key, drawn) {
    const line = this.#lines.get(key)
    if (line) line.points.push(...drawn.points)
    else this.#lines.set(key, { ...drawn, points: [...drawn.points] })
    this.#coordinates += drawn.points.length
    for (const oldest of this.#lines.keys()) {
      if (this.#coordinates <= MOST) break
      this.#remove(oldest)
    }
  }

  #remove(key) {
    this.#coordinates -= this.#lines.get(key)?.points.length ?? 0
    this.#lines.delete(key)
  }
}
