// The package as npm installs it, with the suite in it: no build of this machine is in the way there.
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { packTarball } from '../pack.mjs'
import { inRoot } from '../paths.mjs'
import { run } from '../processes.mjs'

const folder = inRoot('build', 'platforms', 'package')

/** Makes it of the prebuilds that there are, and returns its folder. */
export function makePackage() {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  run('tar', ['-xzf', packTarball(), '-C', folder, '--strip-components=1'])
  for (const name of ['node_modules', 'test']) symlinkSync(inRoot(name), path.join(folder, name))
  const compiled = inRoot('build', 'test')
  if (existsSync(compiled))
    cpSync(compiled, path.join(folder, 'build', 'test'), { recursive: true })
  return folder
}
