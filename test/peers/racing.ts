// Servers that end a connection while the next request is on its way.

import { once } from 'node:events'
import path from 'node:path'
import { Worker } from 'node:worker_threads'

/** How a racing server ends a connection after an answer. */
export type RaceEnd = 'reset' | 'end' | 'goaway'

export interface RacingData {
  protocol: 'h1' | 'h2'
  end: RaceEnd
  /** How long it waits before that: up to so many microseconds. */
  spread: number
}

/** A server in a thread of its own that ends each connection while the next request is on its way. */
export interface RacingPeer extends AsyncDisposable {
  readonly port: number
  /** How often each target was asked for, and how many connections there were. */
  seen(): Promise<{ asked: Map<string, number>; connections: number }>
}

export async function startRacing(data: RacingData): Promise<RacingPeer> {
  const worker = new Worker(path.join(__dirname, 'racing-thread.js'), { workerData: data })
  const [port] = (await once(worker, 'message')) as [number]
  return {
    port,
    async seen() {
      const told = once(worker, 'message')
      worker.postMessage('seen')
      const [seen] = await told
      return seen
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate()
    },
  }
}
