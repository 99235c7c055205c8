// Starts an echo server for raw streams.

import { which } from '../../scripts/processes.mjs'
import { startServer } from './process.mjs'

/** cat, with the connection that socat accepted for input and output. */
export function startRawEcho(core) {
  return startServer(core, (port) => [
    which('socat'),
    `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,nodelay`,
    'EXEC:cat,nofork',
  ])
}
