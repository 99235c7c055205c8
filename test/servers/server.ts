// Starts and ends the servers of `npm run test:servers`.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'

/** What is said on a port: h1 or h2, in TLS or not. */
export type Mode = 'h1' | 'h1 tls' | 'h2' | 'h2 tls'

/** Where a server finds its files, and what it is to listen on. */
export interface Site {
  /** Has `small`, `big`, `cert.pem`, `key.pem` and `both.pem`. */
  folder: string
  port: number
  mode: Mode
  tls: boolean
  h2: boolean
  /** The port of an h1 server with the same files, for those that only pass on. */
  backend: number
}

/** A server of the system: how to configure it, how to start it, and how it is asked to end. */
export interface Server {
  name: string
  /** Debian's package. */
  package: string
  modes: Mode[]
  /** Files to write into the folder of the site. */
  files?(site: Site): Record<string, string>
  command(site: Site): [program: string, ...args: string[]]
  environment?: Record<string, string>
  /** Ends when what is under way is done. Default: SIGTERM. */
  graceful?: NodeJS.Signals
}

/** A server that runs. */
export class RunningServer implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #output: string[] = []

  constructor(server: Server, site: Site) {
    const [program, ...args] = server.command(site)
    this.#process = spawn(program, args, {
      cwd: site.folder,
      env: { ...process.env, ...server.environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process.on('error', (error) => this.#output.push(error.message))
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (text) => this.#output.push(String(text)))
  }

  get output(): string {
    return this.#output.join('').slice(-2000)
  }

  get ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  /** Settles when somebody listens on the port. */
  async listening(port: number): Promise<void> {
    const deadline = Date.now() + 30_000
    for (;;) {
      const socket = net.connect(port, '127.0.0.1')
      const connected = await once(socket, 'connect').then(
        () => true,
        () => false,
      )
      socket.destroy()
      if (connected) return
      if (this.ended || Date.now() > deadline) throw new Error(`it does not listen: ${this.output}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Tells the server, and what it started, to end. */
  signal(signal: NodeJS.Signals, all = false): void {
    const { pid } = this.#process
    if (pid === undefined) return
    try {
      process.kill(all ? -pid : pid, signal)
    } catch {}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = this.ended || once(this.#process, 'exit')
    this.signal('SIGKILL', true)
    await exit
  }
}
