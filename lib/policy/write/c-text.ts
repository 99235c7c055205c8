/** What a C compiler needs of text and names. */

/** A C string literal of the text in UTF-8. */
export function cString(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => {
    const char = String.fromCharCode(byte)
    if (byte < 0x20 || byte > 0x7e) {
      return `\\${byte.toString(8).padStart(3, '0')}`
    }
    // Two question marks can begin a trigraph.
    return char === '"' || char === '\\' || char === '?' ? `\\${char}` : char
  })
  return `"${bytes.join('')}"`
}

/** Names for definitions, each unlike all others whatever it is made from. */
export class Symbols {
  readonly #taken = new Set<string>()

  /** A name that begins with the parts as far as C allows them in one. */
  define(...parts: readonly string[]): string {
    const wanted = `_${parts.join('_').replace(/[^A-Za-z0-9]/g, '_')}`
    let name = wanted
    for (let count = 2; this.#taken.has(name); count++) {
      name = `${wanted}_${count}`
    }
    this.#taken.add(name)
    return name
  }
}

/** An initializer of a struct, one field a line; fields without a value are left out. */
export function initializer(fields: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `\t.${name} = ${value?.replaceAll('\n', '\n\t')},\n`)
  return `{\n${lines.join('')}}`
}
