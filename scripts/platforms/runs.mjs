// Runs the smoke, and a file of the suite, by a Node of another platform.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { inRoot } from '../paths.mjs'

const PATIENCE = 900_000

/** What they print, by the Node. */
export const OUTPUT = inRoot('build', 'platforms', 'output')

// A line of TAP, and the block below it.
const RESULT =
  /^( *)(not )?ok \d+ - (.+?)( # SKIP.*)?\n\1 {2}---\n((?:\1 {2}.*\n)*?)\1 {2}\.\.\.$/gm
const isSuite = (block) => /^ *type: 'suite'$/m.test(block)

// Wine gives Node no pipe for its output that Node would take.
function outputOf({ command, node, env }, args, name) {
  const folder = path.join(OUTPUT, path.basename(node))
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${name.replaceAll('/', '-')}.txt`)
  const output = openSync(file, 'w')
  const program = path.join(node, 'bin', node.includes('node-win-') ? 'node.exe' : 'node')
  const [first, ...rest] = [...command, program, ...args]
  const { status, signal } = spawnSync(first, rest, {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
  })
  closeSync(output)
  return { text: readFileSync(file, 'utf8').replaceAll('\r\n', '\n'), end: signal ?? status }
}

/** How many checks passed, and those that failed: what each is called, and what it says. */
export function runSmoke(machine, { folder, certificates }) {
  const program = path.join(folder, 'test', 'smoke', 'smoke.mjs')
  const { text, end } = outputOf(machine, [program, folder, certificates], 'smoke')
  const lines = text.split('\n')
  const failed = lines
    .filter((line) => line.startsWith('FAIL'))
    .map((line) => line.match(/^FAIL +([^:]*): (.*)/))
    .map(([, test, says]) => ({ test, says }))
  if (end !== 0 && failed.length === 0) failed.push({ test: 'its end', says: `${end}` })
  return { passed: lines.filter((line) => line.startsWith('ok ')).length, failed }
}

/** The same for a file of the suite. */
export function runSuiteFile(machine, { folder }, name) {
  const file = path.join(folder, 'build', 'test', `${name}.test.js`)
  const { text, end } = outputOf(machine, ['--test-reporter=tap', file], name)
  const tests = [...text.matchAll(RESULT)].filter(([, , , , , block]) => !isSuite(block))
  const failed = tests
    .filter(([, , not]) => not)
    .map(([, , , test, , block]) => ({ test, says: block.match(/^ *error: (.*)/m)?.[1] ?? '' }))
  if (tests.length === 0 || (end !== 0 && failed.length === 0))
    failed.push({ test: 'its end', says: `${end}` })
  return { passed: tests.filter(([, , not, , skipped]) => !not && !skipped).length, failed }
}
