// A bridge from an abstract Unix socket to a port: socat.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { findProgram } from './program.js'

/** socat, which takes connections on an abstract Unix socket to a port. Linux only. */
export class AbstractBridge implements AsyncDisposable {
  readonly #socat: ChildProcess

  constructor(socat: ChildProcess) {
    this.#socat = socat
  }

  /** Ends it; the connections that it has taken end with their peers. */
  async close(): Promise<void> {
    if (this.#socat.exitCode !== null || this.#socat.signalCode !== null) return
    const exit = once(this.#socat, 'exit')
    this.#socat.kill()
    await exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Node gives the names of abstract sockets zeros at their end, so that others do not find them. */
export async function startAbstractBridge(
  name: string,
  to: { port: number },
): Promise<AbstractBridge> {
  const socat = spawn(
    findProgram('socat'),
    ['-d', '-d', `ABSTRACT-LISTEN:"${name}",fork`, `TCP:127.0.0.1:${to.port}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const lines = createInterface({ input: socat.stderr as NodeJS.ReadableStream })
  for await (const line of lines) if (line.includes('listening on')) break
  socat.stderr?.resume()
  return new AbstractBridge(socat)
}
