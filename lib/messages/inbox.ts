/** What a stream has received, until somebody takes it. */
import type { Published } from '../addon/targets.js'
import { rejectForCaller } from '../errors/reject-for-caller.js'
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
  readonly binary?: boolean
  readonly published?: Published | undefined
}

// When more waits than the first, a stream stops reading its socket, until less waits than the second.
const FULL = 1024 * 1024
const DRAINED = FULL / 2
// A program may well look at the answer only after the send() that caused it; until somebody reads,
// this much may wait.
const FULL_WITHOUT_READER = 16 * FULL

// On MQTT, acknowledgements that the program waits for come behind messages that nobody reads, so that
// those have to be received and kept. When more than this waits, messages of QoS 0 are dropped.
const LOOK_AHEAD = 32 * FULL

// What a chunk takes besides its bytes, of which it may have none.
const CHUNK = 256

// A peer could send a message without end. No longer message could be made a string.
const LONGEST_MESSAGE = 512 * 1024 * 1024

// Smaller pieces lie in slabs, which cannot be transferred.
const SLAB_CHUNK = 4096

/** Pieces of a message can share memory, which a program may transfer with any of them. */
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
  readonly turn: number
  /** Takes what it waits for, if that is there, and says whether it is done waiting. */
  readonly serve: () => boolean
  readonly resolve: (nothing: undefined | PromiseLike<never>) => void
  readonly reject: (reason: unknown) => void
}

/** Lets the first that waits take; false when none waits, or there is nothing for it. */
function serveFirst(queue: ShortQueue<Waiter>): boolean {
  if (!queue.peekAt(0)?.serve()) return false
  queue.shift()
  return true
}

/** What was received and not yet taken; says when the socket is to be read no further. */
export class Inbox {
  readonly #chunks = new ShortQueue<ReceivedChunk>()
  #bytes = 0
  #messages = 0
  #reading = true
  #readers = 0
  #hadReader = false
  #hasListeners = false
  #takesChunks = false
  // Whether the beginning of the first message was taken, by somebody who reads chunks.
  #isFirstBegun = false
  #ended = false
  #failure: { reason: unknown } | undefined
  // If there is nothing for the first of a list, there is nothing for the others either. Streams with
  // listeners have empty lists.
  #waiting: { messages: ShortQueue<Waiter>; chunks: ShortQueue<Waiter> } | undefined
  #turns = 0
  #whenLeft: (() => void) | undefined
  readonly #socket: { setReading(on: boolean): void }
  readonly #owner: { unread(): void } | undefined

  /**
   * `owner` is told when so much waits that no more is read, and nobody is there to take it. With one,
   * what comes may be forgotten, the oldest messages first, until somebody is.
   */
  constructor(socket: { setReading(on: boolean): void }, owner?: { unread(): void }) {
    this.#socket = socket
    this.#owner = owner
  }

  /** Whether so much waits that no more is read, and nobody reads it. */
  get isUnread(): boolean {
    return !this.#reading && this.#readers === 0 && this.#owner !== undefined
  }

  /** Whether so much waits that messages which may be lost are dropped. */
  get isOverfull(): boolean {
    return this.#bytes >= LOOK_AHEAD
  }

  push(chunk: ReceivedChunk): void {
    this.#chunks.push(chunk)
    this.#bytes += cost(chunk)
    if (chunk.eom) this.#messages++
    if (this.#owner && !this.#hadReader) this.#forgetOldest(chunk.eom ? 1 : 0)
    this.#regulate()
    this.#wake()
  }

  /** Whether a message whose end is still to come takes more memory than one may. */
  get isMessageTooLong(): boolean {
    return !this.#takesChunks && this.#messages === 0 && this.#bytes > LONGEST_MESSAGE
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

  /** Those who wait for more are told that nothing comes. */
  rejectWaiting(reason: unknown): void {
    for (const queue of Object.values(this.#waiting ?? {}))
      for (let waiter = queue.shift(); waiter; waiter = queue.shift())
        rejectForCaller(waiter, reason)
  }

  /** Somebody reads from now on, until they leave. */
  join(): void {
    this.#readers++
    this.#hadReader = true
  }

  /** Listeners read from now on. */
  attachListeners(): void {
    if (!this.#hasListeners) this.join()
    this.#hasListeners = true
    this.attach('messages')
  }

  /** Settles when nobody but listeners reads any more, or after so many milliseconds. */
  left(patience: number): Promise<void> {
    if (!this.#hasLoops) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patience).unref()
      this.#whenLeft = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  get #hasLoops(): boolean {
    return this.#readers > (this.#hasListeners ? 1 : 0)
  }

  /** Who reads takes messages, or the chunks themselves. */
  attach(takes: 'messages' | 'chunks'): void {
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
  next<T>(
    owner: object,
    takes: 'messages' | 'chunks',
    take: () => T | undefined,
  ): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const serve = () => {
        const taken = take()
        if (taken !== undefined) resolve(taken)
        return taken !== undefined
      }
      const waiter = { owner, turn: this.#turns++, serve, resolve, reject }
      // There is nothing for those that wait already, or they would not.
      if (serve()) return
      if (this.#ended) {
        this.#dismiss(waiter)
        return
      }
      this.#waiting ??= { messages: new ShortQueue(), chunks: new ShortQueue() }
      this.#waiting[takes].push(waiter)
    })
  }

  /** `owner`, who has joined, reads no more, and what it waits for need not come. */
  leave(owner: object): void {
    this.#readers--
    if (!this.#hasLoops) this.#whenLeft?.()
    this.#regulate()
    if (this.isUnread) this.#owner?.unread()
    for (const queue of Object.values(this.#waiting ?? {}))
      for (let left = queue.length; left > 0; left--) {
        const waiter = queue.shift() as Waiter
        if (waiter.owner === owner) waiter.resolve(undefined)
        else queue.push(waiter)
      }
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

  /** Leaves `least` complete messages. */
  #forgetOldest(least: number): void {
    while (this.#bytes >= FULL_WITHOUT_READER && this.#messages > least) this.#shiftMessage()
  }

  #regulate(): void {
    const isRead = this.#readers > 0
    const full = isRead ? FULL : FULL_WITHOUT_READER
    // Half a message is of no use to who reads messages: it has to come in whole.
    const useful = this.#takesChunks || this.#messages > 0 || !isRead
    const reading = this.#reading
      ? this.#bytes < full || !useful
      : this.#bytes < Math.min(DRAINED, full) || !useful
    if (reading === this.#reading || this.#ended) return
    this.#reading = reading
    this.#socket.setReading(reading)
    if (this.isUnread) this.#owner?.unread()
  }

  #wake(): void {
    if (!this.#waiting) return
    const { messages, chunks } = this.#waiting
    let served = messages.length + chunks.length > 0
    while (served) {
      const isMessagesTurn =
        (messages.peekAt(0)?.turn ?? Infinity) < (chunks.peekAt(0)?.turn ?? Infinity)
      served = isMessagesTurn
        ? serveFirst(messages) || serveFirst(chunks)
        : serveFirst(chunks) || serveFirst(messages)
    }
    if (!this.#ended) return
    for (const queue of [messages, chunks])
      for (let waiter = queue.shift(); waiter; waiter = queue.shift()) this.#dismiss(waiter)
  }

  #dismiss(waiter: Waiter): void {
    if (this.#failure) rejectForCaller(waiter, this.#failure.reason)
    else waiter.resolve(undefined)
  }
}
