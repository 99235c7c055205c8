// Lints the packed tarball: publint for what package.json promises, attw for what types resolve to.
import { main } from './console.mjs'
import { packTarball } from './pack.mjs'
import { inRoot } from './paths.mjs'
import { run } from './processes.mjs'

const PUBLINT = ['publint', 'src', 'cli.js']
const ATTW = ['@arethetypeswrong', 'cli', 'dist', 'index.js']

function check(name, cli, args) {
  run(process.execPath, [inRoot('node_modules', ...cli), ...args], { name, cwd: inRoot() })
}

await main(() => {
  const tarball = packTarball()
  check('publint', PUBLINT, [tarball, '--strict'])
  // The oldest resolution that attw knows is from before `exports`, and Node 20 has left it behind.
  check('attw', ATTW, [tarball, '--profile', 'node16', '--no-emoji', '--format', 'ascii'])
})
