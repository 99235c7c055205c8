// A SOCKS5 proxy from npm.

import net from 'node:net'
import { createServer, defaultConnectionHandler } from '@pondwader/socks5-server'
import { ServerPeer } from './peer.js'

/** What a client asked a {@link Socks5Peer} for. */
export interface ProxiedConnection {
  to: string
  username: string | undefined
  password: string | undefined
}

/** The socks5 proxy `@pondwader/socks5-server`. */
export class Socks5Peer extends ServerPeer {
  readonly proxied: ProxiedConnection[] = []
}

/**
 * With `login` it lets nobody else through, and without it asks nobody who they are; with `host` that is
 * where all names lead to.
 */
export async function startSocks5(
  options: {
    login?: { username: string; password: string }
    host?: string
    /** The address that it listens at. Default: 127.0.0.1. */
    listen?: string
  } = {},
): Promise<Socks5Peer> {
  const socks5 = createServer(options.login ? { auth: options.login } : {})
  const peer = await Socks5Peer.listen(
    net.createServer((socket) => socks5._handleConnection(socket)),
    { host: options.listen },
  )
  socks5.setConnectionHandler((connection, sendStatus) => {
    const { destAddress, destPort, username, password } = connection
    peer.proxied.push({ to: `${destAddress}:${destPort}`, username, password })
    connection.destAddress = options.host ?? destAddress
    defaultConnectionHandler(connection, sendStatus)
  })
  return peer
}
