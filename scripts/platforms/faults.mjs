// What fails on an emulator, and not on the system that it stands for.

/** By the prebuild: what a test says that fails so, and why it does. */
const FAULTS = {
  'win32-x64': [{ says: /fetch failed/, reason: 'fetch() of Node connects nowhere under Wine 8' }],
}

/** Why a test that says this may fail on the emulator of a prebuild, or undefined when it may not. */
export const faultOf = (prebuild, words) =>
  FAULTS[prebuild]?.find(({ says }) => says.test(words))?.reason
