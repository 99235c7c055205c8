// The servers of node:net and node:tls.

import net from 'node:net'
import tls from 'node:tls'
import { type Listening, ServerPeer, type TlsIdentity } from './peer.js'

/** node:net or node:tls. */
export class RawPeer extends ServerPeer {}

/**
 * By default sends back what it receives; `accept` does something else with a connection. With
 * `allowHalfOpen` it goes on when the client has ended its side.
 */
export async function startRaw(
  options: Listening & {
    tls?: TlsIdentity
    allowHalfOpen?: boolean
    accept?: (socket: net.Socket) => void
  } = {},
): Promise<RawPeer> {
  const accept = (socket: net.Socket) => {
    socket.on('error', () => {})
    if (options.accept) options.accept(socket)
    else socket.pipe(socket)
  }
  const { allowHalfOpen = false } = options
  const server = options.tls
    ? tls.createServer({ ...options.tls, allowHalfOpen }, accept)
    : net.createServer({ allowHalfOpen }, accept)
  return RawPeer.listen(server, options)
}
