// Builds the addon with CMake, driven by cmake-js: build/Release/lws_secure_streams.node.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { isMain, main, Stop, say } from './console.mjs'
import { withBuildLock } from './lock.mjs'
import { ensureLwsSource } from './lws-source.mjs'
import { findNodeHeaders } from './node-headers.mjs'
import { inRoot, lwsSourceFolder, root } from './paths.mjs'
import { BUILD_TOOLS, requireTools } from './prerequisites.mjs'
import { capture, npmCommand } from './processes.mjs'
import { hasStamp, stateOf, writeStamp } from './stamp.mjs'
import { thisSystem } from './systems.mjs'

/** Each kind of build has folders of its own, so that switching between them rebuilds nothing. */
const KINDS = {
  release: { product: ['build', 'Release'], work: ['build', 'native'], config: 'Release' },
  debug: { product: ['build', 'Debug'], work: ['build', 'native-debug'], config: 'Debug' },
  sanitize: { product: ['build', 'asan'], work: ['build', 'native-asan'], config: 'Debug' },
}

export const addonFile = (kind = 'release') =>
  inRoot(...KINDS[kind].product, 'lws_secure_streams.node')

/** cmake-js as installed for development, or as npm fetches it for a user who builds the package. */
function cmakeJs() {
  const require = createRequire(import.meta.url)
  try {
    const manifest = require.resolve('cmake-js/package.json')
    return [process.execPath, path.join(path.dirname(manifest), 'bin', 'cmake-js')]
  } catch {
    const { devDependencies } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
    const wanted = `cmake-js@${devDependencies['cmake-js']}`
    return [...npmCommand(), 'exec', '--yes', `--package=${wanted}`, '--', 'cmake-js']
  }
}

/** As CMake takes it: Visual Studio's build adds a folder of its own, unless the name is an expression. */
const asExpression = (folder) => `$<1:${folder.split(path.sep).join('/')}>`

/** Ninja finds Visual Studio's compiler in the prompt of Visual Studio alone. */
const usesNinja = ({ platform, which }) =>
  Boolean(which('ninja') && (platform !== 'win32' || which('cl')))

/** What the build is configured with; `headers` is the folder of Node's. */
export function configureArguments(kind, source, headers, system = thisSystem) {
  const { product, config } = KINDS[kind]
  const definitions = {
    NODE_HEADERS_DIR: headers,
    LWS_SOURCE_DIR: source,
    LWS_SS_SANITIZE: kind === 'sanitize' ? 'ON' : 'OFF',
    CMAKE_LIBRARY_OUTPUT_DIRECTORY: asExpression(inRoot(...product)),
    CMAKE_BUILD_TYPE: config,
  }
  return [
    ...(usesNinja(system) ? ['-G', 'Ninja'] : []),
    ...Object.entries(definitions).map(([name, value]) => `--CD${name}=${value}`),
  ]
}

/** The files and folders that an addon is made of. */
export function inputs() {
  const names = [
    'CMakeLists.txt',
    'cmake',
    'native',
    'test/unit/exchange/native',
    'test/unit/loop/native',
    'package.json',
    'package-lock.json',
  ]
  return [...names.map((name) => inRoot(name)), lwsSourceFolder]
}

// Progress, and what a configuration finds, are no help to somebody who looks for an error.
const isProgress = (line) => /^(\[\s*\d+[/%]|-- |ERROR OMG)/.test(line)

/** The compiler's words on our own code, which a quiet build must not swallow. */
function ownWarnings(output) {
  return output.split('\n').filter((line) => /\bnative\/.*(warning|note):/.test(line))
}

function runCmakeJs(command, kind, args, verbose) {
  const { work, config } = KINDS[kind]
  const [program, ...first] = cmakeJs()
  const mode = config === 'Debug' ? ['--debug'] : []
  const folders = ['--directory', root, '--out', inRoot(...work)]
  const all = [...first, command, ...folders, ...mode, '--log-level', 'error', ...args]
  const result = capture(program, all, verbose ? { stdio: 'inherit' } : {})
  const output = result.stdout + result.stderr
  writeFileSync(inRoot(...work, `${command}.log`), output)
  if (!result.ok) {
    const lines = output.split('\n').filter((line) => !isProgress(line))
    process.stderr.write(`${lines.join('\n').trim()}\n`)
    throw new Stop(`the addon's ${command} step failed (see above)`)
  }
  for (const line of ownWarnings(output)) console.error(line)
}

function build(kind, args, state, verbose) {
  const { work } = KINDS[kind]
  const folder = inRoot(...work)
  const settings = path.join(folder, 'configured')
  mkdirSync(folder, { recursive: true })
  if (!hasStamp(settings, JSON.stringify(args))) {
    // A cache of another generator or compiler cannot be configured again.
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    say(`configuring libwebsockets and the addon (${kind}): some ten seconds`)
    runCmakeJs('configure', kind, args, verbose)
    writeStamp(settings, JSON.stringify(args))
  }
  say(`building libwebsockets and the addon (${kind}): up to a minute when all is new`)
  runCmakeJs('build', kind, ['--parallel', String(availableParallelism())], verbose)
  if (!existsSync(addonFile(kind))) throw new Stop(`the build made no ${addonFile(kind)}`)
  writeStamp(path.join(folder, 'built'), state)
}

/** Builds the addon if anything that goes into it has changed, and returns its path. */
export async function buildNative({ kind = 'release', verbose = false } = {}) {
  // Said before anything is downloaded.
  if (!existsSync(addonFile(kind))) requireTools(BUILD_TOOLS)
  const source = await ensureLwsSource()
  const args = configureArguments(kind, source, findNodeHeaders())
  const state = stateOf(inputs(), args)
  const stamp = inRoot(...KINDS[kind].work, 'built')
  // Only CMake knows what has changed in a source tree that somebody else looks after.
  const isOurs = source === lwsSourceFolder
  if (isOurs && existsSync(addonFile(kind)) && hasStamp(stamp, state)) return addonFile(kind)
  requireTools(BUILD_TOOLS)
  build(kind, args, state, verbose)
  return addonFile(kind)
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values } = parseArgs({
      options: {
        debug: { type: 'boolean' },
        sanitize: { type: 'boolean' },
        verbose: { type: 'boolean' },
      },
    })
    const kind = values.sanitize ? 'sanitize' : values.debug ? 'debug' : 'release'
    const file = await withBuildLock(() => buildNative({ kind, verbose: values.verbose }))
    say(`the addon is ${path.relative(process.cwd(), file)}`)
  })
}
