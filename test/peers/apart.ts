// Servers in a process of their own.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { TlsIdentity } from './peer.js'

/** Ports of servers with TLS, by protocol. */
export interface ApartPeers extends AsyncDisposable {
  readonly ports: Record<'h1' | 'h2' | 'ws' | 'mqtt' | 'raw', number>
}

/** Servers in a process of their own, which answer while the test's process is still busy. */
export async function startApart(tls: TlsIdentity): Promise<ApartPeers> {
  const child = fork(path.join(__dirname, 'apart-process.js'))
  child.send(tls)
  const [[h1, h2, ws, mqtt, raw]] = (await once(child, 'message')) as [number[]]
  return {
    ports: { h1, h2, ws, mqtt, raw } as ApartPeers['ports'],
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.kill()
      await exit
    },
  }
}
