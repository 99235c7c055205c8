/** The iterators over what a stream receives. */
import type { Chunk, Inbox } from './inbox.js'
import { Message } from './message.js'

/**
 * What an inbox receives, one after the other. Not an async generator: leaving that would wait for
 * what its `next()` waits for.
 */
export class Received<T> implements AsyncIterableIterator<T, void, void> {
  readonly #inbox: Inbox
  readonly #takes: 'messages' | 'chunks'
  readonly #take: () => T | undefined
  readonly #onBegin: () => void
  #reads = false
  #over = false
  #finishing = false

  /** `onBegin` is called when somebody begins to read. */
  constructor(
    inbox: Inbox,
    takes: 'messages' | 'chunks',
    take: () => T | undefined,
    onBegin: () => void,
  ) {
    this.#inbox = inbox
    this.#takes = takes
    this.#take = take
    this.#onBegin = onBegin
  }

  async next(): Promise<IteratorResult<T, void>> {
    if (this.#over) return { done: true, value: undefined }
    this.#attach()
    try {
      const value = this.#finishing
        ? this.#take()
        : await this.#inbox.next(this, this.#takes, this.#take)
      if (value !== undefined) return { done: false, value }
    } catch (error) {
      // Once is enough, if several calls wait.
      if (!this.#over) {
        this.#over = true
        this.#leave()
        throw error
      }
    }
    this.#over = true
    this.#leave()
    return { done: true, value: undefined }
  }

  /** Everything that is still to come, when all of it is there. */
  async rest(): Promise<T[]> {
    const all: T[] = []
    this.#attach()
    await this.#inbox.next(this, this.#takes, () => {
      for (let value = this.#take(); value !== undefined; value = this.#take()) all.push(value)
      return undefined
    })
    this.#over = true
    return all
  }

  /** Ends after what is there already. */
  finish(): void {
    this.#finishing = true
    this.#leave()
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.#over = true
    this.#leave()
    return { done: true, value: undefined }
  }

  #attach(): void {
    const begins = !this.#reads
    if (begins) this.#inbox.join()
    this.#reads = true
    this.#inbox.attach(this.#takes)
    if (begins) this.#onBegin()
  }

  #leave(): void {
    if (this.#reads) this.#inbox.leave(this)
    this.#reads = false
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** The whole messages of an inbox. */
export function receivedMessages(inbox: Inbox, onBegin: () => void): Received<Message> {
  const take = () => {
    const chunks = inbox.takeMessage()
    return chunks && Message.of(chunks)
  }
  return new Received(inbox, 'messages', take, onBegin)
}

/** The pieces of messages, as they came into an inbox. */
export function receivedChunks(inbox: Inbox, onBegin: () => void): Received<Chunk> {
  const take = () => {
    const chunk = inbox.takeChunk()
    return chunk && { data: chunk.data, som: chunk.som, eom: chunk.eom }
  }
  return new Received(inbox, 'chunks', take, onBegin)
}
