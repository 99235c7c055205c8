// Relays that count bytes, or pass them on in pieces of given sizes.

import net from 'node:net'
import { ServerPeer } from './peer.js'

/** Stands between a client and a server, and counts what the client takes. */
export class CountingRelay extends ServerPeer {
  /** Bytes that the server said and the client's system took. */
  get taken(): number {
    let bytes = 0
    for (const socket of this.sockets) bytes += socket.bytesWritten - socket.writableLength
    return bytes
  }
}

export async function startCountingRelay(to: { port: number }): Promise<CountingRelay> {
  return CountingRelay.listen(
    net.createServer((client) => {
      const server = net.connect(to.port, '127.0.0.1')
      client.pipe(server).pipe(client)
      client.on('close', () => server.destroy())
      server.on('error', () => {})
      server.on('close', () => client.end())
    }),
  )
}

/** Stands between a client and a server, and passes on what the server says in pieces of one byte. */
export class OneByteRelay extends ServerPeer {}

async function passOn(from: net.Socket, to: net.Socket): Promise<void> {
  for await (const bytes of from)
    for (const byte of bytes as Buffer) {
      to.write(Buffer.of(byte))
      // So that it is read alone.
      await new Promise(setImmediate)
    }
}

export async function startOneByteRelay(to: { port: number }): Promise<OneByteRelay> {
  const relay = await OneByteRelay.listen(
    net.createServer({ noDelay: true }, (client) => {
      const server = net.connect(to.port, '127.0.0.1')
      client.pipe(server)
      client.on('close', () => server.destroy())
      server.on('error', () => {})
      server.on('close', () => client.end())
      passOn(server, client).catch(() => client.destroy())
    }),
  )
  return relay
}

/** Stands between a client and a server, and passes on what the server says in pieces of given sizes. */
export class PiecesRelay extends ServerPeer {}

/** What the server says after the pieces is passed on as it comes. */
export async function startPiecesRelay(
  to: { port: number },
  pieces: readonly number[],
): Promise<PiecesRelay> {
  return PiecesRelay.listen(
    net.createServer({ noDelay: true }, (client) => {
      const server = net.connect(to.port, '127.0.0.1')
      const sizes = [...pieces]
      let said = Buffer.alloc(0)
      client.pipe(server)
      client.on('close', () => server.destroy())
      server.on('error', () => {})
      server.on('close', () => client.end())
      server.on('data', (bytes) => {
        said = Buffer.concat([said, bytes])
        for (
          let size = sizes[0] ?? said.length;
          size > 0 && said.length >= size;
          size = sizes[0] ?? said.length
        ) {
          client.write(said.subarray(0, size))
          said = said.subarray(size)
          sizes.shift()
        }
      })
    }),
  )
}
