// Starts mosquitto.

import { mkdirSync, writeFileSync } from 'node:fs'
import { inRoot } from '../../scripts/paths.mjs'
import { which } from '../../scripts/processes.mjs'
import { startServer } from './process.mjs'

/** Mosquitto without limits that a benchmark would meet. */
export function startMosquitto(core) {
  return startServer(core, (port) => {
    const folder = inRoot('build', 'bench')
    mkdirSync(folder, { recursive: true })
    const config = `${folder}/mosquitto-${port}.conf`
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'log_dest none',
      'max_inflight_messages 0',
      'max_queued_messages 0',
      'set_tcp_nodelay true',
    ]
    if (process.getuid?.() === 0) lines.push('user root')
    writeFileSync(config, `${lines.join('\n')}\n`)
    return [which('mosquitto', ['/usr/sbin', '/usr/local/sbin']), '-c', config]
  })
}
