// Starts a server program, and waits until it listens.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { pinned } from '../pinning.mjs'

const ATTEMPTS = 10
const RETRY_MS = 20
const READY_MS = 10_000

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function accepts(port, child) {
  const deadline = Date.now() + READY_MS
  while (child.exitCode === null && Date.now() < deadline) {
    const socket = net.connect(port, '127.0.0.1')
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (connected) return true
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  return false
}

/** A server program on `core`, once it accepts connections on a port that was free. */
export async function startServer(core, commandLine) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await freePort()
    const [command, ...args] = pinned(core, await commandLine(port))
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (data) => {
      said += data
    })
    if (await accepts(port, child)) {
      return {
        port,
        async close() {
          const exit = once(child, 'exit')
          child.kill('SIGKILL')
          await exit
        },
      }
    }
    child.kill('SIGKILL')
    if (attempt === ATTEMPTS - 1) throw new Error(`${args.join(' ')} does not start: ${said}`)
  }
}
