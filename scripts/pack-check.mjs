// Lints the packed tarball: its size, publint for what package.json promises, attw for what types
// resolve to.
import { statSync } from 'node:fs'
import { main, Stop } from './console.mjs'
import { packTarball } from './pack.mjs'
import { inRoot } from './paths.mjs'
import { run } from './processes.mjs'

const BYTES = 6_000_000
const PUBLINT = ['publint', 'src', 'cli.js']
const ATTW = ['@arethetypeswrong', 'cli', 'dist', 'index.js']

function check(name, cli, args) {
  run(process.execPath, [inRoot('node_modules', ...cli), ...args], { name, cwd: inRoot() })
}

await main(() => {
  const tarball = packTarball()
  const { size } = statSync(tarball)
  if (size > BYTES) throw new Stop(`${tarball} has ${size} bytes, more than ${BYTES}`)
  check('publint', PUBLINT, [tarball, '--strict'])
  // The oldest resolution that attw knows is from before `exports`, and Node 20 has left it behind.
  check('attw', ATTW, [tarball, '--profile', 'node16', '--no-emoji', '--format', 'ascii'])
})
