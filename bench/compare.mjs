// Compares the throughput of two sides, in rounds that take turns.

import { startSide } from './side.mjs'
import { median, spread } from './statistics.mjs'

// Where a process happens to have its memory, and how its first bytes fell into pieces, can make as
// much of a difference as anything that is compared.
const STARTS = 5
const PAIRS_A_START = 3
const ROUND_SECONDS = 0.5
const WARM_UP_ROUNDS = 2
const FIRST_OPERATIONS = 50

/** As many operations as take about one round, found by doing them. */
async function calibrate(side) {
  let operations = FIRST_OPERATIONS
  for (;;) {
    const { seconds } = await side.perform(operations)
    if (seconds > ROUND_SECONDS / 4) return Math.ceil((operations * ROUND_SECONDS) / seconds)
    operations *= 2
  }
}

/** Rounds of both, which are started for them. */
async function pairs(start, known) {
  const sides = []
  try {
    for (const side of ['ours', 'peer']) sides.push(await start(side))
    const operations = known ?? (await calibrate(sides[0]))
    for (let n = 0; n < WARM_UP_ROUNDS; n++)
      for (const side of sides) await side.perform(operations)
    const rounds = []
    for (let n = 0; n < PAIRS_A_START; n++) {
      const results = []
      // The side that goes first changes, in case going first matters.
      for (const which of n % 2 ? [1, 0] : [0, 1])
        results[which] = await sides[which].perform(operations)
      rounds.push(results)
    }
    return { operations, rounds }
  } finally {
    for (const side of sides) await side.close()
  }
}

/** Both of what `start` starts, `ours` and `peer`, their rounds in turn. */
export async function compareSides(names, start) {
  const rounds = []
  let operations
  for (let n = 0; n < STARTS; n++) {
    const started = await pairs(start, operations)
    operations = started.operations
    rounds.push(...started.rounds)
  }
  return summary(names, operations, rounds)
}

/** Both clients against one server. */
export async function compare({ name, unit, peerName, server, protocol, sameCore, ...options }) {
  const clientCore = 1
  const at = await server(sameCore ? clientCore : 0)
  try {
    const address = { protocol, port: at.port, ...(at.ca && { ca: at.ca }), ...options }
    return await compareSides({ name, unit, peerName }, (side) =>
      startSide(clientCore, { side, ...address }),
    )
  } finally {
    await at.close()
  }
}

function summary({ name, unit, peerName }, operations, rounds) {
  const rate = (side) => median(rounds.map((round) => operations / round[side].seconds))
  const cpu = (side) => median(rounds.map((round) => (round[side].cpuSeconds / operations) * 1e6))
  const ratios = rounds.map(([ours, peer]) => peer.seconds / ours.seconds)
  return {
    name,
    unit,
    ours: rate(0),
    peer: rate(1),
    peerName,
    ratio: median(ratios),
    spread: spread(ratios),
    cpuOurs: cpu(0),
    cpuPeer: cpu(1),
    cpuRatio: median(rounds.map(([ours, peer]) => ours.cpuSeconds / peer.cpuSeconds)),
  }
}
