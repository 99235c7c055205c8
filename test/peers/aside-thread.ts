// The thread that `startAside()` starts.

import { parentPort, workerData } from 'node:worker_threads'
import type { AsideData } from './aside.js'
import { starts } from './starts.js'

const { protocol, isReset } = workerData as AsideData

async function listen(): Promise<void> {
  const peer = await starts[protocol]()
  parentPort?.once('message', () => {
    for (const socket of peer.sockets) socket.resetAndDestroy()
    Atomics.store(isReset, 0, 1)
    Atomics.notify(isReset, 0)
  })
  parentPort?.postMessage(peer.port)
}

listen()
