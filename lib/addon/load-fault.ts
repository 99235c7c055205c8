/** Says in one sentence why the addon was not loaded, and what to do about it. */
import { type Host, systemName, type Versions } from './host.js'

/** What was tried, where it failed. */
export interface Attempt {
  /** The addon; the folder in which none was found. */
  readonly file: string
  readonly origin: Origin
  /** The command that builds the addon for this system. */
  readonly build: string
  /** Whether a bundler has put the library into a file of its own. */
  readonly isBundled?: boolean
}

/**
 * Whether `LWS_SECURE_STREAMS_ADDON` names the addon, or it is a prebuild, was built here, or is the one that the
 * program has imported by its platform.
 */
export type Origin = 'chosen' | 'prebuild' | 'local build' | 'bundle'

/** The OpenSSL that prebuilds are made for. */
const OPENSSL = '3'

/** Why a prebuild must not be loaded, although it might have all its symbols. */
export function prebuildMismatch(versions: Versions, build: string): string | undefined {
  const { node, openssl = '' } = versions
  if (openssl.split('.')[0] === OPENSSL) return undefined
  return (
    `Node ${node} has OpenSSL ${openssl}, and the prebuilt addon is for OpenSSL ${OPENSSL}: ` +
    `run the program with another Node, or build the addon for this one: ${build}`
  )
}

interface Words {
  readonly code: string | undefined
  /** The first line of what the system, or Node, says. */
  readonly says: string
  readonly resource: string | undefined
}

function wordsOf(error: unknown): Words {
  const { code, message, resource } = Object(error) as Record<string, unknown>
  return {
    code: typeof code === 'string' ? code : undefined,
    says: String(message ?? error).split(/\r?\n/, 1)[0] as string,
    resource: typeof resource === 'string' ? resource : undefined,
  }
}

type Rule = (words: Words, attempt: Attempt, host: Host) => string | undefined

const ofNode = ({ versions }: Host) => `Node ${versions.node}`

/** The setting of npm that has another platform's addon looked for. */
function foreignSetting({ env, platform, arch }: Host): string | undefined {
  for (const [name, actual] of [
    ['npm_config_arch', arch],
    ['npm_config_platform', platform],
  ] as const)
    if (env[name] && env[name] !== actual)
      return `unset the environment variable ${name}, which says ${env[name]}`
  return undefined
}

function anotherAddon({ origin, build }: Attempt): string {
  if (origin === 'bundle')
    return 'import the platform that the program runs on, as docs/bundling.md says'
  return origin === 'chosen'
    ? 'let LWS_SECURE_STREAMS_ADDON name another, or unset it'
    : `build the addon for this system: ${build}`
}

const denied: Rule = ({ code, says, resource }, { file }, host) => {
  const isHidden = host.permission?.has('fs.read', file) === false
  const unread =
    code === 'ERR_ACCESS_DENIED' ? resource : isHidden && says.startsWith(NONE) ? file : undefined
  if (unread !== undefined)
    return (
      `${ofNode(host)} runs with --permission and may not read ${unread}, which it takes to find the addon: ` +
      `start it with --allow-fs-read=${unread}, too`
    )
  if (code !== 'ERR_DLOPEN_DISABLED') return undefined
  return host.permission
    ? `${ofNode(host)} runs with --permission and loads no addon: start it with --allow-addons, too`
    : `${ofNode(host)} runs with --no-addons and loads no addon: start it without`
}

// By node-gyp-build.
const NONE = 'No native build was found'

const missing: Rule = ({ code, says }, attempt, host) => {
  const { file, origin, isBundled } = attempt
  if (origin === 'chosen' && code === 'MODULE_NOT_FOUND')
    return `LWS_SECURE_STREAMS_ADDON names ${file}, which is not there: let it name an addon for ${systemName(host)}, or unset it`
  if (origin === 'bundle' && code === 'MODULE_NOT_FOUND')
    return `the addon of ${file} is not there: bundle the program again where the package is installed`
  if (isBundled && code === 'MODULE_NOT_FOUND')
    return (
      `this program is a bundle, and its addon for ${systemName(host)} is not at ${file}: ` +
      'copy the folder prebuilds of lws-secure-streams to where the bundle is, or import the platform, as docs/bundling.md says'
    )
  if (!says.startsWith(NONE)) return undefined
  const remedy = foreignSetting(host) ?? anotherAddon(attempt)
  return `there is no addon for ${systemName(host)} (${ofNode(host)}) in ${file}: ${remedy}`
}

const FOREIGN =
  /invalid ELF header|wrong ELF class|file too short|Exec format error|incompatible architecture|not a mach-o file|not a valid Win32 application/i

const foreign: Rule = ({ says }, attempt, host) => {
  const { file } = attempt
  // glibc says so of a file that is there, but of another processor.
  const isPassedOver = says === `${file}: cannot open shared object file: No such file or directory`
  if (!isPassedOver && !FOREIGN.test(says)) return undefined
  const remedy = foreignSetting(host) ?? anotherAddon(attempt)
  return `${file} is no addon for ${systemName(host)} (${ofNode(host)}): ${remedy}`
}

const otherLibc: Rule = (_, attempt, host) => {
  const { file } = attempt
  const [, wanted] = /\.(glibc|musl)\.[^/\\]*$/.exec(file) ?? []
  if (!wanted || !host.libc || host.libc.startsWith(wanted)) return undefined
  return `${file} is for ${wanted}, and this system is ${systemName(host)}: ${anotherAddon(attempt)}`
}

const olderLibrary: Rule = ({ says }, attempt, host) => {
  const [, wanted] = /version `((?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found/.exec(says) ?? []
  if (!wanted) return undefined
  return `${attempt.file} needs ${wanted}, which is newer than what this system has (${systemName(host)}): ${anotherAddon(attempt)}`
}

const LACKING = [
  /undefined symbol: (\w+)/,
  /Error relocating .*: (\w+): symbol not found/,
  /symbol not found in flat namespace '?_?(\w+)/i,
  /Symbol not found: _?(\w+)/,
]

const lackingSymbol: Rule = ({ says }, attempt, host) => {
  const [symbol] = LACKING.flatMap((pattern) => pattern.exec(says)?.[1] ?? [])
  if (!symbol) return undefined
  return (
    `${ofNode(host)} lacks ${symbol}, which ${attempt.file} uses, so they were built with different releases of OpenSSL or libuv: ` +
    `run the program with a Node of nodejs.org, or ${anotherAddon(attempt)}`
  )
}

const notExecutable: Rule = ({ says }, { file }) =>
  /failed to map segment from shared object|: Operation not permitted$/.test(says)
    ? `the system does not let ${file} be executed, as on a file system that is mounted with noexec: install lws-secure-streams on one that is not`
    : undefined

const RULES = [
  denied,
  missing,
  foreign,
  otherLibc,
  olderLibrary,
  lackingSymbol,
  notExecutable,
] as const

/** One sentence: why `error` came of the attempt, and the remedy. */
export function loadFault(error: unknown, attempt: Attempt, host: Host): string {
  const words = wordsOf(error)
  for (const rule of RULES) {
    const sentence = rule(words, attempt, host)
    if (sentence) return sentence
  }
  return `${attempt.file} does not load on ${systemName(host)} (${ofNode(host)}), which says "${words.says}": ${anotherAddon(attempt)}`
}
