// Checks the format of C and C++ with clang-format, or corrects it with --write.
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { main, Stop } from './console.mjs'
import { inRoot } from './paths.mjs'
import { capture } from './processes.mjs'

await main(() => {
  const { values } = parseArgs({ options: { write: { type: 'boolean' } } })
  const files = ['native', 'bench'].flatMap((folder) =>
    readdirSync(inRoot(folder), { recursive: true })
      .filter((name) => /\.(c|cc|h)$/.test(name))
      .map((name) => path.join(folder, name)),
  )
  const { getNativeBinary } = createRequire(import.meta.url)('clang-format')
  const mode = values.write ? ['-i'] : ['--dry-run', '--Werror']
  const result = capture(getNativeBinary(), [...mode, ...files], { cwd: inRoot() })
  if (result.ok) return
  const wrong = new Set(
    [...result.stderr.matchAll(/^(\S+?):\d+:\d+: error/gm)].map(([, name]) => name),
  )
  throw new Stop(`not formatted: ${[...wrong].join(', ')}; npm run format does it`)
})
