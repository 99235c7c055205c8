// Tries the package in programs that are not Node, and on the Node that Debian builds:
// `npm run test:hosts`.
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { main, say } from './console.mjs'
import { debianRoot, runInRoot, whyNoRoot } from './debian-root.mjs'
import { packTarball } from './pack.mjs'
import { inRoot, root } from './paths.mjs'
import { capture, runNpm } from './processes.mjs'
import { makeSmokeCertificates, smokeProgram } from './smoke.mjs'

const HOSTS = [
  { name: 'Bun', version: '1.4.5', package: 'bun', folder: '@oven', ways: [[]] },
  {
    name: 'Deno',
    version: '2.9.6',
    package: 'deno',
    folder: '@deno',
    ways: [['run', '-A'], ['run']],
  },
]

const PROGRAMS = ['refusal.mjs', 'load-file.cjs']
const project = inRoot('build', 'hosts', 'project')
const PATIENCE = 60_000

/** A project with the package as npm installs it, and with the hosts. */
function makeProject() {
  say('fetching Bun and Deno, and installing the package beside them')
  const modules = path.join(project, 'node_modules')
  rmSync(path.join(modules, 'lws-secure-streams'), { recursive: true, force: true })
  mkdirSync(project, { recursive: true })
  writeFileSync(path.join(project, 'package.json'), '{ "private": true }')
  for (const name of PROGRAMS) copyFileSync(inRoot('test', 'hosts', name), path.join(project, name))
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const packages = HOSTS.map((host) => `${host.package}@${host.version}`)
  runNpm(['install', ...quiet, '--prefix', project, packTarball(), ...packages], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** The program of a host, which is in the package for this platform. */
function programOf({ name, folder }) {
  const scope = path.join(project, 'node_modules', folder)
  const isProgram = new RegExp(`(^|[/\\\\])${name}(\\.exe)?$`, 'i')
  const file = readdirSync(scope, { recursive: true }).find((each) => isProgram.test(each))
  return path.join(scope, file)
}

function prebuild() {
  const folder = path.join(project, 'node_modules', 'lws-secure-streams', 'prebuilds')
  const [file] = readdirSync(path.join(folder, `${process.platform}-${process.arch}`))
  return path.join(folder, `${process.platform}-${process.arch}`, file)
}

/** What the program printed as JSON; `undefined` when it did not end well. */
function answer(program, args) {
  const { ok, stdout, stderr } = capture(program, args, { cwd: project, timeout: PATIENCE })
  if (!ok) console.error(`${path.basename(program)} ${args.join(' ')}: ${stderr}`)
  return ok ? JSON.parse(stdout) : undefined
}

function tryHost(host) {
  const program = programOf(host)
  return host.ways.map((way) => {
    const { hasPolicyHalf, isRefusal, says } = answer(program, [...way, 'refusal.mjs']) ?? {}
    // In any case the loader has to say what is lacking, where it can be caught.
    const outcome = answer(program, [...host.ways[0], 'load-file.cjs', prebuild()])
    const isGood = hasPolicyHalf && isRefusal && outcome === 'throws'
    const command = [host.package, ...way].join(' ')
    return { host: `${host.name} ${host.version}`, command, isGood, says }
  })
}

async function tryDebian(release) {
  const host = `nodejs of Debian ${release}`
  const reason = whyNoRoot()
  if (reason) return { host, command: '', isGood: true, says: `skipped: ${reason}` }
  const certificates = await makeSmokeCertificates()
  const { ok, stdout, stderr } = runInRoot(debianRoot(release), [smokeProgram, root, certificates])
  const lines = stdout.trimEnd().split('\n')
  const failed = lines.filter((line) => line.startsWith('FAIL'))
  const says = ok ? `${lines.length - 1} checks pass: ${lines[0]}` : [...failed, stderr].join(' ')
  return { host, command: 'smoke.mjs', isGood: ok, says }
}

await main(async () => {
  makeProject()
  const rows = [...HOSTS.flatMap(tryHost), await tryDebian('trixie')]
  for (const { host, command, isGood, says } of rows)
    console.log(`${isGood ? 'ok  ' : 'FAIL'}  ${host}  ${command}\n      ${says}`)
  return rows.every(({ isGood }) => isGood) ? 0 : 1
})
