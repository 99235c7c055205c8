// A relay that changes a byte of what the server says.

import net from 'node:net'
import { ServerPeer } from './peer.js'

/** Stands between a client and a server, and gets a byte of what the server says wrong. */
export class MutatingRelay extends ServerPeer {
  /** Which byte of a connection that is, and which of its bits. */
  mutation = { at: Number.POSITIVE_INFINITY, bits: 0 }
}

export async function startMutatingRelay(to: { port: number }): Promise<MutatingRelay> {
  const relay = await MutatingRelay.listen(
    net.createServer((client) => {
      const { at, bits } = relay.mutation
      const server = net.connect(to.port, '127.0.0.1')
      let passedOn = 0
      client.pipe(server)
      server.on('data', (bytes) => {
        const here = at - passedOn
        if (here >= 0 && here < bytes.length) bytes.writeUInt8(bytes.readUInt8(here) ^ bits, here)
        passedOn += bytes.length
        client.write(bytes)
      })
      server.on('error', () => {})
      server.on('close', () => client.end())
      client.on('close', () => server.destroy())
    }),
  )
  return relay
}
