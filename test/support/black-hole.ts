// A port where connection attempts get no answer.

import { once } from 'node:events'
import net from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Listening } from '../peers/peer.js'

// The thread does not get to accept what its socket's short queue takes, which then takes no more.
const listener = `
  const net = require('node:net')
  const { parentPort, workerData } = require('node:worker_threads')
  const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket))
  server.listen({ ...workerData.at, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(workerData.opened, 0, 0)
  })
`

// What Linux makes of a backlog of 1.
const QUEUE = 2

/** A port of this machine where connection attempts get no answer, neither yes nor no, until it opens. Linux only. */
export class BlackHole implements AsyncDisposable {
  readonly port: number
  readonly #worker: Worker
  readonly #fillers: net.Socket[]
  readonly #opened: Int32Array

  constructor(port: number, worker: Worker, fillers: net.Socket[], opened: Int32Array) {
    this.port = port
    this.#worker = worker
    this.#fillers = fillers
    this.#opened = opened
  }

  static async start({ host = '127.0.0.1', port = 0 }: Listening = {}): Promise<BlackHole> {
    const opened = new Int32Array(new SharedArrayBuffer(4))
    const workerData = { at: { host, port }, opened }
    const worker = new Worker(listener, { eval: true, workerData })
    const [bound] = (await once(worker, 'message')) as [number]
    const fillers = Array.from({ length: QUEUE }, () => net.connect(bound, host))
    await Promise.all(fillers.map((filler) => once(filler, 'connect')))
    return new BlackHole(bound, worker, fillers, opened)
  }

  /** From now on it accepts connections, and sends back what it receives: whoever tries again gets in. */
  open(): void {
    Atomics.store(this.#opened, 0, 1)
    Atomics.notify(this.#opened, 0)
  }

  async close(): Promise<void> {
    for (const filler of this.#fillers) filler.destroy()
    await this.#worker.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
