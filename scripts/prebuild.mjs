// Makes prebuilds/<platform>-<arch>/: the addon as the npm package carries it, for node-gyp-build.
import { parseArgs } from 'node:util'
import { buildNative } from './build-native.mjs'
import { main, Stop } from './console.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { withBuildLock } from './lock.mjs'
import { ensureLwsSource } from './lws-source.mjs'
import { crossPrebuild } from './prebuild/cross-prebuild.mjs'
import { nativePrebuild } from './prebuild/native-prebuild.mjs'
import { findTarget, TARGETS } from './prebuild/targets.mjs'
import { zigRunsHere } from './prebuild/zig.mjs'

/** The names of those to cross compile; none for the one by this machine's compiler. */
function wanted({ all, target, native }) {
  if ([all, target, native].filter((value) => value !== undefined).length > 1) {
    throw new Stop('--all, --target and --native exclude each other')
  }
  const names = all ? Object.keys(TARGETS) : (target ?? [])
  for (const name of names) findTarget(name)
  if (names.length > 0 && !zigRunsHere()) {
    throw new Stop('cross compilation needs Linux on x64, where the compiler runs')
  }
  return names
}

function table(rows) {
  console.table(
    rows.map(({ name, bytes, glibc, symbols, nodes, seconds }) => ({
      prebuild: name,
      bytes,
      glibc: glibc ?? '',
      "Node's symbols": symbols,
      'all of them in': nodes.join(', '),
      seconds,
    })),
  )
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      all: { type: 'boolean' },
      native: { type: 'boolean' },
      target: { type: 'string', multiple: true },
    },
  })
  const names = wanted(values)
  const source = await withBuildLock(async () => {
    ensureDependencies()
    if (names.length === 0) await buildNative()
    return ensureLwsSource()
  })
  // Alone it is what npm runs before each build, and so has to be quick.
  if (names.length === 0 && !values.native) return void nativePrebuild()
  const make = () =>
    names.length > 0
      ? names.map((name) => crossPrebuild(name, source))
      : [nativePrebuild({ checked: true })]
  // These take minutes, in folders of their own, and keep no test waiting.
  table(await withBuildLock(make, '-prebuilds'))
})
