/** Where a redirect leads. */
import type { NativeRedirect } from '../addon/native.js'

const TLS_OF_SCHEME: Record<string, boolean> = {
  'http:': false,
  'https:': true,
  'ws:': false,
  'wss:': true,
}

const NO_URL = 'HS: a redirect whose Location is no URL'

// RFC 9110 4.2.1 has it refused; the parser takes what follows for the host.
const WITHOUT_HOST = /^[^/\\?#]*[/\\]{3}/

/**
 * What a `Location` means, or why it is none to follow. Text has a character for each byte.
 *
 * @param base - the URL of the request that was redirected
 */
export function redirectTarget(base: string, location: string): NativeRedirect | string {
  const from = parsed(base) ?? withoutHost(base)
  const to = WITHOUT_HOST.test(location) ? undefined : parsed(encoded(location), from)
  if (!to) return NO_URL
  const tls = TLS_OF_SCHEME[to.protocol]
  if (tls === undefined) return 'HS: a redirect to what is not HTTP'
  const host = to.hostname.replace(/^\[|\]$/g, '')
  const port = portOf(to)
  if (host === '' || port === 0) return NO_URL
  // To libwebsockets that is a Unix socket, and a server must not choose one of this machine.
  if (host.startsWith('+') || to.username.startsWith('+')) return NO_URL
  const isSameServer =
    to.hostname === from.hostname && port === portOf(from) && tls === TLS_OF_SCHEME[from.protocol]
  return [isSameServer ? '' : host, port, tls, to.pathname + to.search]
}

function parsed(url: string, base?: URL): URL | undefined {
  try {
    return new URL(url, base)
  } catch {
    return undefined
  }
}

const portOf = ({ protocol, port }: URL): number =>
  port === '' ? (TLS_OF_SCHEME[protocol] ? 443 : 80) : Number(port)

/** Servers say other characters in UTF-8, and the parser takes each byte for a character of its own. */
const encoded = (location: string): string =>
  location.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)

/** An endpoint may be none that a URL could have, such as an address of IPv6 with its zone. */
function withoutHost(base: string): URL {
  const [, scheme, path = '/'] = /^(\w+):\/\/[^/]*(.*)$/s.exec(base) ?? []
  return new URL(`${scheme}://the-server-itself.invalid${path}`)
}
