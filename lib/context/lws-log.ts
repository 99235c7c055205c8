import { debuglog } from 'node:util'
import type { LogLine } from './context-types.js'

// Levels as libwebsockets numbers them: bits of a mask.
const levels = new Map<number, LogLine['level']>([
  [1, 'error'],
  [2, 'warn'],
  [4, 'notice'],
  [8, 'info'],
])
const QUIET = 0
const ERRORS_TO_NOTICES = 1 | 2 | 4
const EVERYTHING = 0xfff

/** Writes to standard error with `NODE_DEBUG=lws-secure-streams`. */
export const debug = debuglog('lws-secure-streams')

/** The levels of the lines that libwebsockets has to make, as it numbers them. */
export function wantedLevels(isListenedTo: boolean): number {
  if (debug.enabled) return EVERYTHING
  return isListenedTo ? ERRORS_TO_NOTICES : QUIET
}

/** A line that libwebsockets has made. */
export function lwsLogLine(level: number, text: string): LogLine {
  return { level: levels.get(level) ?? 'debug', text }
}
