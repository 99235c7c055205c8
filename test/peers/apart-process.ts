// The process that `startApart()` starts.

import { startAedes } from './aedes.js'
import { startHttp1 } from './http1.js'
import { startHttp2 } from './http2.js'
import type { TlsIdentity } from './peer.js'
import { startRaw } from './raw.js'
import { startWebSocket } from './websocket.js'

process.once('message', async (tls: TlsIdentity) => {
  const peers = await Promise.all(
    [startHttp1, startHttp2, startWebSocket, startAedes, startRaw].map((start) => start({ tls })),
  )
  process.send?.(peers.map(({ port }) => port))
})
