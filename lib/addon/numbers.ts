/** The numbers that this library and the addon speak in. */
import type { StateName } from '../state.js'

/** The numbers in what passes between this library and the addon, which has them from its enumerations. */
export interface NativeNumbers {
  /** What an event of a stream is about. */
  events: Record<
    | 'state'
    | 'rx'
    | 'sent'
    | 'failure'
    | 'dropped'
    | 'acknowledged'
    | 'refused'
    | 'wanted'
    | 'head'
    | 'trailers'
    | 'ended'
    | 'published'
    | 'retry',
    number
  >
  /** The flags of a piece of payload; `retained` is one of how a message was published. */
  flags: Record<'som' | 'eom' | 'perfJson' | 'binary' | 'retained', number>
  /** What kind of failure it is; from 1000 on it is the code of a WebSocket's CLOSE, and 0 is any other. */
  failures: Record<'settingsDiffer' | 'notRepeated', number>
  /** What a context's notice is about. */
  notices: Record<'state' | 'log' | 'closed' | 'key', number>
  /** Bits of the levels of log lines. */
  logLevels: Record<'error' | 'warn' | 'notice' | 'info' | 'all', number>
  /** Of lws_system, by the names that `blobs` of openContext() has, and their parts. */
  blobs: Readonly<Record<string, number>>
  /** For tests: the library has names. */
  states: Record<StateName | 'USER_BASE', number>
  /** For tests, too. */
  returns: Readonly<Record<string, number>>
}
