// Writes what comes from the table of policy keys, lib/policy/form/types.ts and docs/policy-keys.md, and the
// tables of patches in deps/libwebsockets/README.md.
// With --check it writes nothing and fails when one of them is out of date.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { tsc } from './build-lib.mjs'
import { main, Stop, say } from './console.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { README, withPatchTables } from './lws-patch-tables.mjs'
import { inRoot } from './paths.mjs'
import { policyReference } from './policy-reference.mjs'
import { policyTypes } from './policy-types.mjs'

/** Compiled apart from the rest, which cannot be compiled while the types are out of date. */
function loadTable() {
  const folder = inRoot('build', 'policy-table')
  tsc([
    ...['--ignoreConfig', '--outDir', folder, '--rootDir', inRoot('lib', 'policy', 'table')],
    ...['--module', 'node20', '--target', 'es2022', '--strict', '--types', 'node'],
    ...['keys', 'limits', 'describe-key'].map((name) =>
      inRoot('lib', 'policy', 'table', `${name}.ts`),
    ),
  ])
  const load = createRequire(import.meta.url)
  const modules = ['keys', 'limits', 'describe-key']
  return Object.assign({}, ...modules.map((name) => load(`${folder}/${name}.js`)))
}

function formatted(file, text) {
  const biome = inRoot('node_modules', '@biomejs', 'biome', 'bin', 'biome')
  const args = [biome, 'format', `--stdin-file-path=${file}`]
  const options = { cwd: inRoot(), input: text, encoding: 'utf8' }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options)
  if (status !== 0) throw new Stop(`biome cannot format ${file}:\n${stderr}`)
  return stdout
}

await main(() => {
  const { values } = parseArgs({ options: { check: { type: 'boolean' } } })
  ensureDependencies()
  const table = loadTable()
  const products = {
    'lib/policy/form/types.ts': formatted(
      'lib/policy/form/types.ts',
      policyTypes(table, table.describeKey),
    ),
    'docs/policy-keys.md': policyReference(table),
    'deps/libwebsockets/README.md': withPatchTables(readFileSync(README, 'utf8')),
  }
  for (const [name, text] of Object.entries(products)) {
    const file = inRoot(...name.split('/'))
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    if (values.check) throw new Stop(`${name} is out of date: run npm run generate`)
    say(`writing ${name}`)
    writeFileSync(file, text)
  }
})
