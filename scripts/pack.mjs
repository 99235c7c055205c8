// Packs the npm tarball, with the prebuilds that there are and this platform's, into build/pack and prints its path.
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { isMain, main, Stop } from './console.mjs'
import { inRoot } from './paths.mjs'
import { nativePrebuild } from './prebuild/native-prebuild.mjs'
import { runNpm } from './processes.mjs'

/** Packs with the prebuilds that there are. */
export function pack() {
  const folder = inRoot('build', 'pack')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const quiet = ['--ignore-scripts', '--loglevel=error', '--pack-destination', folder]
  runNpm(['pack', ...quiet], { cwd: inRoot(), stdio: ['ignore', 'ignore', 'inherit'] })
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'))
  if (!name) throw new Stop(`npm pack made nothing in ${folder}`)
  return path.join(folder, name)
}

export function packTarball() {
  nativePrebuild()
  return pack()
}

if (isMain(import.meta.url)) await main(() => console.log(packTarball()))
