// The command `lws-ss doctor`.
import path from 'node:path'
import { native, nativeFile } from '../addon/native.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { systemTrustSource, trustedCertificates } from '../trust/trust.js'
import { packageName, packageVersion } from './package.mjs'

interface Facts {
  version: string
  node: { version: string; platform: string; arch: string; libc: string | null }
  libwebsockets: { version: string; features: Record<string, boolean> }
  tls: string
  trust: { source: string; certificates: number; error?: string }
  addon: { file: string; origin: 'chosen' | 'prebuild' | 'local build' }
}

function libc(): string | null {
  if (process.platform !== 'linux') return null
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : 'musl'
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

function addon(): Facts['addon'] {
  const file = nativeFile()
  if (process.env.LWS_SECURE_STREAMS_ADDON) return { file, origin: 'chosen' }
  const isPrebuild = file.split(path.sep).includes('prebuilds')
  return { file, origin: isPrebuild ? 'prebuild' : 'local build' }
}

function collect(): Facts {
  const { lwsVersion, features, tlsLibrary } = native()
  return {
    version: packageVersion,
    node: {
      version: process.versions.node,
      platform: process.platform,
      arch: process.arch,
      libc: libc(),
    },
    libwebsockets: { version: lwsVersion, features },
    tls: tlsLibrary,
    trust: trust(),
    addon: addon(),
  }
}

function toText({ version, node, libwebsockets, tls, trust, addon }: Facts): string {
  const names = (wanted: boolean) =>
    Object.entries(libwebsockets.features)
      .filter(([, isBuiltIn]) => isBuiltIn === wanted)
      .map(([name]) => name)
      .join(' ')
  const rows = {
    [packageName]: version,
    Node: [node.version, `${node.platform}-${node.arch}`, node.libc ?? []].flat().join(', '),
    libwebsockets: libwebsockets.version,
    'built with': names(true),
    'built without': names(false),
    TLS: tls,
    'trust store': trust.error ?? `${trust.source}, ${trust.certificates} certificates`,
    addon: `${addon.file} (${addon.origin})`,
  }
  const width = Math.max(...Object.keys(rows).map((name) => name.length))
  return Object.entries(rows)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}`)
    .join('\n')
}

/**
 * `lws-ss doctor`: what the package runs with, on standard output.
 *
 * @throws AddonLoadError when the addon cannot be loaded
 */
export function doctor({ json = false }: { json?: boolean }): void {
  const facts = collect()
  console.log(json ? JSON.stringify(facts, null, 2) : toText(facts))
}
