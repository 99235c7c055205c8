import { once } from 'node:events'
import net from 'node:net'
import { Worker } from 'node:worker_threads'

// The thread never gets to accept what its socket's short queue takes, and then takes no more.
const listener = `
  const net = require('node:net')
  const { parentPort, workerData } = require('node:worker_threads')
  const server = net.createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(workerData), 0, 0)
  })
`

// What Linux makes of a backlog of 1.
const QUEUE = 2

/** A port of this machine where connection attempts get no answer, neither yes nor no. Linux only. */
export class BlackHole implements AsyncDisposable {
  readonly port: number
  readonly #worker: Worker
  readonly #fillers: net.Socket[]

  constructor(port: number, worker: Worker, fillers: net.Socket[]) {
    this.port = port
    this.#worker = worker
    this.#fillers = fillers
  }

  static async start(): Promise<BlackHole> {
    const worker = new Worker(listener, { eval: true, workerData: new SharedArrayBuffer(4) })
    const [port] = (await once(worker, 'message')) as [number]
    const fillers = Array.from({ length: QUEUE }, () => net.connect(port, '127.0.0.1'))
    await Promise.all(fillers.map((filler) => once(filler, 'connect')))
    return new BlackHole(port, worker, fillers)
  }

  async close(): Promise<void> {
    for (const filler of this.#fillers) filler.destroy()
    await this.#worker.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
