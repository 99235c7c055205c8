import { type Cookie, CookieJar, MemoryCookieStore } from 'tough-cookie'
import type { CookieFile } from './cookie-file.js'
import { writeNetscape } from './netscape.js'

// At least as many as RFC 6265 asks for, section 6.1; a server must not fill the memory.
const MOST_BYTES = 4096
// As curl has it: more than that is refused by servers, and does not fit into a frame of h2.
const MOST_BYTES_SENT = 8190
const MOST_OF_A_DOMAIN = 180
const MOST = 3000

// What RFC 6265bis refuses in an attribute, and a line of the file cannot hold.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\0-\x1f\x7f]/

// RFC 6265 knows no exception for the own machine.
const JAR_OPTIONS = { allowSecureOnLocal: false }

/** The cookies of `http_cookies` streamtypes, in memory and, with a file, for others too. */
export class Cookies {
  readonly #file: CookieFile | undefined
  readonly #warn: (error: Error) => void
  #store = new MemoryCookieStore()
  #jar = new CookieJar(this.#store, JAR_OPTIONS)

  /** @param warn - is told when the file cannot be used any more; the cookies stay in memory */
  constructor(file: CookieFile | undefined, warn: (error: Error) => void) {
    this.#file = file
    this.#warn = warn
  }

  /** What goes into the `Cookie` header of a request for `url`. */
  get(url: string): string {
    this.#orWarn(() => this.#adopt(this.#file?.readIfChanged()))
    return this.#orWarn(() => joined(this.#jar.getCookiesSync(url))) ?? ''
  }

  /** Keeps what a `Set-Cookie` header of the response to `url` says. */
  set(url: string, setCookie: string): void {
    this.#orWarn(() => {
      const before = this.#file && writeNetscape(this.#all())
      this.#accept(url, setCookie)
      if (before === undefined || writeNetscape(this.#all()) === before) return
      this.#file?.update((others) => {
        if (others) {
          this.#adopt(others)
          this.#accept(url, setCookie)
        }
        return this.#all()
      })
    })
  }

  #accept(url: string, setCookie: string): void {
    const cookie = this.#jar.setCookieSync(setCookie, url, { ignoreError: true, loose: false })
    if (!cookie?.domain) return
    const tooLong = cookie.key.length + cookie.value.length > MOST_BYTES
    if (tooLong || CONTROL.test(`${cookie.domain}${cookie.path}`)) this.#drop(cookie)
    const all = this.#all()
    const ofDomain = all.filter(({ domain }) => domain === cookie.domain)
    for (const excess of [...leastUsed(ofDomain, MOST_OF_A_DOMAIN), ...leastUsed(all, MOST)])
      this.#drop(excess)
  }

  #adopt(cookies: readonly Cookie[] | undefined): void {
    if (!cookies) return
    this.#store = new MemoryCookieStore()
    this.#jar = new CookieJar(this.#store, JAR_OPTIONS)
    // In memory it is done when the call returns.
    for (const cookie of cookies) this.#store.putCookie(cookie, () => {})
  }

  #all(): Cookie[] {
    let all: Cookie[] = []
    this.#store.getAllCookies((_error, cookies) => {
      all = cookies ?? []
    })
    return all.filter((cookie) => (cookie.expiryTime() ?? Number.POSITIVE_INFINITY) > Date.now())
  }

  #drop({ domain, path, key }: Cookie): void {
    this.#store.removeCookie(domain ?? '', path ?? '/', key, () => {})
  }

  #orWarn<T>(action: () => T): T | undefined {
    try {
      return action()
    } catch (error) {
      this.#warn(error as Error)
      return undefined
    }
  }
}

/** A `Cookie` header of as many as servers take, the most particular first. */
function joined(cookies: readonly Cookie[]): string {
  let header = ''
  for (const cookie of cookies) {
    const longer = header ? `${header}; ${cookie.cookieString()}` : cookie.cookieString()
    if (longer.length <= MOST_BYTES_SENT) header = longer
  }
  return header
}

/** Those beyond `most` that have not been sent for the longest time. */
function leastUsed(cookies: readonly Cookie[], most: number): Cookie[] {
  if (cookies.length <= most) return []
  const lastUse = ({ lastAccessed, creation }: Cookie) => Number(lastAccessed ?? creation ?? 0) || 0
  return [...cookies].sort((a, b) => lastUse(a) - lastUse(b)).slice(0, cookies.length - most)
}
