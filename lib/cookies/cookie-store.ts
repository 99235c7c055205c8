// Cookies in memory.
import { type Cookie, canonicalDomain, cookieCompare, domainMatch, pathMatch } from 'tough-cookie'

const keyOf = ({ domain, path, key }: Cookie) => `${domain}\n${path}\n${key}`
const isOver = (cookie: Cookie) => (cookie.expiryTime() ?? Number.POSITIVE_INFINITY) <= Date.now()

/** Cookies in memory, by domain, path and name. */
export class CookieStore {
  readonly #cookies = new Map<string, Cookie>()

  /** All cookies that have not expired. */
  all(): Cookie[] {
    return [...this.#cookies.values()].filter((cookie) => !isOver(cookie))
  }

  /** Keeps a cookie, and removes the one of the same name. A cookie that has expired only removes. */
  put(cookie: Cookie): void {
    const key = keyOf(cookie)
    const before = this.#cookies.get(key)
    if (before) cookie.creation = before.creation
    if (before) cookie.creationIndex = before.creationIndex
    if (isOver(cookie)) this.#cookies.delete(key)
    else this.#cookies.set(key, cookie)
  }

  drop(cookie: Cookie): void {
    this.#cookies.delete(keyOf(cookie))
  }

  /** The cookies that go with a request for `url`, in the order of RFC 6265, section 5.4. */
  for(url: URL): Cookie[] {
    const host = canonicalDomain(url.hostname)
    const isSecure = url.protocol === 'https:'
    return this.all()
      .filter(
        ({ domain, path, hostOnly, secure }) =>
          (hostOnly ? domain === host : domainMatch(host, domain, false)) &&
          pathMatch(url.pathname, path ?? '/') &&
          (isSecure || !secure),
      )
      .sort(cookieCompare)
  }

  /** Whether there is a cookie with `Secure` that this one, from a server without TLS, would hide. */
  hasSecure(cookie: Cookie): boolean {
    return this.all().some(
      ({ key, domain, path, secure }) =>
        secure &&
        key === cookie.key &&
        (domainMatch(domain, cookie.domain, false) || domainMatch(cookie.domain, domain, false)) &&
        pathMatch(cookie.path ?? '/', path ?? '/'),
    )
  }
}
