// Loads the code for cookies when a context first needs it.
import type { NativeCookieJar } from '../addon/native.js'
import type { CookieFile } from './cookie-file.js'
import type { Cookies } from './cookies.js'

// Loading takes a while and most programs need no cookies, so it waits until they are needed.
const cookieFile = () => require('./cookie-file.js') as typeof import('./cookie-file.js')
const cookies = () => require('./cookies.js') as typeof import('./cookies.js')

/** @throws SecureStreamError `ERR_SS_COOKIE_JAR` when it cannot be read, or not be written */
export function openCookieFile(file: string): CookieFile {
  const opened = new (cookieFile().CookieFile)(file)
  opened.check()
  return opened
}

/** A context's cookies; see {@link Cookies}. */
export function loadCookies(
  file: CookieFile | undefined,
  warn: (error: Error) => void,
): NativeCookieJar {
  let loaded: Cookies | undefined
  const load = () => {
    loaded ??= new (cookies().Cookies)(file, warn)
    return loaded
  }
  return {
    get: (url) => load().get(url),
    set: (url, setCookie) => load().set(url, setCookie),
  }
}
