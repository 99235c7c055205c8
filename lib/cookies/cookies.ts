// The cookies of a context: which it keeps, and which go with a request.
import type { Cookie } from 'tough-cookie'
import type { CookieFile } from './cookie-file.js'
import { CookieStore } from './cookie-store.js'
import { writeNetscape } from './netscape.js'
import { cookieUrl, receivedCookie } from './received-cookie.js'

// A server must not fill the memory. RFC 6265, section 6.1, asks for at least these limits.
const MOST_BYTES = 4096
// curl has the same limit: servers refuse longer headers, and a frame of h2 cannot hold them.
const MOST_BYTES_SENT = 8190
const MOST_OF_A_DOMAIN = 180
const MOST = 3000

/** The cookies of `http_cookies` streamtypes. They are in memory, and in a file when there is one. */
export class Cookies {
  readonly #file: CookieFile | undefined
  readonly #warn: (error: Error) => void
  #store = new CookieStore()

  /** @param warn - is told when the file cannot be used any more; the cookies stay in memory */
  constructor(file: CookieFile | undefined, warn: (error: Error) => void) {
    this.#file = file
    this.#warn = warn
  }

  /** What goes into the `Cookie` header of a request for `url`. */
  get(url: string): string {
    this.#orWarn(() => this.#adopt(this.#file?.readIfChanged()))
    return this.#orWarn(() => joined(this.#used(cookieUrl(url)))) ?? ''
  }

  /** Keeps what a `Set-Cookie` header of the response to `url` says. */
  set(url: string, setCookie: string): void {
    this.#orWarn(() => {
      const from = cookieUrl(url)
      const before = this.#file && writeNetscape(this.#store.all())
      this.#accept(from, setCookie)
      if (before === undefined || writeNetscape(this.#store.all()) === before) return
      this.#file?.update((others) => {
        if (others) {
          this.#adopt(others)
          this.#accept(from, setCookie)
        }
        return this.#store.all()
      })
    })
  }

  #used(url: URL): Cookie[] {
    const cookies = this.#store.for(url)
    for (const cookie of cookies) cookie.lastAccessed = new Date()
    return cookies
  }

  #accept(url: URL, setCookie: string): void {
    const cookie = receivedCookie(url, setCookie)
    if (!cookie || cookie.key.length + cookie.value.length > MOST_BYTES) return
    if (url.protocol !== 'https:' && this.#store.hasSecure(cookie)) return
    this.#store.put(cookie)
    const all = this.#store.all()
    const ofDomain = all.filter(({ domain }) => domain === cookie.domain)
    for (const excess of [...leastUsed(ofDomain, MOST_OF_A_DOMAIN), ...leastUsed(all, MOST)])
      this.#store.drop(excess)
  }

  #adopt(cookies: readonly Cookie[] | undefined): void {
    if (!cookies) return
    this.#store = new CookieStore()
    for (const cookie of cookies) this.#store.put(cookie)
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

/** A `Cookie` header of as many cookies as servers take. */
function joined(cookies: readonly Cookie[]): string {
  let header = ''
  for (const cookie of cookies) {
    const longer = header ? `${header}; ${cookie.cookieString()}` : cookie.cookieString()
    if (longer.length <= MOST_BYTES_SENT) header = longer
  }
  return header
}

/** What has to go so that `most` remain: the cookies that have not been sent for the longest time. */
function leastUsed(cookies: readonly Cookie[], most: number): Cookie[] {
  if (cookies.length <= most) return []
  const lastUse = ({ lastAccessed, creation }: Cookie) => Number(lastAccessed ?? creation ?? 0) || 0
  return [...cookies].sort((a, b) => lastUse(a) - lastUse(b)).slice(0, cookies.length - most)
}
