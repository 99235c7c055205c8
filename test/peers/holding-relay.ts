// A relay that can stop reading.

import net from 'node:net'
import { ServerPeer } from './peer.js'

/** Stands between a client and a server, and can stop reading what the client says. */
export class HoldingRelay extends ServerPeer {
  /** How many bytes clients have said. */
  heard = 0
  readonly #ways = new Map<net.Socket, net.Socket>()
  #holds = false

  join(client: net.Socket, server: net.Socket): void {
    this.#ways.set(client, server)
    client.on('close', () => this.#ways.delete(client))
    client.on('data', (piece) => {
      this.heard += piece.length
    })
    if (this.#holds) client.pause()
    else client.pipe(server)
  }

  hold(): void {
    this.#holds = true
    for (const [client, server] of this.#ways) client.unpipe(server).pause()
  }

  pass(): void {
    this.#holds = false
    for (const [client, server] of this.#ways) client.pipe(server)
  }

  /** Settles when all that clients have said is heard, and they are gone. */
  async end(): Promise<void> {
    const closed = (socket: net.Socket) => new Promise((resolve) => socket.once('close', resolve))
    await Promise.all([...this.sockets].map(closed))
  }

  /** Has the client hear what no server has said. */
  say(words: Uint8Array): void {
    for (const client of this.#ways.keys()) client.write(words)
  }

  /** Ends what the client takes for a connection; what nobody has read is lost. */
  cut(): void {
    for (const client of this.#ways.keys()) client.destroy()
  }
}

/** A unix socket, if it has a `path`, takes less at once than it may be given. */
export async function startHoldingRelay(
  to: { port: number },
  where: { path?: string } = {},
): Promise<HoldingRelay> {
  const relay = await HoldingRelay.listen(
    net.createServer((client) => {
      const server = net.connect(to.port, '127.0.0.1')
      server.pipe(client)
      relay.join(client, server)
      client.on('close', () => server.end())
      for (const socket of [client, server]) socket.on('error', () => {})
    }),
    where,
  )
  return relay
}
