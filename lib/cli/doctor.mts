// The command `lws-ss doctor`.
import { libc, unfitness } from '../addon/host.js'
import type { Origin } from '../addon/load-fault.js'
import { native, nativeFile } from '../addon/native.js'
import { AddonLoadError } from '../errors/addon-load-error.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { systemTrustSource, trustedCertificates } from '../trust/trust.js'
import { CommandError } from './command-error.mjs'
import { ExitStatus } from './exit-status.mjs'
import { packageName, packageVersion } from './package.mjs'
import { paint } from './paint.mjs'

const WIDTH = 80
const GAP = 2
const ALWAYS = 'check, list, convert and write policies'

interface Host {
  /** The program that runs this, with its version. */
  name: string
  /** Whether Node's permission model is in force. */
  permissions: boolean
  can: string[]
  cannot: string[]
}

type Addon =
  | { file: string; origin: Origin }
  | { file: string; error: { code: string; message: string } }

interface Facts {
  version: string
  node: { version: string; platform: string; arch: string; libc: string | null }
  host: Host
  libwebsockets?: { version: string; features: Record<string, boolean> }
  tls?: string
  trust: { source: string; certificates: number; error?: string }
  addon: Addon
}

function trust(): Facts['trust'] {
  const source = systemTrustSource()
  try {
    return { source, certificates: trustedCertificates('system').length }
  } catch (error) {
    // Streams without TLS, or with a trust store of their own, work all the same.
    if (error instanceof SecureStreamError) return { source, certificates: 0, error: error.message }
    throw error
  }
}

/** The addon, and what it is made of; why there is none, where that is so. */
function loaded(): Pick<Facts, 'libwebsockets' | 'tls' | 'addon'> {
  try {
    const { lwsVersion, features, tlsLibrary } = native()
    const { file, origin } = nativeFile()
    return {
      libwebsockets: { version: lwsVersion, features },
      tls: tlsLibrary,
      addon: { file, origin },
    }
  } catch (error) {
    if (!(error instanceof AddonLoadError)) throw error
    const { file, code, message } = error
    return { addon: { file, error: { code, message } } }
  }
}

const HOSTS = { bun: 'Bun', deno: 'Deno', electron: 'Electron' } as const

function hostName(): string {
  const { versions } = process
  for (const [key, name] of Object.entries(HOSTS))
    if (versions[key] !== undefined) return `${name} ${versions[key]}`
  return `Node ${versions.node}`
}

function host(addon: Addon, trusted: Facts['trust']): Host {
  const isThere = !('error' in addon)
  const why = unfitness(process.versions) ?? (isThere ? '' : addon.error.message)
  return {
    name: hostName(),
    permissions: process.permission !== undefined,
    can: isThere ? [ALWAYS, 'connect', 'serve'] : [ALWAYS],
    cannot: [
      isThere ? [] : `connect or serve: ${why}`,
      trusted.error === undefined ? [] : `trust what the system trusts: ${trusted.error}`,
    ].flat(),
  }
}

function collect(): Facts {
  const { libwebsockets, tls, addon } = loaded()
  const trusted = trust()
  return {
    version: packageVersion,
    node: {
      version: process.versions.node,
      platform: process.platform,
      arch: process.arch,
      libc: libc() ?? null,
    },
    host: host(addon, trusted),
    ...(libwebsockets && { libwebsockets }),
    ...(tls !== undefined && { tls }),
    trust: trusted,
    addon,
  }
}

/** Lines of whole words. A longer word, such as a path, has a line of its own. */
function inLines(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function toText({ version, node, host, libwebsockets, tls, trust, addon }: Facts): string {
  const names = (wanted: boolean) =>
    Object.entries(libwebsockets?.features ?? {})
      .filter(([, isBuiltIn]) => isBuiltIn === wanted)
      .map(([name]) => name)
      .join(' ')
  const isUsual = host.name === `Node ${node.version}` && !host.permissions
  const rows: Record<string, string> = {
    [packageName]: version,
    Node: [node.version, `${node.platform}-${node.arch}`, node.libc ?? []].flat().join(', '),
    host: isUsual ? '' : host.permissions ? `${host.name}, with --permission` : host.name,
    can: host.can.join(', '),
    cannot: host.cannot.join('; '),
    libwebsockets: libwebsockets?.version ?? '',
    'built with': names(true),
    'built without': names(false),
    TLS: tls ?? '',
    'trust store': trust.error ?? `${trust.source}, ${trust.certificates} certificates`,
    addon: 'error' in addon ? `${addon.file} (not loaded)` : `${addon.file} (${addon.origin})`,
  }
  const shown = Object.entries(rows).filter(([, value]) => value !== '')
  const width = Math.max(...shown.map(([name]) => name.length))
  const room = (process.stdout.columns || WIDTH) - width - GAP
  const gap = ' '.repeat(GAP)
  return shown
    .flatMap(([name, value]) =>
      inLines(value, room).map(
        (line, at) =>
          paint((at === 0 ? name : '').padEnd(width), 'bold', process.stdout) + gap + line,
      ),
    )
    .join('\n')
}

/**
 * `lws-ss doctor`: what the package runs with, on standard output.
 *
 * @throws CommandError without the addon
 */
export function doctor({ json = false }: { json?: boolean }): void {
  const facts = collect()
  console.log(json ? JSON.stringify(facts, null, 2) : toText(facts))
  const { addon } = facts
  if ('error' in addon) throw new CommandError(addon.error.message, ExitStatus.Failed)
}
