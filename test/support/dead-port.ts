// A port that refuses connections.

import { once } from 'node:events'
import net from 'node:net'

/** A port that nobody listens on, and nobody else will: it is taken, not listened on. */
export async function deadPort(): Promise<AsyncDisposable & { port: number }> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const client = net.connect(port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [net.Socket]
  await once(client, 'connect')
  server.close()
  // An established connection keeps the port from being given to another listener.
  return {
    port,
    async [Symbol.asyncDispose]() {
      client.destroy()
      accepted.destroy()
    },
  }
}
