// Compares the memory that idle connections take.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pinned } from './pinning.mjs'
import { median, spread } from './statistics.mjs'

const PAIRS = 10
const CLIENT_CORE = 1
const program = fileURLToPath(new URL('idle-client.mjs', import.meta.url))

async function measure(options) {
  const commandLine = [process.execPath, '--expose-gc', program, JSON.stringify(options)]
  const [command, ...args] = pinned(CLIENT_CORE, commandLine)
  const client = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exit = once(client, 'exit')
  const [told] = await Promise.race([
    once(client, 'message'),
    exit.then(([code, signal]) => {
      throw new Error(`a client ended: ${signal ?? code}`)
    }),
  ])
  client.kill('SIGKILL')
  await exit
  return told
}

/** Memory that an idle connection takes with what `measure` measures, `ours` and `peer` in turn. */
export async function compareMemory({ name, peerName }, measure) {
  const pairs = []
  for (let n = 0; n < PAIRS; n++) {
    const pair = {}
    for (const side of n % 2 ? ['peer', 'ours'] : ['ours', 'peer']) pair[side] = await measure(side)
    pairs.push(pair)
  }
  const ratios = pairs.map(({ ours, peer }) => ours.bytes / peer.bytes)
  const of = (side, what) => median(pairs.map((pair) => pair[side][what]))
  return {
    name,
    unit: 'bytes/connection',
    ours: of('ours', 'bytes'),
    peer: of('peer', 'bytes'),
    peerName,
    ratio: median(ratios),
    spread: spread(ratios),
    cpuOurs: of('ours', 'cpuMicroseconds'),
    cpuPeer: of('peer', 'cpuMicroseconds'),
    cpuRatio: median(pairs.map(({ ours, peer }) => ours.cpuMicroseconds / peer.cpuMicroseconds)),
  }
}

/** Clients whose connections are idle, each time in a new process. */
export async function compareIdle({ name, peerName, server, connections }) {
  const at = await server(0)
  try {
    return await compareMemory({ name, peerName }, (side) =>
      measure({ side, port: at.port, connections }),
    )
  } finally {
    await at.close()
  }
}
