// What fails on an emulator, and not on the system that it stands for: each with the reason.

/** By the prebuild; `where` is a file of the suite, or `smoke`. */
const FAULTS = {}

/** Why a test may fail on the emulator of a prebuild, or undefined when it may not. */
export function faultOf(prebuild, where, test) {
  const known = FAULTS[prebuild]?.find((fault) => fault.where === where && fault.test === test)
  return known?.reason
}
