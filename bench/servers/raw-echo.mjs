import { which } from '../../scripts/processes.mjs'
import { startServer } from './process.mjs'

/** socat, which sends back what it gets. */
export function startRawEcho(core) {
  return startServer(core, (port) => [
    which('socat'),
    '-b',
    '262144',
    `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,nodelay`,
    'PIPE',
  ])
}
