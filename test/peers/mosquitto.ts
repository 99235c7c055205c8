// The MQTT broker mosquitto, as Debian has it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Peer, TlsIdentity } from './peer.js'
import { findProgram, freePort } from './program.js'

const ATTEMPTS = 10

/** Whether it runs; mosquitto cannot choose a free port, so another program may have been faster. */
async function runs(broker: ChildProcess): Promise<boolean> {
  const lines = createInterface({ input: broker.stderr as NodeJS.ReadableStream })
  for await (const line of lines) if (line.includes('running')) return true
  return false
}

/** Debian's mosquitto. */
export class MosquittoPeer implements Peer {
  readonly port: number
  readonly #broker: ChildProcess
  readonly #folder: string

  constructor(port: number, broker: ChildProcess, folder: string) {
    this.port = port
    this.#broker = broker
    this.#folder = folder
  }

  /** Has it do nothing at all, as a machine that is overloaded; its connections stay. */
  pause(): void {
    this.#broker.kill('SIGSTOP')
  }

  /** Lets it go on. */
  resume(): void {
    this.#broker.kill('SIGCONT')
  }

  async close(): Promise<void> {
    if (this.#broker.exitCode === null && this.#broker.signalCode === null) {
      const exit = once(this.#broker, 'exit')
      this.#broker.kill('SIGKILL')
      await exit
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * `users`: their passwords, by name; without it anybody is let in. `persistence`: a folder where it writes
 * each change before it goes on, and finds what was there.
 */
export async function startMosquitto(
  options: {
    tls?: TlsIdentity
    port?: number
    users?: Record<string, string>
    persistence?: string
  } = {},
): Promise<MosquittoPeer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = options.port ?? (await freePort())
    const folder = await mkdtemp(path.join(os.tmpdir(), 'mosquitto-'))
    const lines = [
      `listener ${port} 127.0.0.1`,
      `allow_anonymous ${options.users === undefined}`,
      'log_dest stderr',
    ]
    if (options.persistence)
      lines.push(
        'persistence true',
        `persistence_location ${options.persistence}/`,
        'autosave_on_changes true',
        'autosave_interval 1',
      )
    if (options.users) {
      const file = path.join(folder, 'passwords')
      await writeFile(file, '', { mode: 0o600 })
      for (const [name, password] of Object.entries(options.users))
        execFileSync(findProgram('mosquitto_passwd'), ['-b', file, name, password])
      lines.push(`password_file ${file}`)
    }
    if (options.tls) {
      for (const kind of ['cert', 'key'] as const) {
        const file = path.join(folder, `${kind}.pem`)
        await writeFile(file, options.tls[kind])
        lines.push(`${kind}file ${file}`)
      }
      if (options.tls.requestCert && options.tls.ca) {
        const file = path.join(folder, 'ca.pem')
        await writeFile(file, options.tls.ca)
        lines.push(`cafile ${file}`, 'require_certificate true')
      }
    }
    // As root it would change to a user that cannot read the key.
    if (process.getuid?.() === 0) lines.push('user root')
    const config = path.join(folder, 'mosquitto.conf')
    await writeFile(config, `${lines.join('\n')}\n`)
    const broker = spawn(findProgram('mosquitto'), ['-c', config, '-v'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    if (await runs(broker)) {
      broker.stderr?.resume()
      return new MosquittoPeer(port, broker, folder)
    }
    await rm(folder, { recursive: true, force: true })
  }
  throw new Error(`mosquitto found no free port in ${ATTEMPTS} attempts`)
}
