/** The events and counters of contexts. */
import type { CookieFile } from '../cookies/cookie-file.js'
import type { Policy } from '../policy/form/types.js'
import type { Vhost } from '../serving/vhost.js'
import type { Trust } from '../trust/trust.js'
import type { Blobs } from './blobs.js'
import type { CaptivePortalResult } from './captive-portal.js'

/** A line of the log. */
export interface LogLine {
  /**
   * How much it matters; `notice` is what streams and servers do. `debug`, only with
   * `NODE_DEBUG=lws-secure-streams`, has the lines that libwebsockets has for its developers.
   */
  readonly level: 'error' | 'warn' | 'notice' | 'debug'
  /** The line, without its end. */
  readonly text: string
}

/** Events of a {@link Context}. */
export interface ContextEvents {
  /** The system state of libwebsockets: `OPERATIONAL` and those on the way there. */
  state: [name: string]
  /** A fetched or changed policy took effect. */
  policy: [policy: Policy]
  /**
   * Whether a captive portal was found, by the check that is made when a context is opened whose policy
   * has the streamtype `captive_portal_detect`, or by {@link Context.checkCaptivePortal}. Specification:
   * "Captive Portal Detection".
   */
  captivePortal: [detected: boolean, result: CaptivePortalResult]
  /**
   * A line of the log, made only while somebody listens: what streams and servers do, what the check of a
   * policy warns of, and what libwebsockets could not do.
   */
  log: [line: LogLine]
  /**
   * A secret of a connection with TLS, client or server, as the `'keylog'` of `node:tls`: a line of the
   * format of `SSLKEYLOGFILE`, by which Wireshark decrypts the connection. Made only while somebody listens,
   * of connections whose handshake comes later.
   */
  keylog: [line: Buffer]
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
