// `openssl s_server`.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Peer, TlsIdentity } from './peer.js'
import { findProgram } from './program.js'

/** `openssl s_server`, which says what becomes of its one connection at a time. */
export class OpensslPeer implements Peer {
  readonly port: number
  readonly #server: ChildProcess
  readonly #folder: string
  readonly #lines: AsyncIterator<string>

  constructor(port: number, server: ChildProcess, folder: string) {
    this.port = port
    this.#server = server
    this.#folder = folder
    this.#lines = linesOf(server.stderr)
  }

  /** The next line that matches. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done) throw new Error(`openssl s_server ended without saying ${pattern}`)
      if (pattern.test(value)) return value
    }
  }

  /** Gives it one of its commands, or something to send. */
  type(line: string): void {
    this.#server.stdin?.write(`${line}\n`)
  }

  async close(): Promise<void> {
    const exit = once(this.#server, 'exit')
    this.#server.kill('SIGKILL')
    await exit
    await rm(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const linesOf = (output: Readable | null) =>
  createInterface({ input: output as Readable })[Symbol.asyncIterator]()

async function portOf(server: ChildProcess): Promise<number> {
  const lines = linesOf(server.stdout)
  for (;;) {
    const { value, done } = await lines.next()
    if (done) throw new Error('openssl s_server did not start')
    const port = /^ACCEPT .*:(\d+)$/.exec(value)?.[1]
    if (port) return Number(port)
  }
}

/** @param options - further options of the command, as `-tls1_2` and `-www` */
export async function startOpenssl(tls: TlsIdentity, ...options: string[]): Promise<OpensslPeer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'openssl-'))
  const files: string[] = []
  for (const kind of ['cert', 'key'] as const) {
    const file = path.join(folder, `${kind}.pem`)
    await writeFile(file, tls[kind])
    files.push(`-${kind}`, file)
  }
  const server = spawn(findProgram('openssl'), [
    ...['s_server', '-accept', '127.0.0.1:0', '-state', ...files],
    ...options,
  ])
  return new OpensslPeer(await portOf(server), server, folder)
}
