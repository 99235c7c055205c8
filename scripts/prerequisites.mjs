// Says which programs of the system are missing, one line each, naming the package that brings them.
import { isMain, main, Stop } from './console.mjs'
import { capture, which } from './processes.mjs'

const CMAKE_MINIMUM = [3, 16]

/** What provides each tool: any of `programs` will do. */
const TOOLS = {
  cmake: { programs: ['cmake'], debian: 'cmake', macos: 'brew install cmake' },
  'a C compiler': {
    programs: ['cc', 'gcc', 'clang'],
    debian: 'gcc',
    macos: 'xcode-select --install',
  },
  'a C++ compiler': {
    programs: ['g++', 'clang++'],
    debian: 'g++',
    macos: 'xcode-select --install',
  },
  'make or ninja': { programs: ['ninja', 'make'], debian: 'make', macos: 'xcode-select --install' },
  tar: { programs: ['tar'], debian: 'tar', macos: 'xcode-select --install' },
  patch: { programs: ['patch'], debian: 'patch', macos: 'xcode-select --install' },
}

const BUILD_TOOLS = ['cmake', 'a C compiler', 'a C++ compiler', 'make or ninja']

function howToInstall(tool) {
  if (process.platform === 'darwin') return tool.macos
  if (which('apt-get')) return `apt-get install ${tool.debian}`
  return `install ${tool.debian} with your package manager`
}

const isPresent = (tool) => tool.programs.some(which)

function oldCmake() {
  const [, major, minor] =
    capture('cmake', ['--version']).stdout.match(/version (\d+)\.(\d+)/) ?? []
  const [needMajor, needMinor] = CMAKE_MINIMUM
  if (Number(major) > needMajor || (Number(major) === needMajor && Number(minor) >= needMinor))
    return undefined
  return `cmake ${CMAKE_MINIMUM.join('.')} or later is needed, this one is ${major}.${minor}`
}

/** Throws a Stop that has one line for each of the named tools that is missing. */
export function requireTools(names) {
  const lines = names
    .filter((name) => !isPresent(TOOLS[name]))
    .map((name) => `${name} is missing: ${howToInstall(TOOLS[name])}`)
  const old = names.includes('cmake') && which('cmake') ? oldCmake() : undefined
  if (old) lines.push(old)
  if (lines.length > 0) throw new Stop(lines.join('\n'))
}

export const requireBuildTools = () => requireTools(BUILD_TOOLS)

if (isMain(import.meta.url)) await main(() => requireTools(Object.keys(TOOLS)))
