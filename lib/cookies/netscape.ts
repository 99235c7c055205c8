// Reads and writes the format of Netscape's `cookies.txt`.
import { Cookie } from 'tough-cookie'

const HEADING = '# Netscape HTTP Cookie File\n\n'
const HTTP_ONLY = '#HttpOnly_'
const COLUMNS = 7

/** A line that no cookie can be read from, counting from 1. */
export class NetscapeSyntaxError extends SyntaxError {
  constructor(line: number) {
    super(`line ${line} is no cookie: it must have ${COLUMNS} columns, separated by tabs`)
  }
}

/**
 * Reads the format of Netscape's `cookies.txt`, which curl, wget and libwebsockets write too. An expiry
 * of 0 stands for a cookie of the session.
 *
 * @throws NetscapeSyntaxError
 */
export function readNetscape(text: string): Cookie[] {
  const cookies: Cookie[] = []
  text.split(/\r?\n/).forEach((line, index) => {
    const httpOnly = line.startsWith(HTTP_ONLY)
    if (line.trim() === '' || (line.startsWith('#') && !httpOnly)) return
    const columns = (httpOnly ? line.slice(HTTP_ONLY.length) : line).split('\t')
    // Some programs leave out the last tab when the value is empty.
    if (columns.length === COLUMNS - 1) columns.push('')
    const [domain, subdomains, path, secure, expires, key, value] = columns as Line
    if (columns.length !== COLUMNS || !domain || !path.startsWith('/') || !/^\d+$/.test(expires))
      throw new NetscapeSyntaxError(index + 1)
    cookies.push(
      new Cookie({
        key,
        value,
        domain: domain.replace(/^\./, '').toLowerCase(),
        path,
        expires: Number(expires) === 0 ? 'Infinity' : new Date(Number(expires) * 1000),
        secure: secure === 'TRUE',
        httpOnly,
        hostOnly: subdomains !== 'TRUE',
      }),
    )
  })
  return cookies
}

type Line = [string, string, string, string, string, string, string]

/** Writes the format that {@link readNetscape} reads. */
export function writeNetscape(cookies: readonly Cookie[]): string {
  return HEADING + cookies.map(writeLine).join('')
}

function writeLine(cookie: Cookie): string {
  const expires = cookie.expiryTime()
  const flag = (is: boolean | null | undefined) => (is ? 'TRUE' : 'FALSE')
  const columns = [
    `${cookie.httpOnly ? HTTP_ONLY : ''}${cookie.hostOnly ? '' : '.'}${cookie.domain}`,
    flag(!cookie.hostOnly),
    cookie.path,
    flag(cookie.secure),
    expires === undefined || expires === Number.POSITIVE_INFINITY ? 0 : Math.ceil(expires / 1000),
    cookie.key,
    cookie.value,
  ]
  return `${columns.join('\t')}\n`
}
