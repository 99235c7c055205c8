// Starts a peer for each protocol.

import { startAedes } from './aedes.js'
import { startHttp1 } from './http1.js'
import { startHttp2 } from './http2.js'
import { startRaw } from './raw.js'
import { startWebSocket } from './websocket.js'

/** What starts a peer of each protocol in this process. */
export const starts = {
  h1: startHttp1,
  h2: startHttp2,
  ws: startWebSocket,
  mqtt: startAedes,
  raw: startRaw,
}
