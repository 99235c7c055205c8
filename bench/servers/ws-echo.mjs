// Builds and starts a WebSocket echo server.

import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { say } from '../../scripts/console.mjs'
import { inRoot } from '../../scripts/paths.mjs'
import { ensurePeers } from '../../scripts/peers.mjs'
import { INCLUDE_FOLDERS } from '../../scripts/prerequisites.mjs'
import { run } from '../../scripts/processes.mjs'
import { hasStamp, stateOf, writeStamp } from '../../scripts/stamp.mjs'
import { startServer } from './process.mjs'

const source = inRoot('bench', 'servers', 'ws-echo.cc')
const folder = inRoot('build', 'bench', 'ws-echo')
const program = path.join(folder, 'ws-echo')

function build() {
  ensurePeers(['WebSocket++', 'asio'])
  const stamp = path.join(folder, 'stamp')
  const state = stateOf([source])
  if (existsSync(program) && hasStamp(stamp, state)) return
  say('building the WebSocket echo server, with WebSocket++')
  mkdirSync(folder, { recursive: true })
  const includes = INCLUDE_FOLDERS.slice(1).map((include) => `-I${include}`)
  const options = [
    '-std=c++17',
    '-O2',
    '-DNDEBUG',
    '-DASIO_STANDALONE',
    '-D_WEBSOCKETPP_CPP11_STL_',
  ]
  run('c++', [...options, ...includes, source, '-o', program, '-lpthread'])
  writeStamp(stamp, state)
}

/** A WebSocket echo server in C++, which answers what it read together in one write. */
export async function startWsEcho(core) {
  build()
  return startServer(core, (port) => [program, String(port)])
}
