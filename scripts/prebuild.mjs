// Makes prebuilds/<platform>-<arch>/: the addon as the npm package carries it, for node-gyp-build.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { addonFile } from './build-native.mjs'
import { isMain, main, say } from './console.mjs'
import { inRoot } from './paths.mjs'
import { run } from './processes.mjs'
import { hasStamp, stateOf, writeStamp } from './stamp.mjs'

const STRIP_ARGUMENTS = { linux: ['--strip-unneeded'], darwin: ['-Sx'] }

// node-gyp-build tells glibc from musl by this file, so the tag must come from the same question.
function libcTag() {
  if (process.platform !== 'linux') return []
  return [existsSync('/etc/alpine-release') ? 'musl' : 'glibc']
}

export function makePrebuild() {
  const folder = inRoot('prebuilds', `${process.platform}-${process.arch}`)
  const file = path.join(folder, ['lws-secure-streams', ...libcTag(), 'node'].join('.'))
  const stamp = inRoot('build', 'prebuild.stamp')
  const state = stateOf([addonFile()], file)
  if (existsSync(file) && hasStamp(stamp, state)) return

  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name))
  copyFileSync(addonFile(), file)
  const strip = STRIP_ARGUMENTS[process.platform]
  if (strip) run('strip', [...strip, file])
  writeStamp(stamp, state)
  say(`made ${path.relative(process.cwd(), file)}`)
}

if (isMain(import.meta.url)) await main(makePrebuild)
