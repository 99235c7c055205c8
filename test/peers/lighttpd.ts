// The web server lighttpd, as Debian has it.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Peer } from './peer.js'
import { findProgram, freePort } from './program.js'

const ATTEMPTS = 10

type Log = AsyncIterator<string>

/** lighttpd, with h2 without TLS, which passes all requests on to `backend` by HTTP/1. */
export class LighttpdPeer implements Peer {
  readonly port: number
  readonly #server: ChildProcess
  readonly #folder: string
  readonly #log: Log
  readonly #exit: Promise<unknown>

  constructor(port: number, server: ChildProcess, folder: string, log: Log) {
    this.port = port
    this.#server = server
    this.#folder = folder
    this.#log = log
    this.#exit = once(server, 'exit')
  }

  /** From when this settles on it takes no more connections, and answers what it has; then it is gone. */
  async stopGracefully(): Promise<void> {
    this.#server.kill('SIGINT')
    await says(this.#log, 'graceful shutdown started')
  }

  async close(): Promise<void> {
    this.#server.kill('SIGKILL')
    await this.#exit
    await rm(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Whether it says so before it ends. */
async function says(log: Log, text: string): Promise<boolean> {
  for (let line = await log.next(); !line.done; line = await log.next())
    if (line.value.includes(text)) return true
  return false
}

export async function startLighttpd(backend: Pick<Peer, 'port'>): Promise<LighttpdPeer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await freePort()
    const folder = await mkdtemp(path.join(os.tmpdir(), 'lighttpd-'))
    const config = path.join(folder, 'lighttpd.conf')
    await writeFile(
      config,
      `server.modules = ("mod_proxy")
server.document-root = "${folder}"
server.bind = "127.0.0.1"
server.port = ${port}
server.feature-flags = ("server.h2proto" => "enable", "server.h2c" => "enable")
proxy.server = ("/" => (("host" => "127.0.0.1", "port" => ${backend.port})))
`,
    )
    const server = spawn(findProgram('lighttpd'), ['-D', '-f', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const lines = createInterface({ input: server.stderr as NodeJS.ReadableStream })
    const log = lines[Symbol.asyncIterator]()
    if (await says(log, 'server started')) return new LighttpdPeer(port, server, folder, log)
    await rm(folder, { recursive: true, force: true })
  }
  throw new Error(`lighttpd found no free port in ${ATTEMPTS} attempts`)
}
