// `npm run bench`, or `npm run bench -- NAME…`: compares with what users would take otherwise.
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { main, Stop, say } from '../scripts/console.mjs'
import { inRoot } from '../scripts/paths.mjs'
import { cases } from './cases.mjs'
import { canPin } from './pinning.mjs'

const round = (value) => Number(value.toPrecision(4))

function row(
  { name, unit, ours, peer, peerName, ratio, spread, cpuOurs, cpuPeer, cpuRatio },
  goal,
) {
  return {
    name,
    ours: `${round(ours)} ${unit}`,
    peer: `${round(peer)} (${peerName})`,
    ratio: round(ratio),
    spread: `${Math.round(spread * 100)} %`,
    goal,
    'CPU ours': `${round(cpuOurs)} µs`,
    'CPU peer': `${round(cpuPeer)} µs`,
    'CPU ratio': round(cpuRatio),
  }
}

await main(async () => {
  const { positionals } = parseArgs({ allowPositionals: true })
  const unknown = positionals.filter((name) => !cases.some((each) => each.name === name))
  if (unknown.length > 0)
    throw new Stop(
      `no benchmark is called ${unknown.join(' or ')}; there are ${cases.map(({ name }) => name).join(', ')}`,
    )
  if (!canPin) say('there is no way to keep server and client to a core each: expect more spread')

  const results = []
  const rows = []
  for (const each of cases) {
    if (positionals.length > 0 && !positionals.includes(each.name)) continue
    say(`measuring ${each.name}`)
    const result = await each.run()
    results.push(result)
    rows.push(row(result, each.goal ?? `≥ ${each.atLeast}`))
  }
  console.table(rows)
  mkdirSync(inRoot('bench', 'results'), { recursive: true })
  writeFileSync(inRoot('bench', 'results', 'latest.json'), `${JSON.stringify(results, null, 2)}\n`)
})
