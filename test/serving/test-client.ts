/** A socket of Node's, and what it receives. */
import { once } from 'node:events'
import type { Socket } from 'node:net'

/** Keeps what arrives on a socket, so that tests can wait for so much of it. */
export class TestClient {
  readonly socket: Socket
  /** Settles when the socket is closed: whether by an error. */
  readonly closed: Promise<boolean>
  #received: Buffer[] = []
  #length = 0

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (data) => {
      this.#received.push(data)
      this.#length += data.length
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', resolve)
    })
  }

  /** Settles as {@link closed}, when the other end has ended its side. */
  closedByPeer(): Promise<boolean> {
    this.socket.once('end', () => this.socket.destroy())
    return this.closed
  }

  /** What has arrived. */
  get text(): string {
    return Buffer.concat(this.#received).toString('latin1')
  }

  /** Settles when so many bytes are there. */
  async receives(length: number): Promise<void> {
    while (this.#length < length) {
      const closed = this.closed.then(() => {
        throw new Error(`closed after ${this.#length} of ${length} bytes`)
      })
      await Promise.race([once(this.socket, 'data'), closed])
    }
  }

  /** Sends, and waits for as much. */
  async echoes(text: string): Promise<string> {
    this.socket.write(text)
    await this.receives(this.#length + text.length)
    return this.text.slice(-text.length)
  }
}
