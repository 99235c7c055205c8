// The exchanges of native/stream, whose stream and link are an object of the test.

import path from 'node:path'

/** What a stream and its link are to an exchange. Their names are those in native/. */
export interface Stream {
  heed(answer: number): void
  event(name: string, id: number, piece: number): void
  schedule(): void
  disconnect(): void
  prepareConnection(): void
  prepareMessage(topic: string): void
  beginAnew(): void
  noteUse(): void
  isConnected(): boolean
  isClosing(): boolean
  isReading(): boolean
  request(length?: number): number
  phase(): Phase
  hasUnsent(): boolean
  hasNextRide(): boolean
  hasBodyPending(): boolean
  setBodyOnce(isGone: number): void
  allowRetries(): void
  packetId(ordinal?: number): number
  sendAgain(packetId: number): void
  isReceived(packetId: number): boolean
  keepPacketId(packetId: number): void
  hasSession(): boolean
  release(packetId: number, ordinal: number): boolean
}

/** Of a link: idle, waits for its next attempt, busy. */
export type Phase = 0 | 1 | 2
export const IDLE = 0
export const WAITS = 1
export const BUSY = 2

export interface Kind {
  exchange: 'bytes' | 'messages' | 'publishes' | 'requests'
  canSend: boolean
  nailedUp: boolean
  qos: number
}

export interface Handlers {
  tx(room: number, ordinal: number): [Uint8Array, number] | undefined
}

/** What tx gave. */
export interface Given {
  bytes: Buffer
  begins: boolean
  ends: boolean
  frame?: 'text' | 'binary'
}

export interface TestExchange {
  /** Instead of bytes, the length of a message that is provided in pieces, if that is known. */
  send(id: number, payload: Uint8Array | number | undefined, topic: string, binary?: boolean): void
  provide(id: number, piece: number, bytes?: Uint8Array): void
  cancel(id: number): void
  setKind(kind: Kind): void
  pump(): void
  tx(ordinal: number, room: number): Given | undefined
  connecting(): void
  connected(): void
  lost(): void
  acknowledged(ordinal: number): void
  refused(ordinal: number): void
  settleWritten(): boolean
  dropStarted(): void
  clear(): void
  isEmpty(): boolean
  isSentAgain(): boolean
  wantsRetry(isAnswered: boolean): boolean
  topicToConnect(now: string, asked?: string): string
}

interface Addon {
  TestExchange: new (stream: Stream, what: Kind | Handlers, resend?: boolean) => TestExchange
}

const packageAddon =
  process.env.LWS_SECURE_STREAMS_ADDON ?? path.join('build', 'Release', 'lws_secure_streams.node')

export const addon: Addon = require(
  path.resolve(path.dirname(packageAddon), 'test', 'exchange_test.node'),
)
