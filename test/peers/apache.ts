import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Peer, TlsIdentity } from './peer.js'
import { findProgram, freePort } from './program.js'

const ATTEMPTS = 10
const MODULES = '/usr/lib/apache2/modules'

/** Apache httpd as Debian has it, from a folder of its own. */
export class ApachePeer implements Peer {
  readonly port: number
  readonly #server: ChildProcess
  readonly #folder: string

  constructor(port: number, server: ChildProcess, folder: string) {
    this.port = port
    this.#server = server
    this.#folder = folder
  }

  async close(): Promise<void> {
    if (this.#server.exitCode === null) {
      const exit = once(this.#server, 'exit')
      this.#server.kill('SIGTERM')
      await exit
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Whether it takes connections before it ends, as it does when the port is taken. */
async function serves(server: ChildProcess, port: number): Promise<boolean> {
  for (;;) {
    if (server.exitCode !== null) return false
    const socket = net.connect(port, '127.0.0.1')
    const connected = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (connected) return true
    await delay(20)
  }
}

/**
 * `modules` are those that `config`, which stands inside the virtual host, needs besides TLS; `files` are
 * what is served.
 */
export async function startApache(options: {
  tls: TlsIdentity & { ca: string }
  files: Record<string, string>
  modules: string[]
  config: string
}): Promise<ApachePeer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await freePort()
    const folder = await mkdtemp(path.join(os.tmpdir(), 'apache-'))
    await chmod(folder, 0o755)
    for (const kind of ['cert', 'key', 'ca'] as const)
      await writeFile(path.join(folder, `${kind}.pem`), options.tls[kind])
    for (const [name, content] of Object.entries(options.files))
      await writeFile(path.join(folder, name), content)
    const modules = ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl', ...options.modules]
    const loaded = modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`)
    const file = path.join(folder, 'apache.conf')
    // Run by root, it serves as somebody else.
    const user = process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''
    await writeFile(
      file,
      `ServerRoot ${folder}
ServerName localhost
DefaultRuntimeDir ${folder}
PidFile apache.pid
Mutex file:${folder} default
ErrorLog error.log
${user}
${loaded.join('\n')}
Listen 127.0.0.1:${port}
DocumentRoot ${folder}
<VirtualHost *>
SSLEngine on
SSLCertificateFile cert.pem
SSLCertificateKeyFile key.pem
SSLCACertificateFile ca.pem
${options.config}
</VirtualHost>
`,
    )
    const server = spawn(findProgram('apache2'), ['-f', file, '-DFOREGROUND'], { stdio: 'ignore' })
    if (await serves(server, port)) return new ApachePeer(port, server, folder)
    const log = await readFile(path.join(folder, 'error.log'), 'utf8').catch(() => '')
    await rm(folder, { recursive: true, force: true })
    if (!/could not bind/.test(log) && attempt === ATTEMPTS - 1)
      throw new Error(`apache2 did not start: ${log}`)
  }
  throw new Error(`apache2 found no free port in ${ATTEMPTS} attempts`)
}
