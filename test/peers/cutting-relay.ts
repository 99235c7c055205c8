// A relay that ends connections in the middle of an answer.

import net from 'node:net'
import { ServerPeer } from './peer.js'

/** How a connection ends: in order, or as if the other machine had lost it. */
export type Cut = 'close' | 'reset'

/** Stands between a client and a server, and ends connections in the middle of what the server says. */
export class CuttingRelay extends ServerPeer {
  /** After how many bytes of the server's that is. */
  cutAfter = Number.POSITIVE_INFINITY
  cut: Cut = 'close'
  /** What the server has said on the latest connection. */
  said = Buffer.alloc(0)
}

export async function startCuttingRelay(to: { port: number }): Promise<CuttingRelay> {
  const relay = await CuttingRelay.listen(
    net.createServer((client) => {
      const { cut, cutAfter } = relay
      const server = net.connect(to.port, '127.0.0.1')
      let said = Buffer.alloc(0)
      client.pipe(server)
      server.on('data', (bytes) => {
        const passedOn = said.length
        said = Buffer.concat([said, bytes])
        relay.said = said
        const isEnd = said.length >= cutAfter
        client.write(said.subarray(passedOn, cutAfter), () => {
          if (!isEnd) return
          if (cut === 'reset') client.resetAndDestroy()
          else client.end()
        })
        if (isEnd) server.destroy()
      })
      server.on('error', () => {})
      server.on('end', () => client.end())
      client.on('close', () => server.destroy())
    }),
  )
  return relay
}
