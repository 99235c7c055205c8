// The servers of node:net and node:tls.

import net from 'node:net'
import tls from 'node:tls'
import { type Listening, ServerPeer, type TlsIdentity } from './peer.js'

/** node:net or node:tls. */
export class RawPeer extends ServerPeer {}

/** By default sends back what it receives; `accept` does something else with a connection. */
export async function startRaw(
  options: Listening & { tls?: TlsIdentity; accept?: (socket: net.Socket) => void } = {},
): Promise<RawPeer> {
  const accept = (socket: net.Socket) => {
    socket.on('error', () => {})
    if (options.accept) options.accept(socket)
    else socket.pipe(socket)
  }
  const server = options.tls ? tls.createServer(options.tls, accept) : net.createServer(accept)
  return RawPeer.listen(server, options)
}
