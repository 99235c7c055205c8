// Compares the cost of a message on one stream with that on thousands.

import { startSide } from './side.mjs'
import { median, spread } from './statistics.mjs'

const STREAMS = [1, 10, 100, 1000, 10_000]
// One message is on its way on a stream, and so many at once on all of them.
const MOST_IN_FLIGHT = 100
const ROUNDS = 11
const OPERATIONS = 20_000
const CLIENT_CORE = 1

/** Processor time of a message on ever more streams, each number of them in a process of its own. */
export async function compareGrowth({ name, server, bytes }) {
  const at = await server(0)
  const running = [at]
  try {
    const sides = []
    for (const connections of STREAMS) {
      const inFlight = Math.min(connections, MOST_IN_FLIGHT)
      const options = {
        side: 'ours',
        protocol: 'manyWs',
        port: at.port,
        connections,
        inFlight,
        bytes,
      }
      sides.push(await startSide(CLIENT_CORE, options))
      running.push(sides.at(-1))
    }
    const costs = STREAMS.map(() => [])
    for (const side of sides) await side.perform(OPERATIONS)
    for (let round = 0; round < ROUNDS; round++)
      for (const [n, side] of sides.entries()) {
        const { cpuSeconds } = await side.perform(OPERATIONS)
        costs[n].push((cpuSeconds / OPERATIONS) * 1e6)
      }
    return summary(name, costs)
  } finally {
    for (const each of running.reverse()) await each.close()
  }
}

function summary(name, costs) {
  const few = costs.slice(0, -1)
  const cheapest = few.reduce((a, b) => (median(a) < median(b) ? a : b))
  const most = costs.at(-1)
  const ratios = most.map((cost, round) => cost / cheapest[round])
  return {
    name,
    unit: 'µs/message',
    ours: median(most),
    peer: median(cheapest),
    peerName: `${STREAMS[few.indexOf(cheapest)]} of its own`,
    ratio: median(ratios),
    spread: spread(ratios),
    cpuOurs: median(most),
    cpuPeer: median(cheapest),
    cpuRatio: median(ratios),
    costs: Object.fromEntries(STREAMS.map((streams, n) => [streams, median(costs[n])])),
  }
}
