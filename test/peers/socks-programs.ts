// SOCKS5 proxies of the system.

import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ListeningProgram } from './listening-program.js'
import type { Peer } from './peer.js'
import { findProgram } from './program.js'

/** microsocks; `login` is the only one that it lets through. */
export function startMicrosocks(login?: { user: string; password: string }): Promise<Peer> {
  return ListeningProgram.start('microsocks', async (port) => [
    ...['-i', '127.0.0.1', '-p', String(port)],
    ...(login ? ['-u', login.user, '-P', login.password] : []),
  ])
}

/** Dante, which blocks connections to the port `blocked`. */
export function startDante(blocked: number): Promise<Peer> {
  return ListeningProgram.start('danted', async (port, folder) => {
    const file = path.join(folder, 'danted.conf')
    const all = 'from: 0/0 to: 0/0'
    await writeFile(
      file,
      `errorlog: /dev/null
logoutput: /dev/null
internal: 127.0.0.1 port = ${port}
external: lo
clientmethod: none
socksmethod: none
client pass { ${all} }
socks block { ${all} port = ${blocked} }
socks pass { ${all} }
`,
    )
    return ['-f', file, '-p', path.join(folder, 'pid')]
  })
}

/** `ssh -D` to a server of its own, as root. Neither listens to SIGTERM at any time. */
export async function startSshProxy(): Promise<Peer> {
  const start = (name: string, prepare: (port: number, folder: string) => Promise<string[]>) =>
    ListeningProgram.start(name, prepare, 'SIGKILL')
  // Where sshd wants to be while it knows nobody yet.
  mkdirSync('/run/sshd', { recursive: true })
  let key = ''
  const server = await start('sshd', async (port, folder) => {
    key = path.join(folder, 'key')
    execFileSync(findProgram('ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const options = [
      ...['ListenAddress=127.0.0.1', `Port=${port}`, `HostKey=${key}`, 'PidFile=none'],
      ...[`AuthorizedKeysFile=${key}.pub`, 'StrictModes=no', 'UsePAM=no', 'PermitRootLogin=yes'],
    ]
    return ['-D', '-f', '/dev/null', ...options.flatMap((option) => ['-o', option])]
  })
  const proxy = await start('ssh', async (port) => {
    const options = ['UserKnownHostsFile=/dev/null', 'StrictHostKeyChecking=no', 'BatchMode=yes']
    return [
      ...['-N', '-F', '/dev/null', '-i', key, '-p', String(server.port)],
      ...['-D', `127.0.0.1:${port}`, ...options.flatMap((option) => ['-o', option])],
      'root@127.0.0.1',
    ]
  })
  const close = async () => {
    await proxy.close()
    await server.close()
  }
  return { port: proxy.port, close, [Symbol.asyncDispose]: close }
}
