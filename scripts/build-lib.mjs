// Compiles lib/ into dist/: CommonJS and ES modules, with their types.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Stop, say } from './console.mjs'
import { inRoot } from './paths.mjs'
import { hasStamp, stateOf, writeStamp } from './stamp.mjs'

const stamp = inRoot('build', 'lib.stamp')

const currentState = () =>
  stateOf(['lib', 'tsconfig.json', 'package.json', 'package-lock.json'].map((name) => inRoot(name)))

/** Output whose source is gone would be published, and found by imports that should fail. */
function removeOrphans() {
  const dist = inRoot('dist')
  if (!existsSync(dist)) return
  for (const name of readdirSync(dist, { recursive: true })) {
    const source = name.replace(/(\.d)?\.(m?)(js|ts)$/, '.$2ts')
    const isOutput = /\.m?(js|ts)$/.test(name)
    if (isOutput && !existsSync(inRoot('lib', source))) rmSync(path.join(dist, name))
  }
}

/** Runs the TypeScript compiler, whose own messages say what is wrong. */
export function tsc(args) {
  const compiler = inRoot('node_modules', 'typescript', 'bin', 'tsc')
  const result = spawnSync(process.execPath, [compiler, ...args], {
    cwd: inRoot(),
    stdio: 'inherit',
  })
  if (result.status !== 0) throw new Stop(`tsc ${args.join(' ')}: the types are wrong (see above)`)
}

/** The schema as a file, which editors find by the `$schema` of a policy. */
function writeSchema() {
  const folder = inRoot('dist', 'policy')
  const { policySchema } = createRequire(import.meta.url)(path.join(folder, 'form', 'schema.js'))
  writeFileSync(path.join(folder, 'policy.schema.json'), `${JSON.stringify(policySchema)}\n`)
}

export function buildLib() {
  const state = currentState()
  if (existsSync(inRoot('dist', 'index.js')) && hasStamp(stamp, state)) return
  say('compiling lib/ to dist/')
  removeOrphans()
  tsc(['-p', 'tsconfig.json'])
  writeSchema()
  // As npm does when it installs the package, so that the command runs from a clone too.
  chmodSync(inRoot('dist', 'cli', 'main.mjs'), 0o755)
  writeStamp(stamp, state)
}
