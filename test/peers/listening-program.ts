// A server program of the system.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Peer } from './peer.js'
import { findProgram, freePort } from './program.js'

const ATTEMPTS = 10

/** A server program of the system that listens on one port, with a folder of its own for its files. */
export class ListeningProgram implements Peer {
  readonly port: number
  readonly #server: ChildProcess
  readonly #folder: string
  readonly #ends: NodeJS.Signals

  private constructor(port: number, server: ChildProcess, folder: string, ends: NodeJS.Signals) {
    this.port = port
    this.#server = server
    this.#folder = folder
    this.#ends = ends
  }

  /**
   * `prepare` writes what the program needs into the folder and returns its arguments; `ends` is the
   * signal that ends it.
   */
  static async start(
    name: string,
    prepare: (port: number, folder: string) => Promise<string[]>,
    ends: NodeJS.Signals = 'SIGTERM',
  ): Promise<ListeningProgram> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const port = await freePort()
      const folder = await mkdtemp(path.join(os.tmpdir(), `${name}-`))
      // Some of them serve as another user.
      await chmod(folder, 0o755)
      const args = await prepare(port, folder)
      // The runtime of the sanitizers is for this package.
      const env = { ...process.env, LD_PRELOAD: '' }
      const server = spawn(findProgram(name), args, { stdio: 'ignore', env })
      const peer = new ListeningProgram(port, server, folder, ends)
      if (await peer.#listens()) return peer
      await peer.close()
    }
    throw new Error(`${name} did not start in ${ATTEMPTS} attempts`)
  }

  /** False when it ends instead, as it does when another program was faster to take the port. */
  async #listens(): Promise<boolean> {
    while (this.#isRunning) {
      const socket = net.connect(this.port, '127.0.0.1')
      const connected = await new Promise((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      })
      socket.destroy()
      if (connected) return true
      await delay(20)
    }
    return false
  }

  get #isRunning(): boolean {
    return this.#server.exitCode === null && this.#server.signalCode === null
  }

  async close(): Promise<void> {
    if (this.#isRunning) {
      const exit = once(this.#server, 'exit')
      this.#server.kill(this.#ends)
      await exit
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
