// Compares servers, ours and others, under one load generator.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { selfSigned } from '../certificate.mjs'
import { compareSides } from '../compare.mjs'
import { compareMemory } from '../idle.mjs'
import { pinned } from '../pinning.mjs'
import { startLoad } from './load.mjs'

const LOAD_CORE = 0
const SERVER_CORE = 1
// How many of those that are idle then have had an operation at the same time.
const AT_ONCE = 100
// What the first connections load is not theirs.
const FIRST_CONNECTIONS = AT_ONCE
const program = fileURLToPath(new URL('server.mjs', import.meta.url))

/** A server process, ours or a peer's. */
async function startServer(options) {
  const commandLine = [process.execPath, '--expose-gc', program, JSON.stringify(options)]
  const [command, ...args] = pinned(SERVER_CORE, commandLine)
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exit = once(child, 'exit')
  const answer = async () => {
    const [told] = await Promise.race([
      once(child, 'message'),
      exit.then(([code, signal]) => {
        throw new Error(`a server ended: ${signal ?? code}`)
      }),
    ])
    return told
  }
  const ask = (question) => {
    child.send(question)
    return answer()
  }
  return {
    port: await answer(),
    memory: () => ask('memory'),
    async cpuSeconds() {
      const { user, system } = await ask('cpu')
      return (user + system) / 1e6
    },
    async close() {
      child.kill('SIGKILL')
      await exit.catch(() => {})
    },
  }
}

async function startServed({ side, protocol, tls, connections, inFlight, certificate }) {
  const server = await startServer({ side, protocol, ...certificate })
  try {
    const load = await startLoad(LOAD_CORE, {
      protocol: tls ? `${protocol}-tls` : protocol,
      port: server.port,
      connections,
      inFlight,
    })
    return {
      async perform(operations) {
        const before = await server.cpuSeconds()
        const seconds = await load.perform(operations)
        return { seconds, cpuSeconds: (await server.cpuSeconds()) - before }
      },
      async close() {
        await load.close()
        await server.close()
      },
    }
  } catch (error) {
    await server.close()
    throw error
  }
}

/** Both servers, and their loads. */
export async function compareServers({ name, unit, peerName, ...options }) {
  const certificate = options.tls && (await selfSigned())
  return compareSides({ name, unit, peerName }, (side) =>
    startServed({ side, certificate, ...options }),
  )
}

async function measure({ side, protocol, connections }) {
  const server = await startServer({ side, protocol })
  const loads = []
  const open = async (count) => {
    const load = { protocol, port: server.port, connections: count, inFlight: 1 }
    loads.push(await startLoad(LOAD_CORE, load))
    for (let left = count; left > 0; left -= AT_ONCE) await loads.at(-1).perform(AT_ONCE)
  }
  try {
    await open(FIRST_CONNECTIONS)
    const before = await server.memory()
    const cpuBefore = await server.cpuSeconds()
    await open(connections)
    const cpuMicroseconds = ((await server.cpuSeconds()) - cpuBefore) * 1e6
    const bytes = (await server.memory()) - before
    return { bytes: bytes / connections, cpuMicroseconds: cpuMicroseconds / connections }
  } finally {
    for (const load of loads) await load.close()
    await server.close()
  }
}

/** Servers whose connections are idle after one operation on each. */
export function compareIdleServers({ name, peerName, ...options }) {
  return compareMemory({ name, peerName }, (side) => measure({ side, ...options }))
}
