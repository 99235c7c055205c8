// Tries the package in programs that are not Node, and on the Node that Debian builds:
// `npm run test:hosts`.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { main, say } from './console.mjs'
import { debianRoot, runInRoot, whyNoRoot } from './debian-root.mjs'
import { packTarball } from './pack.mjs'
import { inRoot, root } from './paths.mjs'
import { ensurePackage } from './pinned-packages.mjs'
import { capture, runNpm } from './processes.mjs'
import { makeSmokeCertificates, smokeProgram } from './smoke.mjs'

const system = `${process.platform}-${process.arch}`

/** `packages` has the program for each system, by its path there. */
const HOSTS = [
  {
    name: 'Bun',
    version: '1.4.5',
    command: 'bun',
    ways: [[]],
    packages: {
      'linux-x64': ['@oven/bun-linux-x64', 'bin/bun'],
      'darwin-arm64': ['@oven/bun-darwin-aarch64', 'bin/bun'],
      'win32-x64': ['@oven/bun-windows-x64', 'bin/bun.exe'],
    },
  },
  {
    name: 'Deno',
    version: '2.9.6',
    command: 'deno',
    ways: [['run', '-A'], ['run']],
    packages: {
      'linux-x64': ['@deno/linux-x64-glibc', 'deno'],
      'darwin-arm64': ['@deno/darwin-arm64', 'deno'],
      'win32-x64': ['@deno/win32-x64', 'deno.exe'],
    },
  },
]

const PROGRAMS = ['refusal.mjs', 'load-file.cjs']
const project = inRoot('build', 'hosts', 'project')
const PATIENCE = 60_000

/** A project with the package as npm installs it. */
function makeProject() {
  say('installing the package')
  rmSync(project, { recursive: true, force: true })
  mkdirSync(project, { recursive: true })
  writeFileSync(path.join(project, 'package.json'), '{ "private": true }')
  for (const name of PROGRAMS) copyFileSync(inRoot('test', 'hosts', name), path.join(project, name))
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  runNpm(['install', ...quiet, '--prefix', project, packTarball()], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** The program of a host; packages keep no permissions that their archives lack. */
function programOf({ version, packages }) {
  const [name, file] = packages[system]
  const program = path.join(ensurePackage(`${name}@${version}`), file)
  chmodSync(program, 0o755)
  return program
}

function prebuild() {
  const folder = path.join(project, 'node_modules', 'lws-secure-streams', 'prebuilds')
  const file = readdirSync(path.join(folder, system)).find((name) => !name.includes('.musl.'))
  return path.join(folder, system, file)
}

/** What the program printed as JSON; `undefined` when it did not end well. */
function answer(program, args) {
  const { ok, stdout, stderr } = capture(program, args, { cwd: project, timeout: PATIENCE })
  if (!ok) console.error(`${path.basename(program)} ${args.join(' ')}: ${stderr}`)
  return ok ? JSON.parse(stdout) : undefined
}

const skipped = (host, reason) => ({ host, command: '', isGood: true, says: `skipped: ${reason}` })

function tryHost(host) {
  const name = `${host.name} ${host.version}`
  if (!host.packages[system]) return [skipped(name, `no ${host.name} is pinned for ${system}`)]
  const program = programOf(host)
  return host.ways.map((way) => {
    const { hasPolicyHalf, isRefusal, says } = answer(program, [...way, 'refusal.mjs']) ?? {}
    // In any case the loader has to say what is lacking, where it can be caught.
    const outcome = answer(program, [...host.ways[0], 'load-file.cjs', prebuild()])
    const isGood = hasPolicyHalf && isRefusal && outcome === 'throws'
    return { host: name, command: [host.command, ...way].join(' '), isGood, says }
  })
}

async function tryDebian(release) {
  const host = `nodejs of Debian ${release}`
  const reason = whyNoRoot()
  if (reason) return skipped(host, reason)
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
