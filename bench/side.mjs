// Starts a client process, and has it do its rounds.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pinned } from './pinning.mjs'

const program = fileURLToPath(new URL('client.mjs', import.meta.url))

/** A client process, ours or a peer's, on one core. */
export async function startSide(core, options) {
  const [command, ...args] = pinned(core, [process.execPath, program, JSON.stringify(options)])
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let answered = () => {}
  child.on('message', (message) => answered(message))
  child.on('exit', (code, signal) => {
    if (code || signal !== 'SIGKILL') throw new Error(`a client ended: ${signal ?? code}`)
  })
  const answer = () =>
    new Promise((resolve) => {
      answered = resolve
    })
  await answer()
  return {
    pid: child.pid,
    /** @returns how long it took, and how much processor time, in seconds */
    async perform(operations) {
      child.send({ operations })
      return answer()
    },
    async close() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}
