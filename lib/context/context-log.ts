/** The log of a context: libwebsockets' lines, and the context's own. */
import type { EventEmitter } from 'node:events'
import { debuglog } from 'node:util'
import { type NativeContext, native } from '../addon/native.js'
import type { LogLevel } from '../addon/targets.js'
import type { StreamLog } from '../streams/stream-wiring.js'
import type { Announcements } from './announcements.js'
import type { ContextEvents } from './context-types.js'

// Writes to standard error with `NODE_DEBUG=lws-secure-streams`.
const debug = debuglog('lws-secure-streams')

/** Tells lines by the event 'log', and has libwebsockets make only those that somebody wants. */
export class ContextLog implements StreamLog {
  readonly #context: EventEmitter<ContextEvents>
  readonly #announcements: Announcements

  constructor(context: EventEmitter<ContextEvents>, announcements: Announcements) {
    this.#context = context
    this.#announcements = announcements
  }

  /** Has libwebsockets make the lines that are listened to, now and whenever listeners come and go. */
  follow(nativeContext: NativeContext): void {
    const setLevel = () => nativeContext.setLogLevel(this.#wantedLevels())
    const listenersChange = (event: string | symbol) => {
      if (event === 'log') queueMicrotask(setLevel)
    }
    const context = this.#context as EventEmitter
    setLevel()
    context.on('newListener', listenersChange)
    context.on('removeListener', listenersChange)
  }

  /** A line that libwebsockets has made. */
  line(level: LogLevel, text: string): void {
    debug('%s: %s', level, text)
    this.#context.emit('log', { level, text })
  }

  /** A line of the context's own. */
  warn(text: string): void {
    debug('%s', text)
    this.#announcements.tell(() => this.#context.emit('log', { level: 'warn', text }))
  }

  #wantedLevels(): number {
    const { all, error, warn, notice } = native().numbers.logLevels
    if (debug.enabled) return all
    return this.#context.listenerCount('log') > 0 ? error | warn | notice : 0
  }
}
