import { ShortQueue } from './short-queue.js'

/** A piece of payload as it arrived. */
export interface Chunk {
  /** The bytes. */
  readonly data: Buffer
  /** Whether it begins a message. Always `true` on protocols without messages (raw). */
  readonly som: boolean
  /** Whether it ends a message. Always `true` on protocols without messages (raw). */
  readonly eom: boolean
}

/** A chunk that ends a message holds what the message needs besides its bytes. */
export interface ReceivedChunk extends Chunk {
  readonly metadata: Readonly<Record<string, string>>
}

// Beyond the first a stream stops reading its socket, until what waits has sunk below the second.
const FULL = 1024 * 1024
const DRAINED = FULL / 2
// A program may well look at the answer only after the send() that caused it; until somebody reads,
// this much may wait.
const FULL_WITHOUT_READER = 16 * FULL

// What a chunk takes besides its bytes, of which it may have none.
const CHUNK = 256

// Smaller ones lie in slabs, which cannot be given away.
const SLAB_CHUNK = 4096

/** Pieces of a message can share memory, which a program may give away with any of them. */
function withOwnMemory(chunk: ReceivedChunk): ReceivedChunk {
  const { data } = chunk
  if (data.length <= SLAB_CHUNK || data.length === data.buffer.byteLength) return chunk
  return { ...chunk, data: Buffer.from(data) }
}

function cost(chunk: ReceivedChunk): number {
  return chunk.data.length + CHUNK
}

interface Waiter {
  readonly owner: object
  /** Takes what it waits for, if that is there, and says whether it is done waiting. */
  readonly serve: () => boolean
  readonly resolve: (nothing: undefined) => void
  readonly reject: (reason: unknown) => void
}

/** What was received and not yet taken; says when the socket is to be read no further. */
export class Inbox {
  readonly #chunks = new ShortQueue<ReceivedChunk>()
  #bytes = 0
  #messages = 0
  #reading = true
  #hasReader = false
  #takesChunks = false
  // Who takes chunks has the beginning of the message that comes first.
  #isFirstBegun = false
  #ended = false
  #failure: { reason: unknown } | undefined
  #waiting: Waiter[] = []
  readonly #socket: { setReading(on: boolean): void }
  #whenForsaken: (() => void) | undefined

  constructor(socket: { setReading(on: boolean): void }) {
    this.#socket = socket
  }

  /** Calls `forsaken` when so much waits that no more is read, and nobody has begun to take it. */
  whenForsaken(forsaken: () => void): void {
    this.#whenForsaken = forsaken
  }

  push(chunk: ReceivedChunk): void {
    this.#chunks.push(chunk)
    this.#bytes += cost(chunk)
    if (chunk.eom) this.#messages++
    this.#regulate()
    this.#wake()
  }

  /** The connection is gone: what was received of a message that is not complete never will be. */
  dropPartialMessage(): void {
    const chunks = this.#chunks
    for (let last = chunks.peekBack(); last && !last.eom; last = chunks.peekBack()) {
      this.#bytes -= cost(last)
      chunks.pop()
    }
    if (this.#messages === 0) this.#isFirstBegun = false
    this.#regulate()
  }

  /** Nothing more comes; with `failure`, that is what those who wait for more are told. */
  end(failure?: { reason: unknown }): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#wake()
  }

  /** Somebody reads from now on: messages, or the chunks themselves. */
  attach(takes: 'messages' | 'chunks'): void {
    this.#hasReader = true
    this.#takesChunks = takes === 'chunks'
    this.#regulate()
  }

  takeChunk(): ReceivedChunk | undefined {
    const chunk = this.#shift()
    if (!chunk) return undefined
    this.#isFirstBegun = !chunk.eom
    this.#regulate()
    return withOwnMemory(chunk)
  }

  /** The chunks of the next complete message, if there is one. */
  takeMessage(): ReceivedChunk[] | undefined {
    if (this.#messages > 0 && this.#isFirstBegun) {
      this.#isFirstBegun = false
      this.#shiftMessage()
    }
    const chunks = this.#messages > 0 ? this.#shiftMessage() : undefined
    this.#regulate()
    return chunks
  }

  /** What `take` gives as soon as it gives something, first come first served; `undefined` at the end. */
  next<T>(owner: object, take: () => T | undefined): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const serve = () => {
        const taken = take()
        if (taken !== undefined) resolve(taken)
        return taken !== undefined
      }
      this.#waiting.push({ owner, serve, resolve, reject })
      this.#wake()
    })
  }

  /** What `owner` waits for need not come any more. */
  leave(owner: object): void {
    const waiting = this.#waiting
    this.#waiting = waiting.filter((waiter) => waiter.owner !== owner)
    for (const waiter of waiting) if (waiter.owner === owner) waiter.resolve(undefined)
  }

  #shiftMessage(): ReceivedChunk[] {
    const chunks: ReceivedChunk[] = []
    for (let chunk = this.#shift(); chunk; chunk = chunk.eom ? undefined : this.#shift())
      chunks.push(chunk)
    return chunks
  }

  #shift(): ReceivedChunk | undefined {
    const chunk = this.#chunks.shift()
    if (!chunk) return undefined
    this.#bytes -= cost(chunk)
    if (chunk.eom) this.#messages--
    return chunk
  }

  #regulate(): void {
    const full = this.#hasReader ? FULL : FULL_WITHOUT_READER
    // Half a message is of no use to who reads messages: it has to come in whole.
    const useful = this.#takesChunks || this.#messages > 0 || !this.#hasReader
    const reading = this.#reading
      ? this.#bytes < full || !useful
      : this.#bytes < Math.min(DRAINED, full) || !useful
    if (reading === this.#reading || this.#ended) return
    this.#reading = reading
    this.#socket.setReading(reading)
    if (!reading && !this.#hasReader) this.#whenForsaken?.()
  }

  #wake(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const waiter of waiting) {
      if (waiter.serve()) continue
      if (this.#failure) waiter.reject(this.#failure.reason)
      else if (this.#ended) waiter.resolve(undefined)
      else this.#waiting.push(waiter)
    }
  }
}
