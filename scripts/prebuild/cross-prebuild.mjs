// One prebuild by cross compilation: built, checked, and put in its place.
import { inputs } from '../build-native.mjs'
import { inRoot } from '../paths.mjs'
import { stateOf } from '../stamp.mjs'
import { checkPrebuild } from './checks.mjs'
import { crossBuild } from './cross-build.mjs'
import { putPrebuild } from './place.mjs'
import { findTarget } from './targets.mjs'

/** What a prebuild by cross compilation is made of. */
export const crossState = () => stateOf([...inputs(), inRoot('scripts', 'prebuild')])

export function crossPrebuild(name, source) {
  const target = findTarget(name)
  const start = process.hrtime.bigint()
  const state = crossState()
  const built = crossBuild(name, target, source)
  const report = checkPrebuild(name, target, built)
  putPrebuild(name, target, built, state)
  const seconds = Math.round(Number(process.hrtime.bigint() - start) / 1e9)
  return { name, ...report, seconds }
}
