// Loads the prebuild for musl by musl's own loader. npm has no Node for musl, so a small program
// stands in for it, with a function of each name that the addon takes from Node.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { inRoot } from '../paths.mjs'
import { needsOf } from '../prebuild/binaries.mjs'
import { muslExports } from '../prebuild/exports.mjs'
import { findTarget, prebuildFile } from '../prebuild/targets.mjs'
import { capture, run } from '../processes.mjs'

export const MUSL = 'linux-x64-musl'

/** Whether it loads; if not, the failure has the symbol or the library that is missing. */
export function loadByMusl() {
  const target = findTarget(MUSL)
  const folder = inRoot('build', 'platforms', 'musl')
  mkdirSync(folder, { recursive: true })
  const addon = prebuildFile(target)
  const ofMusl = muslExports()
  const names = needsOf(addon, target.platform).symbols.filter((name) => !ofMusl.has(name))
  const standIns = path.join(folder, 'node.c')
  writeFileSync(standIns, names.map((name) => `void ${name}(void) {}\n`).join(''))
  const program = path.join(folder, 'load')
  const sources = [inRoot('test', 'musl', 'load.c'), standIns]
  // Its own functions stand in for others, of which the compiler knows the types.
  run('musl-gcc', ['-rdynamic', '-w', '-o', program, ...sources])
  const { ok, stdout, stderr } = capture(program, [addon])
  const failure = { test: 'loading', says: (stderr || stdout).trim() }
  return { passed: ok ? 1 : 0, failed: ok ? [] : [failure] }
}
