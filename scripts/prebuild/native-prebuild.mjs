// This platform's prebuild by this machine's own compiler, which made build/Release.
import { addonFile } from '../build-native.mjs'
import { run } from '../processes.mjs'
import { stateOf } from '../stamp.mjs'
import { checkPrebuild } from './checks.mjs'
import { crossState } from './cross-prebuild.mjs'
import { isMadeOf, putPrebuild } from './place.mjs'
import { thisTarget } from './targets.mjs'

const STRIP_ARGUMENTS = { linux: ['--strip-unneeded'], darwin: ['-Sx'] }

/**
 * Makes it unless the one in place, of whatever compiler, is of the sources as they are. A prebuild
 * that is not `checked` is one for this machine alone.
 */
export function nativePrebuild({ checked = false } = {}) {
  const { name, target } = thisTarget()
  const state = stateOf([addonFile()], name)
  if (!checked && [state, crossState()].some((one) => isMadeOf(name, target, one))) return undefined
  const start = process.hrtime.bigint()
  let report
  putPrebuild(name, target, addonFile(), state, (file) => {
    const strip = STRIP_ARGUMENTS[process.platform]
    if (strip) run('strip', [...strip, file])
    if (checked) report = checkPrebuild(name, target, file)
  })
  const seconds = Math.round(Number(process.hrtime.bigint() - start) / 1e9)
  return { name, ...report, seconds }
}
