// The compiler for all prebuilds: zig, which is clang with the headers and libraries of each system.
import { chmodSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { Stop } from '../console.mjs'
import { inRoot } from '../paths.mjs'
import { ensurePackage } from '../pinned-packages.mjs'
import { capture } from '../processes.mjs'
import { hasStamp, writeStamp } from '../stamp.mjs'
import { nodeExports, ZIG } from './exports.mjs'

const MACOS_NAME = '@rpath/lws-secure-streams.node'

export const zigRunsHere = () => process.platform === 'linux' && process.arch === 'x64'

const cacheVariables = () => ({ ZIG_GLOBAL_CACHE_DIR: inRoot('build', 'tools', 'zig-cache') })

function writeProgram(file, lines) {
  const text = `#!/bin/sh\n${lines.join('\n')}\n`
  // ccache knows a compiler by its time.
  if (hasStamp(file, text)) return
  writeStamp(file, text)
  chmodSync(file, 0o755)
}

function compilerLines(command, { zig, system, flags = [] }) {
  const options = ['-target', zig, ...flags].join(' ')
  const call = `exec ${command} ${options} "$@"`
  if (system !== 'Darwin') return [call]
  // Its linker makes no bundles, and would take the file's path for the name of a library.
  return [
    'for one do',
    '  shift',
    `  [ "$one" = -bundle ] && set -- "$@" -dynamiclib -install_name ${MACOS_NAME} || set -- "$@" "$one"`,
    'done',
    call,
  ]
}

/** Makes the programs that cmake/cross.cmake names, and returns their folder. */
export function makeTools(target, folder) {
  const zig = path.join(ensurePackage(ZIG), 'zig')
  const cache = Object.entries(cacheVariables()).map(([name, value]) => `export ${name}='${value}'`)
  mkdirSync(folder, { recursive: true })
  const programs = {
    cc: compilerLines(`'${zig}' cc`, target),
    'c++': compilerLines(`'${zig}' c++`, target),
  }
  for (const name of ['ar', 'ranlib']) programs[name] = [`exec '${zig}' ${name} "$@"`]
  for (const [name, lines] of Object.entries(programs)) {
    writeProgram(path.join(folder, name), [...cache, ...lines])
  }
  return folder
}

/** Makes the library by which an addon for Windows is linked with what node.exe exports. */
export function makeImportLibrary(target, folder) {
  const zig = path.join(ensurePackage(ZIG), 'zig')
  const names = [...nodeExports(target.nodes[0], target.platform)].filter((name) =>
    /^\w+$/.test(name),
  )
  const definitions = path.join(folder, 'node.def')
  const library = path.join(folder, 'libnode.a')
  writeStamp(definitions, `LIBRARY node.exe\nEXPORTS\n${names.join('\n')}\n`)
  const args = ['dlltool', '-m', target.machine, '-D', 'node.exe', '-d', definitions, '-l', library]
  const result = capture(zig, args, { env: { ...process.env, ...cacheVariables() } })
  if (!result.ok) throw new Stop(`no import library of node.exe: ${result.stderr.trim()}`)
  return library
}
