// Whether a prebuild can be loaded wherever its users are; what it lacks is named.
import { statSync } from 'node:fs'
import { Stop } from '../console.mjs'
import { needsOf } from './binaries.mjs'
import { muslExports, nodeExports } from './exports.mjs'

const BYTES = 900_000
/** The newest versions that RHEL 8, Ubuntu 20.04 and Debian 11 all have. */
export const NEWEST = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '8.0.0' }

const LIBRARIES = {
  glibc: /^(lib(c|m|dl|pthread|rt|gcc_s|stdc\+\+)\.so\.\d+|ld-linux[-\w]*\.so\.\d+)$/,
  // musl's loader takes this name for itself.
  musl: /^libc\.so$|^libc\.musl-\w+\.so\.1$/,
  darwin: /^\/usr\/lib\/lib(System|c\+\+)\.\w+\.dylib$|^\/System\/Library\/Frameworks\//,
  win32:
    /^(kernel32|ntdll|ws2_32|iphlpapi|advapi32|user32|bcrypt|crypt32|psapi|userenv|ucrtbase)\.dll$|^api-ms-win-crt-/i,
}

function isNewer(version, than) {
  const [mine, other] = [version, than].map((text) => text.split('.').map(Number))
  const at = mine.findIndex((part, index) => part !== (other[index] ?? 0))
  return at >= 0 && mine[at] > (other[at] ?? 0)
}

/** Stops at a symbol whose version the oldest system lacks; returns the newest glibc that is needed. */
export function checkVersions(name, versions) {
  let floor
  for (const { symbol, version } of versions) {
    const [, library, number] = version.match(/^([A-Z]+)_(.+)$/) ?? [undefined, version, '']
    const allowed = NEWEST[library]
    if (!allowed || isNewer(number, allowed)) {
      const most = allowed
        ? `the oldest supported systems have ${library}_${allowed}`
        : 'none has it'
      throw new Stop(`${name} needs ${symbol} of ${version}, but ${most}`)
    }
    if (library === 'GLIBC' && (!floor || isNewer(number, floor))) floor = number
  }
  return floor
}

/** Stops at a symbol that a host lacks. `hosts` are names of programs, with what each exports. */
export function checkSymbols(name, symbols, hosts) {
  for (const [host, exported] of hosts) {
    const missing = symbols.filter((symbol) => !exported.has(symbol))
    if (missing.length > 0)
      throw new Stop(`${name} needs ${missing.join(', ')}, which ${host} lacks`)
  }
}

export function checkLibraries(name, libraries, kind) {
  const strange = libraries.find((library) => !LIBRARIES[kind].test(library))
  if (strange) throw new Stop(`${name} needs ${strange}, which a system may lack`)
}

/** Stops when `file` is not fit to be the prebuild `target`, and returns what is known of it. */
export function checkPrebuild(name, target, file) {
  const { size } = statSync(file)
  if (size > BYTES) throw new Stop(`${name} has ${size} bytes, more than ${BYTES}`)
  const { symbols, versions, libraries } = needsOf(file, target.platform)
  const floor = checkVersions(name, versions)
  checkLibraries(name, libraries, target.libc ?? target.platform)
  const ofLibc = target.libc === 'musl' ? muslExports() : new Set()
  const fromNode = symbols.filter((symbol) => !ofLibc.has(symbol))
  const hosts = target.nodes.map((node) => [node, nodeExports(node, target.platform)])
  checkSymbols(name, fromNode, hosts)
  return { bytes: size, glibc: floor, symbols: fromNode.length, nodes: target.nodes }
}
