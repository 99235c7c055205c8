// `npm run bench:instructions`: counts the instructions that the addon takes for an operation, and fails
// when one takes more than it did; `-- --write` keeps the counts of this build as those to compare with.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { addonFile } from '../scripts/build-native.mjs'
import { main, Stop, say } from '../scripts/console.mjs'
import { inRoot } from '../scripts/paths.mjs'
import { requireTools } from '../scripts/prerequisites.mjs'
import { capture } from '../scripts/processes.mjs'
import { countInstructions } from './callgrind.mjs'
import { selfSigned } from './certificate.mjs'
import { startMosquitto } from './servers/mosquitto.mjs'
import { serve } from './serving/peers.mjs'

const KEPT = inRoot('bench', 'instructions.json')
const MOST_MORE = 0.05

const requests = { operations: 1000, inFlight: 50 }
const echoes = { operations: 2000, bytes: 64, inFlight: 64 }
const RUNS = [
  { name: 'ws-echo-64', protocol: 'ws', ...echoes },
  { name: 'raw-echo-64', protocol: 'raw', ...echoes },
  { name: 'h1-get-50', protocol: 'h1', ...requests },
  { name: 'h2-get-50', protocol: 'h2', ...requests },
  { name: 'mqtt-qos1', protocol: 'mqtt', qos: 1, operations: 2000, bytes: 100, inFlight: 20 },
]

/** What the addon was compiled by and for, which the counts depend on. */
function buildOf(addon) {
  const { stdout } = capture('llvm-readobj', ['--string-dump=.comment', addon])
  const compiler = /(GCC): \(.*\) (\d+)|(clang) version (\d+)/.exec(stdout) ?? [
    'an unknown compiler',
  ]
  return `${process.arch}, ${compiler.slice(1).filter(Boolean).join(' ') || compiler[0]}`
}

async function countAll(addon) {
  const certificate = await selfSigned()
  const broker = await startMosquitto(0)
  const counts = {}
  try {
    for (const run of RUNS) {
      const { protocol } = run
      const server = protocol === 'h2' ? certificate : {}
      const port = protocol === 'mqtt' ? broker.port : await serve(protocol, server)
      counts[run.name] = await countInstructions({ ...run, addon, port, ca: server.cert })
      say(`${run.name}: ${counts[run.name]} instructions for each operation`)
    }
  } finally {
    await broker.close()
  }
  return counts
}

await main(async () => {
  const { values } = parseArgs({ options: { write: { type: 'boolean' } } })
  requireTools(['valgrind', 'mosquitto', 'llvm-readobj'])
  const addon = addonFile()
  const build = buildOf(addon)
  const counts = await countAll(addon)
  if (values.write) {
    writeFileSync(KEPT, `${JSON.stringify({ build, counts }, null, 2)}\n`)
    return 0
  }
  const kept = JSON.parse(readFileSync(KEPT, 'utf8'))
  if (kept.build !== build) {
    say(`this build (${build}) is not compared with the counts that are kept (${kept.build})`)
    return 0
  }
  const more = Object.entries(counts).filter(
    ([name, count]) => count > kept.counts[name] * (1 + MOST_MORE),
  )
  if (more.length === 0) return 0
  const told = more.map(
    ([name, count]) => `${name}: ${count} instructions, before ${kept.counts[name]}`,
  )
  throw new Stop(
    `the addon takes over ${MOST_MORE * 100} % more than it did; ${told.join('; ')}. ` +
      'Where that is meant, `npm run bench:instructions -- --write` keeps the new counts.',
  )
})
// The servers listen until then.
process.exit()
