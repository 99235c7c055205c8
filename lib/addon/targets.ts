/** Who is told what happens to streams and contexts, in this library's words. */
import type { StateName } from '../state.js'

/** How a piece of payload stands in its message, and what that is. */
export interface Piece {
  readonly som: boolean
  readonly eom: boolean
  /** It is the JSON of a `perf` streamtype. */
  readonly perf: boolean
  readonly binary: boolean
}

/** How a message of MQTT was published. */
export interface Published {
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

/** Why a connection ended, or an attempt to make one failed. */
export interface Failure {
  /** In libwebsockets' words; empty when it does not say. */
  readonly words: string
  /** What they are about: the system's number, OpenSSL's, a status, or the peer's code; 0 for none. */
  readonly number: number
  /** How many have failed in a row, this one included. */
  readonly attempts: number
  /** `host:port`, or the path of a socket. */
  readonly endpoint: string | undefined
  /** The stream would have to share a connection that was made with other settings of MQTT. */
  readonly settingsDiffer: boolean
  /** The peer may have what was sent, which therefore is not sent again. */
  readonly notRepeated: boolean
  /** Of a WebSocket's CLOSE. */
  readonly closeCode: number | undefined
}

/** Is told what happens to a stream's connection. */
export interface LifeTarget {
  state(state: StateName | number, ordinal: number): void
  failed(failure: Failure): void
  /** So many attempts have failed in a row, and the next is made in so many milliseconds. */
  retries(attempt: number, delay: number): void
  /**
   * What an answer says before its payload, after `keepAnswer()`; of a server, what a request says, and
   * 1 for one that has a body, or 0.
   */
  answerBegins(head: string, status: number): void
  /** What it says behind that. */
  answerTrails(fields: string): void
}

/** Is told what becomes of messages that are on their way out; each is known by its id. */
export interface SendingTarget {
  sent(id: number): void
  acknowledged(id: number): void
  /** `status` is that of HTTP, 0 without one. */
  refused(id: number, status: number): void
  dropped(id: number): void
  wanted(id: number, piece: number): void
}

/** Is told what arrives. */
export interface ReceivingTarget {
  received(data: Buffer, piece: Piece): void
  /** The messages from here on were published like this. */
  published(how: Published): void
  performance(performance: unknown): void
  /** The peer sends no more on this connection, which is still there. */
  ended(): void
}

/** What is told of a stream of messages. */
export interface StreamEventTarget {
  readonly life: LifeTarget
  readonly sending: SendingTarget
  readonly receiving: ReceivingTarget
}

/** What is told, and asked, of a stream with handlers. */
export interface HandlerTarget {
  failed(failure: Failure): void
  retries(attempt: number, delay: number): void
  state(state: StateName | number, ordinal: number): void
  rx(data: Buffer, piece: Piece): void
  tx(room: number, ordinal: number): { bytes: Uint8Array; som: boolean; eom: boolean } | undefined
}

/** What is told of a context. */
export interface NoticeTarget {
  systemState(name: string): void
  logLine(level: LogLevel, text: string): void
  /** Of the form of SSLKEYLOGFILE, after `setKeyLog()`. */
  keyLine(text: string): void
  closed(): void
}

/** How much a line of the log matters. */
export type LogLevel = 'error' | 'warn' | 'notice' | 'info' | 'debug'
