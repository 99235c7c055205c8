// Installs what is missing of the programs that building and testing take, by apt-get or Homebrew,
// or with NAMEs those of scripts/prerequisites.mjs alone; for machines that are there for nothing else, such
// as those of a workflow.
import { main } from './console.mjs'
import {
  BUILD_TOOLS,
  brewPackages,
  debianPackages,
  isPresent,
  requireTools,
  SOURCE_TOOLS,
  TEST_TOOLS,
} from './prerequisites.mjs'
import { run } from './processes.mjs'

const ALL = [...BUILD_TOOLS, ...SOURCE_TOOLS, ...TEST_TOOLS]
/** Tests with these are left out where they are missing. */
const WELCOME = ['python3-aiohttp', 'python3-websockets']

function withApt(packages) {
  const command = process.getuid() === 0 ? 'env' : 'sudo'
  // RUNLEVEL=1 keeps the packages' own services from starting.
  const apt = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-q']
  run(command, [...apt, 'update'], { name: 'apt-get update' })
  const install = [...apt, 'install', '-y', '--no-install-recommends']
  run(command, [...install, ...packages], { name: 'apt-get install' })
}

await main(() => {
  const names = process.argv.slice(2)
  const tools = names.length > 0 ? names : ALL
  const missing = tools.filter((name) => !isPresent(name))
  const welcome = names.length > 0 ? [] : WELCOME
  if (process.platform === 'darwin') {
    if (missing.length > 0) run('brew', ['install', ...brewPackages(missing)])
  } else {
    const packages = [...debianPackages(missing), ...welcome]
    if (packages.length > 0) withApt(packages)
  }
  requireTools(tools)
})
