// Installs a packed tarball in an empty project, as users do, and runs the smoke on it:
// `npm run test:tarball`, or `-- TARBALL` for one that was packed elsewhere.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { main, Stop, say } from './console.mjs'
import { packTarball } from './pack.mjs'
import { inRoot } from './paths.mjs'
import { capture, run, runNpm } from './processes.mjs'
import { makeSmokeCertificates, smokeProgram } from './smoke.mjs'

function packHere() {
  run(process.execPath, [inRoot('scripts', 'ready.mjs')])
  return packTarball()
}

function install(tarball, project) {
  writeFileSync(path.join(project, 'package.json'), '{ "private": true }')
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  runNpm(['install', '--ignore-scripts=false', ...quiet, tarball], { cwd: project })
  return path.join(project, 'node_modules', 'lws-secure-streams')
}

function requirePrebuild(installed) {
  const doctor = path.join(installed, 'dist', 'cli', 'main.mjs')
  const { stdout, stderr } = capture(process.execPath, [doctor, 'doctor', '--json'])
  if (!stdout) throw new Stop(`lws-ss doctor: ${stderr}`)
  const { addon } = JSON.parse(stdout)
  if (addon.origin !== 'prebuild')
    throw new Stop(`no prebuild was loaded: ${JSON.stringify(addon)}`)
}

await main(async () => {
  const { positionals } = parseArgs({ allowPositionals: true })
  const tarball = path.resolve(positionals[0] ?? packHere())
  const project = mkdtempSync(path.join(tmpdir(), 'lws-tarball-'))
  try {
    const installed = install(tarball, project)
    requirePrebuild(installed)
    say(`the smoke on ${path.basename(tarball)}`)
    const certificates = await makeSmokeCertificates()
    run(process.execPath, [smokeProgram, installed, certificates], { name: 'the smoke' })
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
})
