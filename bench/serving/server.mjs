// One side of a comparison of servers, in a process of its own: serves, and tells what it takes.

import { serve as peers } from './peers.mjs'
import { serve as ours } from './secure-streams.mjs'

const { side, protocol, ...options } = JSON.parse(process.argv[2])
const port = await (side === 'ours' ? ours : peers)(protocol, options)

async function residentBytes() {
  for (let n = 0; n < 4; n++) {
    await new Promise(setImmediate)
    globalThis.gc()
  }
  return process.memoryUsage.rss()
}

process.on('message', async (question) => {
  process.send(question === 'memory' ? await residentBytes() : process.cpuUsage())
})
process.on('disconnect', () => process.exit())
process.send(port)
