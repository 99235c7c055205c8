/** The events and counters of contexts. */
import type { CookieFile } from '../cookies/cookie-file.js'
import type { Policy } from '../policy/form/types.js'
import type { Vhost } from '../serving/vhost.js'
import type { Trust } from '../trust/trust.js'
import type { Blobs } from './blobs.js'

/** A line of libwebsockets' log, or of the context's own. */
export interface LogLine {
  /** How much it matters; `info` and `debug` only with `NODE_DEBUG=lws-secure-streams`. */
  readonly level: 'error' | 'warn' | 'notice' | 'info' | 'debug'
  /** The line, without its end. */
  readonly text: string
}

/** Events of a {@link Context}. */
export interface ContextEvents {
  /** The system state of libwebsockets: `OPERATIONAL` and those on the way there. */
  state: [name: string]
  /** A fetched or changed policy took effect. */
  policy: [policy: Policy]
  /** Whether a captive portal was found. Specification: "Captive Portal Detection". */
  captivePortal: [detected: boolean]
  /**
   * A line of libwebsockets' log, made only while somebody listens; or of the context's own: what the
   * check of a policy warns of, why a fetched policy did not take effect, that the file of a `cookieJar`
   * cannot be used any more, or that messages of QoS 0 are dropped.
   */
  log: [line: LogLine]
}

/** Counters of one context. */
export interface ContextStats {
  /** Streams that are open now. */
  streams: number
  /** Streams that were opened. */
  streamsOpened: number
}

/** What `openContext()` gives a context besides its policy. */
export interface ContextSettings {
  ca?: Trust
  blobs?: Blobs
  cookieFile?: CookieFile
  httpProxy?: string
  maxSockets?: number
  vhosts?: readonly Vhost[]
  signal?: AbortSignal
}
