// A relay with the speed of a slow link.

import net from 'node:net'
import { ServerPeer } from './peer.js'

/** How many bytes a second get through each way. Default: as many as there are. */
export interface LinkRates {
  fromClient?: number
  fromServer?: number
}

/**
 * Stands between clients and a server, as a slow link does. It listens on a unix socket, whose buffers are
 * small, so that a client knows what has been taken.
 */
export class SlowRelay extends ServerPeer {
  /** Whether it takes nothing more of what clients say. */
  holds = false

  /** @internal */
  pass(client: net.Socket, server: net.Socket, { fromClient, fromServer }: LinkRates): void {
    for (const [from, to, rate = Infinity] of [
      [client, server, fromClient],
      [server, client, fromServer],
    ] as const) {
      from.on('data', (bytes) => {
        from.pause()
        to.write(bytes)
        setTimeout(
          () => (this.holds && from === client) || from.resume(),
          (bytes.length / rate) * 1000,
        )
      })
      from.on('error', () => {}).on('close', () => to.destroy())
    }
  }
}

export async function startSlowRelay(
  to: { port: number },
  path: string,
  rates: LinkRates,
): Promise<SlowRelay> {
  const relay: SlowRelay = await SlowRelay.listen(
    net.createServer((client) => relay.pass(client, net.connect(to.port, '127.0.0.1'), rates)),
    { path },
  )
  return relay
}
