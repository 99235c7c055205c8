// The web server nginx, as Debian has it.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Peer, TlsIdentity } from './peer.js'
import { findProgram, freePort } from './program.js'

const ATTEMPTS = 10

/** How an {@link NginxPeer} serves its files. */
export interface NginxOptions {
  files: Record<string, Buffer>
  tls?: TlsIdentity
  http2?: boolean
  /** More of its `server` block. */
  more?: string
}

/** nginx with one worker. Every answer names its connection in `x-connection`. */
export class NginxPeer implements Peer {
  readonly port: number
  readonly #server: ChildProcess
  readonly #folder: string

  constructor(port: number, server: ChildProcess, folder: string) {
    this.port = port
    this.#server = server
    this.#folder = folder
  }

  async close(): Promise<void> {
    if (this.#server.exitCode === null && this.#server.signalCode === null) {
      const exit = once(this.#server, 'exit')
      this.#server.kill('SIGKILL')
      await exit
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

async function configure(port: number, folder: string, options: NginxOptions): Promise<string> {
  const { files, tls, http2 = false, more = '' } = options
  for (const [name, content] of Object.entries(files))
    await writeFile(path.join(folder, name), content)
  const listen = ['listen', `127.0.0.1:${port}`, tls && 'ssl', http2 && 'http2']
  const server = [`${listen.filter(Boolean).join(' ')};`]
  for (const kind of ['cert', 'key'] as const) {
    if (!tls) continue
    await writeFile(path.join(folder, `${kind}.pem`), tls[kind])
    server.push(`ssl_certificate${kind === 'key' ? '_key' : ''} ${kind}.pem;`)
  }
  const config = path.join(folder, 'nginx.conf')
  await writeFile(
    config,
    `daemon off; master_process off; pid nginx.pid; error_log stderr notice;
events { worker_connections 1000; }
http {
  access_log off; keepalive_requests 1000000; add_header x-connection $connection always;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  server { ${server.join(' ')} root ${folder}; ${more} }
}
`,
  )
  return config
}

/** Whether it has begun to serve; it says so, or that the port is taken. */
async function serves(server: ChildProcess): Promise<boolean> {
  const lines = createInterface({ input: server.stderr as NodeJS.ReadableStream })
  for await (const line of lines) {
    if (/using the "\w+" event method/.test(line)) return true
    if (line.includes('[emerg]')) return false
  }
  return false
}

export async function startNginx(options: NginxOptions): Promise<NginxPeer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await freePort()
    const folder = await mkdtemp(path.join(os.tmpdir(), 'nginx-'))
    const config = await configure(port, folder, options)
    const server = spawn(findProgram('nginx'), ['-p', folder, '-c', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    if (await serves(server)) {
      server.stderr?.resume()
      return new NginxPeer(port, server, folder)
    }
    await rm(folder, { recursive: true, force: true })
  }
  throw new Error(`nginx found no free port in ${ATTEMPTS} attempts`)
}
