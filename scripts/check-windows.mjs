// Compiles native/ for Windows with MinGW, and links nothing: `npm run check:windows`.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { main, Stop, say } from './console.mjs'
import { ensureLwsSource } from './lws-source.mjs'
import { findNodeHeaders } from './node-headers.mjs'
import { inRoot, root } from './paths.mjs'
import { capture, which } from './processes.mjs'

const folder = inRoot('build', 'windows')
const compiler = (language) => `x86_64-w64-mingw32-${language}-posix`

function configure(source) {
  const definitions = {
    CMAKE_SYSTEM_NAME: 'Windows',
    CMAKE_C_COMPILER: compiler('gcc'),
    CMAKE_CXX_COMPILER: compiler('g++'),
    CMAKE_EXPORT_COMPILE_COMMANDS: 'ON',
    CMAKE_BUILD_TYPE: 'Release',
    NODE_HEADERS_DIR: findNodeHeaders(),
    LWS_SOURCE_DIR: source,
  }
  const args = Object.entries(definitions).map(([name, value]) => `-D${name}=${value}`)
  const result = capture('cmake', ['-S', root, '-B', folder, '-G', 'Ninja', ...args])
  if (!result.ok) throw new Stop(`CMake failed: ${result.stderr}`)
}

/** How each of our own files is compiled. */
function ownCommands() {
  const all = JSON.parse(readFileSync(path.join(folder, 'compile_commands.json'), 'utf8'))
  const ours = [inRoot('native'), inRoot('test', 'unit')]
  return all.filter(({ file }) => ours.some((where) => file.startsWith(where + path.sep)))
}

await main(async () => {
  for (const tool of ['cmake', 'ninja', compiler('g++')]) {
    if (!which(tool)) {
      throw new Stop(`${tool} is missing: apt-get install cmake ninja-build g++-mingw-w64-x86-64`)
    }
  }
  configure(await ensureLwsSource())
  const commands = ownCommands()
  const failed = commands.filter(({ command, directory, file }) => {
    const { ok, stderr } = capture('/bin/sh', ['-c', `${command} -fsyntax-only`], {
      cwd: directory,
    })
    if (stderr) console.error(`${path.relative(root, file)}:\n${stderr}`)
    return !ok
  })
  say(`${commands.length - failed.length} of ${commands.length} files compile for Windows`)
  return failed.length > 0 ? 1 : 0
})
