import net from 'node:net'
import { ServerPeer } from './peer.js'

/**
 * Stands between clients and a server, and passes on what clients say at `rate` bytes a second. It listens
 * on a unix socket, whose buffers are small, so that a client knows what has been taken.
 */
export class SlowRelay extends ServerPeer {
  /** Whether it takes nothing more of what clients say. */
  holds = false

  /** @internal */
  pass(client: net.Socket, server: net.Socket, rate: number): void {
    client.on('data', (bytes) => {
      client.pause()
      server.write(bytes)
      setTimeout(() => this.holds || client.resume(), (bytes.length / rate) * 1000)
    })
    server.pipe(client)
    client.on('close', () => server.destroy())
    server.on('error', () => {}).on('close', () => client.destroy())
  }
}

export async function startSlowRelay(
  to: { port: number },
  path: string,
  rate: number,
): Promise<SlowRelay> {
  const relay: SlowRelay = await SlowRelay.listen(
    net.createServer((client) => relay.pass(client, net.connect(to.port, '127.0.0.1'), rate)),
    { path },
  )
  return relay
}
