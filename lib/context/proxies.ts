/** By which proxies a context connects. */
import type { NativeChooseProxy, NativeProxy } from '../addon/native.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { parseSocksProxy } from '../policy/form/socks-proxy.js'
import { type HttpProxy, parseHttpProxy, throughHttpProxy } from './http-proxy.js'
import { NoProxy } from './no-proxy.js'

const SOCKS_SCHEME = /^socks5h?:\/\/(?<rest>[^/]*)\/?$/

/**
 * Chooses the proxy of each connection. A `via-socks5` of the policy has them all; then come the HTTP
 * proxies, then the `socks_proxy` of the environment, and those are not for the hosts of `NO_PROXY`.
 */
export class Proxies {
  readonly #httpProxy: string | undefined
  readonly #env = { ...process.env }
  #last: { viaSocks5: string | undefined; choose: NativeChooseProxy | undefined } | undefined

  /** @param httpProxy - the option of the context */
  constructor(httpProxy: string | undefined) {
    this.#httpProxy = httpProxy
  }

  /**
   * What chooses under a policy with that `via-socks5`; the same function as long as it is the same.
   *
   * @throws SecureStreamError `ERR_SS_HTTP_PROXY`, `ERR_SS_SOCKS_PROXY` when the environment cannot be
   *   read: without the proxy, connections would go where they are not meant to
   */
  chooser(viaSocks5: string | undefined): NativeChooseProxy | undefined {
    if (!this.#last || this.#last.viaSocks5 !== viaSocks5)
      this.#last = { viaSocks5, choose: this.#chooser(viaSocks5) }
    return this.#last.choose
  }

  #chooser(viaSocks5: string | undefined): NativeChooseProxy | undefined {
    if (viaSocks5 !== undefined) {
      const proxy = socksProxy(viaSocks5)
      return () => proxy
    }
    const { plain, tls } = httpProxies(this.#httpProxy, this.#env)
    const socks = environmentSocksProxy(this.#env)
    if (!socks && !plain && !tls) return undefined
    const direct = new NoProxy(this.#env.no_proxy || this.#env.NO_PROXY)
    return (host, port, isTls) => {
      if (direct.has(host, port)) return undefined
      const http = isTls ? tls : plain
      return http ? throughHttpProxy(http, host, port) : socks
    }
  }
}

function httpProxies(
  option: string | undefined,
  env: NodeJS.ProcessEnv,
): { plain?: HttpProxy | undefined; tls?: HttpProxy | undefined } {
  if (option === undefined && env.NODE_USE_ENV_PROXY !== '1') return {}
  if (option === undefined || option === 'env')
    return {
      plain: environmentHttpProxy('http_proxy', env),
      tls: environmentHttpProxy('https_proxy', env),
    }
  const proxy = parseHttpProxy(option) as HttpProxy
  return { plain: proxy, tls: proxy }
}

function environmentHttpProxy(lower: string, env: NodeJS.ProcessEnv): HttpProxy | undefined {
  const name = env[lower] ? lower : lower.toUpperCase()
  const given = env[name]
  if (!given) return undefined
  const proxy = parseHttpProxy(given)
  if (typeof proxy !== 'string') return proxy
  throw new SecureStreamError(
    'ERR_SS_HTTP_PROXY',
    `the environment variable ${name} ${proxy}. It is ${shown(given)}`,
  )
}

function environmentSocksProxy({ socks_proxy: given }: NodeJS.ProcessEnv): NativeProxy | undefined {
  if (!given) return undefined
  const proxy = socksProxy(SOCKS_SCHEME.exec(given)?.groups?.rest ?? given)
  if (proxy) return proxy
  throw new SecureStreamError(
    'ERR_SS_SOCKS_PROXY',
    `the environment variable socks_proxy is no socks5 proxy: ${shown(given)}. Set it to address:port, ` +
      'user:password@address:port or such with socks5:// in front, or unset it',
  )
}

function socksProxy(text: string): NativeProxy | undefined {
  const proxy = parseSocksProxy(text)
  return proxy && [proxy.address, proxy.port, proxy.user, proxy.password, '']
}

/** What is behind a login, which may have a password. */
const shown = (given: string): string => JSON.stringify(given.slice(given.lastIndexOf('@') + 1))
