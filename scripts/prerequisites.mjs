// Says in one line which programs of the system, to build and to test with, are missing and how to
// install them.
import path from 'node:path'
import { hasVisualStudio, hasXcodeTools } from './compilers.mjs'
import { isMain, main, Stop } from './console.mjs'
import { INSTALL, linuxOf, thisSystem } from './systems.mjs'

const CMAKE_MINIMUM = [3, 16]
const XCODE = 'xcode-select --install'
const VISUAL_STUDIO =
  'install Visual Studio 2022, or its Build Tools, with the workload "Desktop development with C++"'
const GIT = 'install Git for Windows, and put its usr\\bin on the PATH'

/**
 * What provides each tool: any of `programs` will do, or `header`. A package is named for all Linuxes,
 * or for each.
 */
const TOOLS = {
  cmake: {
    programs: ['cmake'],
    linux: 'cmake',
    macos: 'brew install cmake',
    windows: 'winget install Kitware.CMake',
  },
  'a C compiler': {
    programs: ['cc', 'gcc', 'clang'],
    isCompiler: true,
    linux: { other: 'gcc', alpine: 'build-base' },
  },
  'a C++ compiler': {
    programs: ['g++', 'clang++'],
    isCompiler: true,
    linux: { other: 'g++', alpine: 'build-base', fedora: 'gcc-c++', arch: 'gcc', suse: 'gcc-c++' },
  },
  'make or ninja': {
    programs: ['ninja', 'make'],
    isCompiler: true,
    linux: { other: 'make', alpine: 'build-base' },
  },
  // Elsewhere they come with the compilers.
  'the headers of Linux': { header: 'linux/if_packet.h', linux: 'linux-headers' },
  'llvm-readobj': { programs: ['llvm-readobj'], linux: 'llvm', macos: 'brew install llvm' },
  tar: { programs: ['tar'], linux: 'tar', macos: XCODE, windows: GIT },
  patch: { programs: ['patch'], linux: 'patch', macos: XCODE, windows: GIT },
  curl: { programs: ['curl'], linux: 'curl', macos: 'brew install curl' },
  haproxy: { programs: ['haproxy'], linux: 'haproxy', macos: 'brew install haproxy' },
  h2load: { programs: ['h2load'], linux: 'nghttp2-client', macos: 'brew install nghttp2' },
  lighttpd: { programs: ['lighttpd'], linux: 'lighttpd', macos: 'brew install lighttpd' },
  mosquitto: { programs: ['mosquitto'], linux: 'mosquitto', macos: 'brew install mosquitto' },
  nginx: {
    programs: ['nginx'],
    linux: { other: 'nginx', debian: 'nginx-light' },
    macos: 'brew install nginx',
  },
  openssl: { programs: ['openssl'], linux: 'openssl', macos: 'brew install openssl' },
  socat: { programs: ['socat'], linux: 'socat', macos: 'brew install socat' },
  'WebSocket++': {
    header: 'websocketpp/server.hpp',
    linux: 'libwebsocketpp-dev',
    macos: 'brew install websocketpp',
  },
  asio: { header: 'asio.hpp', linux: 'libasio-dev', macos: 'brew install asio' },
  'headers of OpenSSL': {
    header: 'openssl/ssl.h',
    linux: 'libssl-dev',
    macos: 'brew install openssl',
  },
  ss: { programs: ['ss'], linux: 'iproute2' },
  strace: { programs: ['strace'], linux: 'strace' },
  valgrind: { programs: ['valgrind'], linux: 'valgrind' },
}

export function buildTools({ platform, osRelease }) {
  if (platform === 'win32') return ['cmake', 'a C++ compiler']
  const all = ['cmake', 'a C compiler', 'a C++ compiler', 'make or ninja']
  const isAlpine = platform === 'linux' && linuxOf(osRelease) === 'alpine'
  return isAlpine ? [...all, 'the headers of Linux'] : all
}

export const BUILD_TOOLS = buildTools(thisSystem)
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
  ...(process.platform === 'linux' ? ['llvm-readobj', 'ss', 'strace', 'valgrind'] : []),
]

// Debian keeps servers in sbin, which is not on an ordinary user's PATH.
const SBIN = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']
// Homebrew keeps its LLVM apart from that of Xcode.
const SYSTEM_FOLDERS = [...SBIN, '/opt/homebrew/opt/llvm/bin', '/usr/local/opt/llvm/bin']

export const INCLUDE_FOLDERS = ['/usr/include', '/usr/local/include', '/opt/homebrew/include']

/** The path of a program, also where it is installed but not on PATH. */
export const findTool = (program, { which } = thisSystem) => which(program, SYSTEM_FOLDERS)

export function isPresent(name, system = thisSystem) {
  const { programs, header, isCompiler } = TOOLS[name]
  if (isCompiler && system.platform === 'win32') return hasVisualStudio(system)
  if (isCompiler && system.platform === 'darwin' && !hasXcodeTools(system)) return false
  return programs
    ? programs.some((program) => findTool(program, system))
    : INCLUDE_FOLDERS.some((folder) => system.exists(path.posix.join(folder, header)))
}

function packageOf(name, linux) {
  const { linux: packages } = TOOLS[name]
  return typeof packages === 'string' ? packages : (packages[linux] ?? packages.other)
}

const packagesOf = (names, linux) => [...new Set(names.map((name) => packageOf(name, linux)))]

export const debianPackages = (names) => packagesOf(names, 'debian')

/** Without what comes with Xcode. */
export const brewPackages = (names) =>
  names.map((name) => TOOLS[name].macos?.match(/^brew install (\S+)$/)?.[1]).filter(Boolean)

function howToInstall(names, { platform, osRelease }) {
  const distinct = (remedies, separator) => [...new Set(remedies)].join(separator)
  if (platform === 'darwin')
    return distinct(
      names.map((name) => TOOLS[name].macos ?? XCODE),
      ' && ',
    )
  if (platform === 'win32')
    return distinct(
      names.map((name) => TOOLS[name].windows ?? VISUAL_STUDIO),
      '; ',
    )
  const linux = linuxOf(osRelease)
  const packages = packagesOf(names, linux).join(' ')
  return linux ? `${INSTALL[linux]} ${packages}` : `install ${packages} with your package manager`
}

function checkCmakeVersion({ capture }) {
  const { stdout } = capture('cmake', ['--version'])
  const [, major, minor] = (stdout.match(/version (\d+)\.(\d+)/) ?? []).map(Number)
  const [needMajor, needMinor] = CMAKE_MINIMUM
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return
  throw new Stop(`cmake ${CMAKE_MINIMUM.join('.')} or later is needed, this is ${major}.${minor}`)
}

/** Throws a Stop whose one line names every one of the tools that is missing. */
export function requireTools(names, system = thisSystem) {
  const missing = names.filter((name) => !isPresent(name, system))
  if (missing.length > 0) {
    const list = new Intl.ListFormat('en').format(missing)
    const verb = missing.length > 1 || missing[0].startsWith('the headers') ? 'are' : 'is'
    throw new Stop(`${list} ${verb} missing: ${howToInstall(missing, system)}`)
  }
  if (names.includes('cmake')) checkCmakeVersion(system)
}

if (isMain(import.meta.url)) {
  await main(() => requireTools([...BUILD_TOOLS, ...SOURCE_TOOLS, ...TEST_TOOLS]))
}
