// Runs the prebuilds of other platforms here, under emulators: `npm run test:platforms`, or `-- NAME…`
// for some of the prebuilds. Each runs the smoke, and those files of the suite that emulators carry.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { main, Stop, say } from './console.mjs'
import { inRoot } from './paths.mjs'
import { ensurePackage } from './pinned-packages.mjs'
import { EMULATORS } from './platforms/emulators.mjs'
import { faultOf } from './platforms/faults.mjs'
import { loadByMusl, MUSL } from './platforms/musl.mjs'
import { makePackage } from './platforms/package.mjs'
import { OUTPUT, runSmoke, runSuiteFile } from './platforms/runs.mjs'
import { run, which } from './processes.mjs'
import { makeSmokeCertificates } from './smoke.mjs'
import { compileTests } from './test.mjs'

function wanted(names) {
  for (const name of names)
    if (!Object.hasOwn(EMULATORS, name))
      throw new Stop(`${name} cannot be run here; there are ${Object.keys(EMULATORS).join(', ')}`)
  return names.length > 0 ? names : Object.keys(EMULATORS)
}

function requireEmulator(name) {
  const { programs, folders, debian } = EMULATORS[name]
  const missing = [
    ...programs.filter((program) => !which(program)),
    ...folders.filter((folder) => !existsSync(folder)),
  ]
  if (missing.length === 0) return
  throw new Stop(`${name} needs ${missing.join(' and ')}: apt-get install ${debian.join(' ')}`)
}

/** Prints what failed, and returns how it went in a few words, and whether it may count as passed. */
function judge(name, what, { passed, failed }) {
  const unexplained = failed.filter(({ says }) => !faultOf(name, says))
  for (const { test, says } of failed)
    console.log(`  ${what}: ${test}: ${says}: ${faultOf(name, says) ?? 'FAILS'}`)
  return { passed, explained: failed.length - unexplained.length, unexplained: unexplained.length }
}

function tell({ passed, explained, unexplained }) {
  if (passed + explained + unexplained === 0) return ''
  const parts = [`${passed} pass`]
  if (explained > 0) parts.push(`${explained} are the emulator's`)
  if (unexplained > 0) parts.push(`${unexplained} FAIL`)
  return parts.join(', ')
}

const NONE = { passed: 0, explained: 0, unexplained: 0 }

const sum = (results) =>
  results.reduce(
    (all, one) => ({
      passed: all.passed + one.passed,
      explained: all.explained + one.explained,
      unexplained: all.unexplained + one.unexplained,
    }),
    NONE,
  )

function tryOn(name, node, places) {
  say(`${name} on ${node}`)
  const machine = { ...EMULATORS[name], node: ensurePackage(node) }
  const smoke = judge(name, 'smoke', runSmoke(machine, places))
  const files = machine.files.map((file) => judge(name, file, runSuiteFile(machine, places, file)))
  return { prebuild: name, Node: node, smoke, suite: sum(files) }
}

function tryToLoad() {
  say(`${MUSL} by musl's loader`)
  const smoke = judge(MUSL, 'smoke', loadByMusl())
  return { prebuild: MUSL, Node: 'a stand-in, which loads it', smoke, suite: NONE }
}

await main(async () => {
  const { positionals } = parseArgs({ allowPositionals: true })
  const names = wanted(positionals)
  for (const name of names) requireEmulator(name)
  const targets = names.flatMap((name) => ['--target', name])
  run(process.execPath, [inRoot('scripts', 'prebuild.mjs'), ...targets], { name: 'prebuild' })
  compileTests()
  const places = { folder: makePackage(), certificates: await makeSmokeCertificates() }
  const rows = names.flatMap((name) =>
    name === MUSL ? tryToLoad() : EMULATORS[name].nodes.map((node) => tryOn(name, node, places)),
  )
  console.table(
    rows.map(({ smoke, suite, ...row }) => ({ ...row, smoke: tell(smoke), suite: tell(suite) })),
    ['prebuild', 'Node', 'smoke', 'suite'],
  )
  say(`what each printed is in ${OUTPUT}`)
  return sum(rows.flatMap(({ smoke, suite }) => [smoke, suite])).unexplained > 0 ? 1 : 0
})
