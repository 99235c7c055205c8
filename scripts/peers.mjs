// The servers and tools of the system that tests, benchmarks and the demo talk to.
import { existsSync } from 'node:fs'
import { say } from './console.mjs'
import { debianPackages, isPresent, requireTools, TEST_TOOLS } from './prerequisites.mjs'
import { capture, which } from './processes.mjs'

function installOnDebian(packages) {
  // RUNLEVEL=1 keeps the packages' own services from starting.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const install = () =>
    capture('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env }).ok
  say(`installing ${packages.join(', ')} with apt-get`)
  if (!install()) {
    capture('apt-get', ['update'], { env })
    install()
  }
}

/** Installs those that are missing where that needs no question asked, else names them. */
export function ensurePeers(names = TEST_TOOLS) {
  const missing = names.filter((name) => !isPresent(name))
  if (missing.length === 0) return
  const mayInstall =
    process.getuid?.() === 0 && existsSync('/etc/debian_version') && which('apt-get')
  if (mayInstall) installOnDebian(debianPackages(missing))
  requireTools(names)
}
