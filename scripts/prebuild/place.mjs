// Puts a prebuild where node-gyp-build looks for it, and knows what it was made of.
import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { say } from '../console.mjs'
import { inRoot } from '../paths.mjs'
import { hasStamp, writeStamp } from '../stamp.mjs'
import { prebuildFile } from './targets.mjs'

const stampOf = (name) => inRoot('build', 'prebuilds', `${name}.stamp`)

export const isMadeOf = (name, target, state) =>
  existsSync(prebuildFile(target)) && hasStamp(stampOf(name), state)

/**
 * Copies `built` into its place. Others beside it stay, and a process that has the one before it
 * loaded keeps that. `finish` gets the copy before anybody can load it.
 */
export function putPrebuild(name, target, built, state, finish = () => {}) {
  const file = prebuildFile(target)
  const fresh = inRoot('build', 'prebuilds', `${name}.${process.pid}.node`)
  for (const one of [file, fresh]) mkdirSync(path.dirname(one), { recursive: true })
  copyFileSync(built, fresh)
  finish(fresh)
  renameSync(fresh, file)
  writeStamp(stampOf(name), state)
  say(`made ${path.relative(process.cwd(), file)}`)
}
