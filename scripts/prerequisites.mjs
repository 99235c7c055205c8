// Says in one line which programs of the system, to build and to test with, are missing and how to
// install them.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { isMain, main, Stop } from './console.mjs'
import { capture, which } from './processes.mjs'

const CMAKE_MINIMUM = [3, 16]
const XCODE = 'xcode-select --install'

/** What provides each tool: any of `programs` will do, or `header`. */
const TOOLS = {
  cmake: { programs: ['cmake'], debian: 'cmake', macos: 'brew install cmake' },
  'a C compiler': { programs: ['cc', 'gcc', 'clang'], debian: 'gcc', macos: XCODE },
  'a C++ compiler': { programs: ['g++', 'clang++'], debian: 'g++', macos: XCODE },
  'make or ninja': { programs: ['ninja', 'make'], debian: 'make', macos: XCODE },
  'llvm-readobj': { programs: ['llvm-readobj'], debian: 'llvm', macos: 'brew install llvm' },
  tar: { programs: ['tar'], debian: 'tar', macos: XCODE },
  patch: { programs: ['patch'], debian: 'patch', macos: XCODE },
  curl: { programs: ['curl'], debian: 'curl', macos: 'brew install curl' },
  haproxy: { programs: ['haproxy'], debian: 'haproxy', macos: 'brew install haproxy' },
  h2load: { programs: ['h2load'], debian: 'nghttp2-client', macos: 'brew install nghttp2' },
  lighttpd: { programs: ['lighttpd'], debian: 'lighttpd', macos: 'brew install lighttpd' },
  mosquitto: { programs: ['mosquitto'], debian: 'mosquitto', macos: 'brew install mosquitto' },
  nginx: { programs: ['nginx'], debian: 'nginx-light', macos: 'brew install nginx' },
  openssl: { programs: ['openssl'], debian: 'openssl', macos: 'brew install openssl' },
  socat: { programs: ['socat'], debian: 'socat', macos: 'brew install socat' },
  'WebSocket++': {
    header: 'websocketpp/server.hpp',
    debian: 'libwebsocketpp-dev',
    macos: 'brew install websocketpp',
  },
  asio: { header: 'asio.hpp', debian: 'libasio-dev', macos: 'brew install asio' },
  'headers of OpenSSL': {
    header: 'openssl/ssl.h',
    debian: 'libssl-dev',
    macos: 'brew install openssl',
  },
  ...(process.platform === 'linux' && {
    ss: { programs: ['ss'], debian: 'iproute2' },
    strace: { programs: ['strace'], debian: 'strace' },
  }),
}

export const BUILD_TOOLS = ['cmake', 'a C compiler', 'a C++ compiler', 'make or ninja']
export const SOURCE_TOOLS = ['tar', 'patch']
export const TEST_TOOLS = [
  'curl',
  'haproxy',
  'h2load',
  'lighttpd',
  'mosquitto',
  'nginx',
  'openssl',
  'socat',
  ...(process.platform === 'linux' ? ['llvm-readobj', 'ss', 'strace'] : []),
]

// Debian keeps servers in sbin, which is not on an ordinary user's PATH.
const SBIN = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']
// Homebrew keeps its LLVM apart from that of Xcode.
const SYSTEM_FOLDERS = [...SBIN, '/opt/homebrew/opt/llvm/bin', '/usr/local/opt/llvm/bin']

export const INCLUDE_FOLDERS = ['/usr/include', '/usr/local/include', '/opt/homebrew/include']

/** The path of a program, also where it is installed but not on PATH. */
export const findTool = (program) => which(program, SYSTEM_FOLDERS)

export function isPresent(name) {
  const { programs, header } = TOOLS[name]
  return programs
    ? programs.some((program) => findTool(program))
    : INCLUDE_FOLDERS.some((folder) => existsSync(path.join(folder, header)))
}

export const debianPackages = (names) => names.map((name) => TOOLS[name].debian)

function howToInstall(names) {
  const packages = debianPackages(names).join(' ')
  if (process.platform === 'darwin') {
    return [...new Set(names.map((name) => TOOLS[name].macos))].join(' && ')
  }
  if (which('apt-get')) return `apt-get install ${packages}`
  return `install ${packages} with your package manager`
}

function checkCmakeVersion() {
  const { stdout } = capture('cmake', ['--version'])
  const [, major, minor] = (stdout.match(/version (\d+)\.(\d+)/) ?? []).map(Number)
  const [needMajor, needMinor] = CMAKE_MINIMUM
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return
  throw new Stop(`cmake ${CMAKE_MINIMUM.join('.')} or later is needed, this is ${major}.${minor}`)
}

/** Throws a Stop whose one line names every one of the tools that is missing. */
export function requireTools(names) {
  const missing = names.filter((name) => !isPresent(name))
  if (missing.length > 0) {
    const list = new Intl.ListFormat('en').format(missing)
    const verb = missing.length > 1 ? 'are' : 'is'
    throw new Stop(`${list} ${verb} missing: ${howToInstall(missing)}`)
  }
  if (names.includes('cmake')) checkCmakeVersion()
}

if (isMain(import.meta.url)) {
  await main(() => requireTools([...BUILD_TOOLS, ...SOURCE_TOOLS, ...TEST_TOOLS]))
}
