// Servers in a thread of their own.

import { once } from 'node:events'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { starts } from './starts.js'

export interface AsideData {
  protocol: keyof typeof starts
  isReset: Int32Array
}

/** A server in a thread of its own, which can act while this one is busy. */
export interface AsidePeer extends AsyncDisposable {
  readonly port: number
  /** Has it reset its connections, and returns when that is done: this thread sees nothing of it. */
  reset(): void
}

export async function startAside(protocol: AsideData['protocol']): Promise<AsidePeer> {
  const isReset = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(path.join(__dirname, 'aside-thread.js'), {
    workerData: { protocol, isReset } satisfies AsideData,
  })
  const [port] = (await once(worker, 'message')) as [number]
  return {
    port,
    reset() {
      worker.postMessage('reset')
      Atomics.wait(isReset, 0, 0)
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate()
    },
  }
}
