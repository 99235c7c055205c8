// The event loop of native/loop with a fake of lws, and plain sockets for it.

import path from 'node:path'

/** A system socket, by its number. */
export type Socket = number

/** How many bytes were read or written; 0 is the end; 'again' when there is nothing to do now. */
export type Transfer = number | 'again' | 'reset'

/** What a loop tells. Functions that are left out are not called. */
export interface Listener {
  /** The loop lets lws serve a socket. */
  service?(socket: Socket, readable: boolean, writable: boolean): void
  /** The time of `setTimer()` has come. */
  due?(): void
  /** The loop gives a connection up on which nothing can be written any more. */
  lost?(socket: Socket): void
  /** The loop has left lws again. */
  left?(): void
  /** All handles are closed. */
  closed?(): void
}

export interface TestLoop {
  /** Has the loop watch a socket, which is to be read. */
  adopt(socket: Socket, isConnecting?: boolean): boolean
  closeSocket(socket: Socket): void
  want(socket: Socket, what: 'read' | 'write', on: boolean): void
  /** Whether lws has bytes that the socket did not take. */
  setBuffered(socket: Socket, on: boolean): void
  /** How often it can be read again without its socket, as what TLS has read already. */
  setReadAhead(socket: Socket, times: number): void
  /** Milliseconds from now; 0 for none. */
  setTimer(ms: number): void
  /** Something waits for a turn, and nothing else will cause one. */
  force(): void
  requestTurn(): void
  keepAlive(on: boolean): void
  close(): void
  counts(): {
    pollStarts: number
    timerStarts: number
    turns: number
    forced: number
    acknowledgements: number
  }
}

export interface Table {
  set(socket: Socket, value: number): void
  find(socket: Socket): number | undefined
  erase(socket: Socket): void
  all(): number[]
}

interface Addon {
  TestLoop: new (listener: Listener) => TestLoop
  SocketIndex: new () => Table
  SocketMap: new () => Table
  pair(): [Socket, Socket]
  connect(port: number): Socket
  read(socket: Socket): Transfer
  write(socket: Socket, length: number): Transfer
  shutdown(socket: Socket): void
  close(socket: Socket): void
  reset(socket: Socket): void
}

const packageAddon =
  process.env.LWS_SECURE_STREAMS_ADDON ?? path.join('build', 'Release', 'lws_secure_streams.node')

/** Where the addon of the tests is. */
export const addonFile = path.resolve(path.dirname(packageAddon), 'test', 'loop_test.node')

export const addon: Addon = require(addonFile)
