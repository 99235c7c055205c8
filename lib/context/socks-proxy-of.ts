/** The SOCKS proxy that a context connects by. */
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { parseSocksProxy, type SocksProxy } from '../policy/form/socks-proxy.js'
import type { Policy } from '../policy/form/types.js'

const NONE: SocksProxy = { address: '', port: 0, user: '', password: '' }
const SCHEME = /^socks5h?:\/\/(?<rest>[^/]*)\/?$/

/**
 * The proxy of a policy or, where that has none, of the environment.
 *
 * @throws SecureStreamError `ERR_SS_SOCKS_PROXY` when that cannot be read: without the proxy, connections
 *   would go where they are not meant to
 */
export function socksProxyOf(policy: Policy): SocksProxy {
  const given = policy['via-socks5'] ?? process.env.socks_proxy
  if (!given) return NONE
  const proxy = parseSocksProxy(SCHEME.exec(given)?.groups?.rest ?? given)
  if (proxy) return proxy
  // It may have a password.
  const shown = JSON.stringify(given.slice(given.lastIndexOf('@') + 1))
  throw new SecureStreamError(
    'ERR_SS_SOCKS_PROXY',
    `the environment variable socks_proxy is no socks5 proxy: ${shown}. Set it to address:port, ` +
      'user:password@address:port or such with socks5:// in front, or unset it',
  )
}
