// Compiles test/ and runs it: `npm test`, or `npm test -- NAME` for the files whose path has NAME.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { tsc } from './build-lib.mjs'
import { isMain, main, Stop, say } from './console.mjs'
import { inRoot } from './paths.mjs'
import { hasStamp, stateOf, writeStamp } from './stamp.mjs'

const compiled = inRoot('build', 'test')
const stamp = inRoot('build', 'test.stamp')

function removeOrphans() {
  if (!existsSync(compiled)) return
  for (const name of readdirSync(compiled, { recursive: true })) {
    const source = name.replace(/\.(m?)js(\.map)?$/, '.$1ts')
    if (source !== name && !existsSync(inRoot('test', source))) rmSync(path.join(compiled, name))
  }
}

export function compileTests() {
  const inputs = ['test', 'dist', 'tsconfig.json', 'tsconfig.test.json', 'package-lock.json']
  const state = stateOf(inputs.map((name) => inRoot(name)))
  if (hasStamp(stamp, state)) return
  say('compiling test/')
  removeOrphans()
  tsc(['-p', 'tsconfig.test.json'])
  writeStamp(stamp, state)
}

export function testFiles(filters = []) {
  const files = readdirSync(compiled, { recursive: true })
    .filter((name) => /\.test\.m?js$/.test(name))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .sort()
  if (files.length === 0) throw new Stop(`no test file has ${filters.join(' or ')} in its name`)
  return files.map((name) => path.join(compiled, name))
}

/** Runs the test files and returns the exit status. */
export function runTests(files, { node = process.execPath, env = {}, concurrency = 2 } = {}) {
  const args = ['--test', '--test-reporter=spec', `--test-concurrency=${concurrency}`, ...files]
  const options = { cwd: inRoot(), stdio: 'inherit', env: { ...process.env, ...env } }
  return spawnSync(node, args, options).status ?? 1
}

if (isMain(import.meta.url)) {
  await main(() => {
    const { positionals } = parseArgs({ allowPositionals: true })
    compileTests()
    return runTests(testFiles(positionals))
  })
}
