// What all peers have in common.

import type { AddressInfo, Server, Socket } from 'node:net'
import type { SecureVersion, TLSSocket } from 'node:tls'

/** Key and certificate of a TLS server, as PEM, and which versions of TLS it speaks. */
export interface TlsIdentity {
  key: string
  cert: string
  minVersion?: SecureVersion
  maxVersion?: SecureVersion
  ciphers?: string
  /** `SSL_OP_…` of `node:crypto`. */
  secureOptions?: number
  ALPNProtocols?: string[]
  /** Whether clients are asked for a certificate, and of whom. */
  requestCert?: boolean
  rejectUnauthorized?: boolean
  ca?: string
}

/** Where a server listens. Default: a free port of 127.0.0.1. */
export interface Listening {
  host?: string | undefined
  port?: number | undefined
  /** A unix socket, instead of both. */
  path?: string | undefined
}

/** A server that tests talk to. */
export interface Peer extends AsyncDisposable {
  readonly port: number
  /** Ends the server and every connection to it. */
  close(): Promise<void>
}

/** A listening server that knows its connections, so that it can end them. */
export class ServerPeer implements Peer {
  readonly sockets = new Set<Socket>()
  /** How many connections there were. */
  connections = 0
  /** For each TLS connection, whether it went on with the session of an earlier one. */
  readonly sessionsReused: boolean[] = []
  /** For each TLS connection, whom the client's certificate is of. */
  readonly clientNames: unknown[] = []
  /** For each TLS connection, the name that the client asked for, or `false` (SNI). */
  readonly serverNames: unknown[] = []
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.connections++
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.sockets.delete(socket))
    })
    server.on('secureConnection', (socket: TLSSocket) => {
      this.sessionsReused.push(socket.isSessionReused())
      this.clientNames.push(socket.getPeerCertificate()?.subject?.CN)
      this.serverNames.push(socket.servername)
    })
  }

  static async listen<T extends ServerPeer>(
    this: new (
      server: Server,
    ) => T,
    server: Server,
    { host = '127.0.0.1', port = 0, path }: Listening = {},
  ): Promise<T> {
    const peer = new this(server)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path ? { path } : { host, port }, resolve)
    })
    return peer
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Cuts every connection, as a failing network would. */
  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.dropConnections()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
