import { type Cookie, canonicalDomain, cookieCompare, domainMatch, pathMatch } from 'tough-cookie'

const keyOf = ({ domain, path, key }: Cookie) => `${domain}\n${path}\n${key}`
const isOver = (cookie: Cookie) => (cookie.expiryTime() ?? Number.POSITIVE_INFINITY) <= Date.now()

/** Cookies in memory, by domain, path and name. */
export class CookieStore {
  readonly #cookies = new Map<string, Cookie>()

  /** All that have not expired. */
  all(): Cookie[] {
    return [...this.#cookies.values()].filter((cookie) => !isOver(cookie))
  }

  /** Keeps a cookie in the place of the one with its name; with one that has expired, neither. */
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

  /** Those that go with a request for `url`, the most particular first. */
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

  /** Whether there is a cookie with `Secure` that a server without TLS must not hide by this one. */
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
