// Tries the client on the web servers and proxies of Debian that are installed: `npm run test:servers`,
// or `-- NAME…` for some of them.
import { parseArgs } from 'node:util'
import { main } from './console.mjs'
import { inRoot } from './paths.mjs'
import { run } from './processes.mjs'
import { compileTests } from './test.mjs'

await main(() => {
  const { positionals } = parseArgs({ allowPositionals: true })
  compileTests()
  const program = inRoot('build', 'test', 'servers', 'run.mjs')
  run(process.execPath, [program, ...positionals], { name: 'test:servers', cwd: inRoot() })
})
