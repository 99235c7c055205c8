// Makes a cookie of a `Set-Cookie` header.
import { Cookie, canonicalDomain, defaultPath, domainMatch, getPublicSuffix } from 'tough-cookie'

// Connections to these hosts count as secure, as in curl.
const THIS_MACHINE = new Set(['localhost', '127.0.0.1', '[::1]'])

// RFC 6265bis refuses these in an attribute, and a line of the file cannot hold them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\0-\x1f\x7f]/

/** The URL of a request. Requests to this machine count as secure, so their scheme becomes https. */
export function cookieUrl(request: string): URL {
  const url = new URL(request)
  if (url.protocol === 'http:' && THIS_MACHINE.has(url.hostname)) url.protocol = 'https:'
  return url
}

/**
 * The cookie that a `Set-Cookie` header of the response to `url` sets, as curl understands it, with its
 * domain and path; nothing when there is none to keep.
 */
export function receivedCookie(url: URL, setCookie: string): Cookie | undefined {
  const cookie = Cookie.parse(setCookie, { loose: false })
  const host = canonicalDomain(url.hostname)
  if (!cookie || !host) return undefined

  const domains = attributes(setCookie, 'domain').filter((domain) => domain !== '')
  if (!domains.every((domain) => isOfDomain(host, domain))) return undefined
  const domain = canonicalDomain(domains.at(-1)?.replace(/^\./, ''))
  // A cookie of a public suffix is for one host alone: the hosts below it have other owners.
  cookie.hostOnly = !domain || (domain === host && isSuffix(domain))
  cookie.domain = domain || host

  const path = attributes(setCookie, 'path').at(-1)?.replace(/^"|"$/g, '')
  if (path === undefined) cookie.path = defaultPath(url.pathname)
  else cookie.path = path.startsWith('/') ? path : '/'
  if (cookie.secure && url.protocol !== 'https:') return undefined
  if (!keepsPrefix(cookie)) return undefined
  if (CONTROL.test(`${cookie.domain}${cookie.path}`)) return undefined

  const age = attributes(setCookie, 'max-age').at(-1)
  if (age !== undefined && !/^"?\s*[+-]?\d/.test(age)) cookie.setMaxAge(0)
  return cookie
}

/** Whether a cookie is what the prefix of its name, `__Host-` or `__Secure-`, promises. */
function keepsPrefix({ key, secure, hostOnly, path }: Cookie): boolean {
  if (/^__host-/i.test(key)) return secure && hostOnly === true && path === '/'
  return !/^__secure-/i.test(key) || secure
}

/** Whether a host may set cookies for `domain`: its own name, or one above it that is no public suffix. */
function isOfDomain(host: string, domain: string): boolean {
  const name = canonicalDomain(domain.replace(/^\./, ''))
  if (!name) return false
  return name === host || (domainMatch(host, name, false) === true && !isSuffix(name))
}

/** Whether it is a public suffix, below which anybody may have a name. */
function isSuffix(domain: string): boolean {
  const known = { allowSpecialUseDomain: true, ignoreError: true }
  return !domain.includes('.') || !getPublicSuffix(domain, known)
}

/** The values of an attribute, which may be there several times. */
function attributes(setCookie: string, name: string): string[] {
  return setCookie
    .split(';')
    .slice(1)
    .map((attribute) => {
      const equals = attribute.indexOf('=')
      const end = equals === -1 ? attribute.length : equals
      return [attribute.slice(0, end).trim().toLowerCase(), attribute.slice(end + 1).trim()]
    })
    .filter(([key]) => key === name)
    .map(([, value = '']) => value)
}
