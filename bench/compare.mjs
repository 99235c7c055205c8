import { startSide } from './side.mjs'
import { median, spread } from './statistics.mjs'

const PAIRS = 11
const ROUND_SECONDS = 0.5
const WARM_UP_ROUNDS = 3
const FIRST_OPERATIONS = 50

/** As many operations as take about one round, found by doing them, which warms both up too. */
async function calibrate(sides) {
  let operations = FIRST_OPERATIONS
  for (;;) {
    const { seconds } = await sides[0].perform(operations)
    if (seconds > ROUND_SECONDS / 4) {
      operations = Math.ceil((operations * ROUND_SECONDS) / seconds)
      break
    }
    operations *= 2
  }
  for (let n = 0; n < WARM_UP_ROUNDS; n++) for (const side of sides) await side.perform(operations)
  return operations
}

/** Both sides against one server, their rounds in turn. */
export async function compare({ name, unit, peerName, server, protocol, sameCore, ...options }) {
  const clientCore = 1
  const running = []
  try {
    const at = await server(sameCore ? clientCore : 0)
    running.push(at)
    const address = { protocol, port: at.port, ...(at.ca && { ca: at.ca }), ...options }
    const sides = []
    for (const side of ['ours', 'peer']) {
      sides.push(await startSide(clientCore, { side, ...address }))
      running.push(sides.at(-1))
    }
    const operations = await calibrate(sides)
    const rounds = []
    for (let n = 0; n < PAIRS; n++) {
      const results = []
      // The side that goes first changes, in case going first matters.
      for (const which of n % 2 ? [1, 0] : [0, 1])
        results[which] = await sides[which].perform(operations)
      rounds.push(results)
    }
    return summary({ name, unit, peerName }, operations, rounds)
  } finally {
    for (const each of running.reverse()) await each.close()
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
