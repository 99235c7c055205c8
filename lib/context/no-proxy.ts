/** The hosts that are connected to without a proxy. */
import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * What `NO_PROXY` says, as Node reads it: names, addresses, `host:port`, `.suffix`, `*.suffix` and ranges of
 * addresses (`10.0.0.1-10.0.0.255`), with commas between them; `*` for all. A suffix begins at a dot.
 */
export class NoProxy {
  readonly #entries: ReadonlySet<string>
  readonly #suffixes: readonly string[]
  readonly #ranges = new BlockList()

  constructor(list = '') {
    const entries = list.split(',').map((entry) => plain(entry.trim()))
    this.#entries = new Set(entries)
    this.#suffixes = entries
      .filter((entry) => /^\*?\../.test(entry))
      .map((entry) => entry.replace(/^\*/, ''))
    for (const entry of entries) this.#addRange(entry)
  }

  /** `host`: a name, or an address without brackets. */
  has(host: string, port: number): boolean {
    const name = plain(host)
    const forms = isIPv6(name) ? [name, `[${name}]`] : [name]
    const isEntry = (form: string) =>
      this.#entries.has(form) || this.#entries.has(`${form}:${port}`)
    return (
      this.#entries.has('*') || forms.some(isEntry) || this.#isBelow(name) || this.#isInRange(name)
    )
  }

  // `.example.com` is example.com, too; `*.example.com` is what is below it.
  #isBelow(name: string): boolean {
    if (isIP(name)) return false
    return this.#suffixes.some((suffix) => name.endsWith(suffix)) || this.#entries.has(`.${name}`)
  }

  #isInRange(name: string): boolean {
    const family = isIP(name)
    return family !== 0 && this.#ranges.check(name, family === 6 ? 'ipv6' : 'ipv4')
  }

  #addRange(entry: string): void {
    const [first = '', last = '', ...more] = entry.split('-').map((address) => address.trim())
    const family = isIP(first)
    if (family === 0 || isIP(last) !== family || more.length > 0) return
    try {
      this.#ranges.addRange(first, last, family === 6 ? 'ipv6' : 'ipv4')
    } catch {
      // One that ends before it begins has no addresses.
    }
  }
}

/** In lower case, and without the dot that a name may end with. */
const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '')
