/** The log of a context: libwebsockets' lines, and the context's own. */
import type { EventEmitter } from 'node:events'
import { debuglog } from 'node:util'
import { type NativeContext, native } from '../addon/native.js'
import type { LogLevel } from '../addon/targets.js'
import type { StreamLog } from '../streams/stream-wiring.js'
import type { Announcements } from './announcements.js'
import type { ContextEvents, LogLine } from './context-types.js'
import { followListeners } from './follow-listeners.js'
import { type Call, warnOfKey, warnOfOptions } from './unknown-options.js'

// Writes to standard error with `NODE_DEBUG=lws-secure-streams`.
const debug = debuglog('lws-secure-streams')

/** Whether lines are wanted that are for developers of libwebsockets; a program may say so itself, too. */
const wantsDebug = () =>
  debug.enabled || process.env.NODE_DEBUG?.split(',').includes('lws-secure-streams') === true

/** Tells lines by the event 'log', and has libwebsockets make only those that somebody wants. */
export class ContextLog implements StreamLog {
  readonly #context: EventEmitter<ContextEvents>
  readonly #announcements: Announcements
  readonly #told = new Set<string>()

  constructor(context: EventEmitter<ContextEvents>, announcements: Announcements) {
    this.#context = context
    this.#announcements = announcements
  }

  /** Has libwebsockets make the lines that are listened to, now and whenever listeners come and go. */
  follow(nativeContext: NativeContext): void {
    followListeners(this.#context as EventEmitter, 'log', () =>
      nativeContext.setLogLevel(this.#wantedLevels()),
    )
  }

  /** A line that libwebsockets has made. What it tells of itself are names of its functions and states. */
  line(level: LogLevel, text: string): void {
    this.#emit(level === 'error' || level === 'warn' ? level : 'debug', text)
  }

  get isWanted(): boolean {
    return debug.enabled || this.#context.listenerCount('log') > 0
  }

  /** A line of the context's own. */
  notice(text: string): void {
    if (this.isWanted) this.#tell('notice', text)
  }

  /** A line of the context's own, which is kept until the program can listen. */
  warn(text: string): void {
    this.#tell('warn', text)
  }

  /** What a program says and nobody reads: options that a call does not have. */
  unknownOptions(call: Call, options: object): void {
    warnOfOptions(call, options, this.#told)
  }

  /** What the check of a policy says of a key that does not exist. */
  unknownKey(finding: string): void {
    warnOfKey(finding, this.#told)
  }

  #tell(level: LogLine['level'], text: string): void {
    this.#announcements.tell(() => this.#emit(level, text))
  }

  #emit(level: LogLine['level'], text: string): void {
    debug('%s: %s', level, text)
    this.#context.emit('log', { level, text })
  }

  #wantedLevels(): number {
    const { all, error, warn } = native().numbers.logLevels
    if (wantsDebug()) return all
    return this.isWanted ? error | warn : 0
  }
}
