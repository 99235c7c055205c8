// Tries the properties of policies 100,000 times each, calls in any order and spoilt requests to servers a
// twentieth as often, and calls on one stream of each protocol a tenth of that:
// `npm run test:fuzz`, or `-- RUNS`.
import { parseArgs } from 'node:util'
import { main, Stop } from './console.mjs'
import { compileTests, runTests, testFiles } from './test.mjs'

await main(() => {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [runs = '100000'] = positionals
  if (!/^[1-9]\d*$/.test(runs)) throw new Stop(`the number of runs is a number, not ${runs}`)
  compileTests()
  const tried = (names, times) =>
    runTests(testFiles(names), { env: { LWS_SS_FUZZ_RUNS: String(times) } })
  return (
    tried(['policy/property', 'contexts/hostile-policies'], runs) ||
    tried(['fuzz/call-orders', 'fuzz/served-bytes'], Math.ceil(runs / 20)) ||
    tried(['fuzz/settling'], Math.ceil(runs / 200))
  )
})
