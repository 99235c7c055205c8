// An HTTP proxy from npm.

import type { Server as HttpServer } from 'node:http'
import { RequestError, Server } from 'proxy-chain'
import { ServerPeer } from './peer.js'

/** What a client asked an {@link HttpProxyPeer} for, and as whom. */
export interface Tunnel {
  to: string
  username: string
  password: string
}

/** The HTTP proxy `proxy-chain`. */
export class HttpProxyPeer extends ServerPeer {
  readonly tunnels: Tunnel[] = []
  /** The header fields of the last request. */
  headers: NodeJS.Dict<string | string[]> = {}
}

/**
 * With `login` it lets nobody else through, and without it asks nobody who they are; it refuses those hosts
 * of `refused` with a 403 and its words.
 */
export async function startHttpProxy(
  options: {
    login?: { username: string; password: string }
    refused?: Record<string, string>
    /** The address that it listens at. Default: 127.0.0.1. */
    listen?: string
  } = {},
): Promise<HttpProxyPeer> {
  const { login, refused = {}, listen } = options
  const proxy = new Server({
    prepareRequestFunction: ({ request, hostname, port, username, password }) => {
      peer.headers = request.headers
      const isWrong = login && (login.username !== username || login.password !== password)
      if (isWrong) return { requestAuthentication: true }
      if (refused[hostname] !== undefined) throw new RequestError(refused[hostname], 403)
      peer.tunnels.push({ to: `${hostname}:${port}`, username, password })
      return undefined
    },
  })
  const peer: HttpProxyPeer = await HttpProxyPeer.listen(proxy.server as HttpServer, {
    host: listen,
  })
  return peer
}
