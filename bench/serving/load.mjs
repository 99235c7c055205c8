// Builds the load generator, and starts it on a server.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import { say } from '../../scripts/console.mjs'
import { inRoot } from '../../scripts/paths.mjs'
import { ensurePeers } from '../../scripts/peers.mjs'
import { run } from '../../scripts/processes.mjs'
import { hasStamp, stateOf, writeStamp } from '../../scripts/stamp.mjs'
import { pinned } from '../pinning.mjs'

const sources = inRoot('bench', 'serving')
const folder = inRoot('build', 'bench', 'load')
const program = path.join(folder, 'load')

function build() {
  ensurePeers(['headers of OpenSSL'])
  const files = readdirSync(sources).filter((name) => /\.[ch]$/.test(name))
  const stamp = path.join(folder, 'stamp')
  const state = stateOf(files.map((name) => path.join(sources, name)))
  if (existsSync(program) && hasStamp(stamp, state)) return
  say('building the load generator')
  mkdirSync(folder, { recursive: true })
  const units = files.filter((name) => name.endsWith('.c')).map((name) => path.join(sources, name))
  run('cc', ['-O2', '-D_GNU_SOURCE', ...units, '-o', program, '-lssl', '-lcrypto'])
  writeStamp(stamp, state)
}

/** A load generator with its connections open. */
export async function startLoad(core, { protocol, port, connections, inFlight }) {
  build()
  const given = [protocol, port, connections, inFlight].map(String)
  const [command, ...args] = pinned(core, [program, ...given])
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    const { done, value } = await lines.next()
    if (done) throw new Error('the load generator has ended')
    return value
  }
  await answer()
  return {
    /** @returns the seconds that so many operations take */
    async perform(operations) {
      child.stdin.write(`${operations}\n`)
      return Number(await answer())
    },
    async close() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
