/** What runs this library: Node, or another program that runs the code of Node's packages. */

/** Of this version or later; `engines` of package.json has it, too. */
export const OLDEST_NODE = '20.19'

export type Versions = Readonly<Record<string, string | undefined>>

/** What is to be known of the process and the system that the addon is loaded in. */
export interface Host {
  /** As `process.versions` has them. */
  readonly versions: Versions
  readonly platform: string
  readonly arch: string
  /** On Linux: `musl`, or `glibc` and its version. */
  readonly libc: string | undefined
  /** What Node's permission model allows, where that is in force. */
  readonly permission: Pick<NodeJS.ProcessPermission, 'has'> | undefined
  readonly env: NodeJS.ProcessEnv
}

/** The C library of this process: `musl`, or `glibc` and its version; only Linux has several. */
export function libc(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : 'musl'
}

export function thisHost(): Host {
  const { versions, platform, arch, env, permission } = process
  return { versions, platform, arch, libc: libc(), permission, env }
}

/** The platform, and on Linux its C library. */
export function systemName({ platform, arch, libc }: Host): string {
  const name = `${platform}-${arch}`
  return libc === undefined ? name : `${name} with ${libc}`
}

/** Which of the prebuilds is for it. */
export function prebuildName({ platform, arch, libc }: Host): string {
  const tags = [arch === 'arm' && 'armv7', libc?.startsWith('glibc') ? 'glibc' : libc]
  const name = ['lws-secure-streams', ...tags.filter(Boolean), 'node'].join('.')
  return `${platform}-${arch}/${name}`
}

const NO_NODE = {
  bun: 'Bun',
  deno: 'Deno',
} as const

/**
 * Why the addon cannot run in a program of these versions, and what to do about it. The addon is not
 * even tried there: it would find some of its symbols, which belong to another library.
 */
export function unfitness(versions: Versions): string | undefined {
  for (const [key, name] of Object.entries(NO_NODE))
    if (versions[key] !== undefined)
      return (
        `${name} ${versions[key]} cannot run lws-secure-streams, since it lacks Node's OpenSSL and libuv, ` +
        `which the addon uses: run the program with Node ${OLDEST_NODE} or later`
      )
  if (versions.electron !== undefined)
    return (
      `Electron ${versions.electron} cannot run lws-secure-streams, since it has BoringSSL in the place of Node's OpenSSL, ` +
      `which the addon uses: run that part of the program with Node ${OLDEST_NODE} or later, as a process of its own`
    )
  if (versions.openssl === undefined)
    return (
      `Node ${versions.node} was built without OpenSSL, which the addon of lws-secure-streams uses: ` +
      'run the program with a Node that has it, as those of nodejs.org have'
    )
  return undefined
}
