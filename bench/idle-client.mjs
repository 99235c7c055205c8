// One side of the comparison of idle connections: opens them, and tells what they take.
import { openIdle as peers } from './clients/peers.mjs'
import { openIdle as ours } from './clients/secure-streams.mjs'

const { side, ...options } = JSON.parse(process.argv[2])
const openIdle = side === 'ours' ? ours : peers

async function residentBytes() {
  for (let n = 0; n < 4; n++) {
    await new Promise(setImmediate)
    globalThis.gc()
  }
  return process.memoryUsage.rss()
}

// What the first connections load is not theirs.
const first = await openIdle({ ...options, connections: 10 })
const before = await residentBytes()
const cpu = process.cpuUsage()
const connections = await openIdle(options)
const { user, system } = process.cpuUsage(cpu)
const bytes = (await residentBytes()) - before
process.send({
  bytes: bytes / connections.length,
  cpuMicroseconds: (user + system) / connections.length,
  open: first.length + connections.length,
})
setInterval(() => {}, 1e6)
