/** HTTP proxies, and what they are asked for. */
import { isIPv6 } from 'node:net'
import type { NativeProxy } from '../addon/native.js'

/** An HTTP proxy, and how to log in there. */
export interface HttpProxy {
  readonly address: string
  readonly port: number
  /** The value of `Proxy-Authorization`, if it is sent. */
  readonly authorization?: string
}

/** Reads `http://user:password@host:port`, or says why that is no proxy; never with its password. */
export function parseHttpProxy(text: string): HttpProxy | string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return 'is no URL. Write it as http://host:port or http://user:password@host:port'
  }
  if (url.protocol === 'https:')
    return 'asks for TLS to the proxy itself, which is not supported. Connections with TLS go through a proxy of http:// too'
  if (url.protocol !== 'http:')
    return 'is no proxy of HTTP. Write it as http://host:port; a socks5 proxy goes into "via-socks5" of the policy'
  if (url.pathname !== '/' || url.search || url.hash)
    return 'has more than a host, a port and a login'
  if (url.port === '0') return 'has a port that nothing listens on'
  const place = {
    address: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 80 : Number(url.port),
  }
  if (!url.username && !url.password) return place
  const user = decoded(url.username)
  const password = decoded(url.password)
  if (user === undefined || password === undefined)
    return 'has a "%" in its login that is followed by no two hexadecimal digits. Write "%25" for it'
  // RFC 7617, section 2
  if (user.includes(':'))
    return 'has a user with a ":" in the name, which Basic authentication cannot say'
  const login = Buffer.from(`${user}:${password}`).toString('base64')
  return { ...place, authorization: `Basic ${login}` }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** What the addon is to do to connect to `host` through `proxy`, or why that cannot be asked for. */
export function throughHttpProxy(
  { address, port: proxyPort, authorization }: HttpProxy,
  host: string,
  port: number,
): NativeProxy | string {
  // It would end the line, or the request.
  if (/[^\x21-\x7e\x80-\u{10ffff}]/u.test(host))
    return "the endpoint's name cannot be said to an HTTP proxy"
  const authority = `${isIPv6(host.replace(/%.*/, '')) ? `[${host}]` : host}:${port}`
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`]
  if (authorization) lines.push(`Proxy-Authorization: ${authorization}`)
  return [address, proxyPort, '', '', `${lines.join('\r\n')}\r\n\r\n`]
}
