// The command `lws-ss doctor`.
import { libc } from '../addon/host.js'
import type { Origin } from '../addon/load-fault.js'
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
  addon: { file: string; origin: Origin }
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

function collect(): Facts {
  const { lwsVersion, features, tlsLibrary } = native()
  const { file, origin } = nativeFile()
  return {
    version: packageVersion,
    node: {
      version: process.versions.node,
      platform: process.platform,
      arch: process.arch,
      libc: libc() ?? null,
    },
    libwebsockets: { version: lwsVersion, features },
    tls: tlsLibrary,
    trust: trust(),
    addon: { file, origin },
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
