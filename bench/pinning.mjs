// Keeps processes on one core.

import { availableParallelism } from 'node:os'
import { which } from '../scripts/processes.mjs'

const taskset = process.platform === 'linux' ? which('taskset') : undefined

export const canPin = taskset !== undefined && availableParallelism() > 1

/** A command line that stays on one core, where the system can do that. */
export function pinned(core, commandLine) {
  return canPin ? [taskset, '-c', String(core), ...commandLine] : commandLine
}
