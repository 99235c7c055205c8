/** The promises of `send()`. */
import type { DisconnectedError } from '../errors/disconnected-error.js'
import { rejectForCaller } from '../errors/reject-for-caller.js'
import { onAbort } from '../on-abort.js'
import { ShortQueue } from './short-queue.js'

interface Entry {
  readonly resolve: (nothing?: PromiseLike<never>) => void
  readonly reject: (reason: unknown) => void
  /** The promise itself, when its rejection is not to be an unhandled one. */
  readonly ignored?: Promise<void> | undefined
  /** Whether there is no promise of this message alone. */
  readonly isCounted: boolean
  settled: boolean
}

/** What became of a message, and what the addon calls it. */
export interface OutgoingPromise {
  readonly id: number
  readonly promise: Promise<void>
}

function rejectEntry(entry: Entry | undefined, reason: unknown, isShared: boolean): void {
  entry?.ignored?.catch(() => {})
  if (isShared || entry?.isCounted) entry?.reject(reason)
  else if (entry) rejectForCaller(entry, reason)
}

/** The promises of messages that are on their way out, in order. */
export class Outbox {
  // By id, from the oldest on that is not settled; a Map that is filled and emptied all the time keeps
  // what it held alive from one garbage collection to the next.
  readonly #entries = new ShortQueue<Entry>()
  // Ids count as the addon's do, which begin again after 2 ** 32.
  #firstId = 1
  #size = 0
  #whenDrained: (() => void)[] | undefined
  readonly #lost: (when: string) => DisconnectedError
  readonly #acknowledged: boolean
  readonly #queue: { cancelSend(id: number): void }

  /**
   * `acknowledged`: whether the protocol says when the peer has a message; `queue` is where messages
   * wait that have not begun to leave; `lost` makes the error for one that the connection was lost with.
   */
  constructor(
    acknowledged: boolean,
    queue: { cancelSend(id: number): void },
    lost: (when: string) => DisconnectedError,
  ) {
    this.#lost = lost
    this.#acknowledged = acknowledged
    this.#queue = queue
  }

  get size(): number {
    return this.#size
  }

  /** The id of the one that is to settle first, if there is one. */
  get first(): number | undefined {
    return this.#size > 0 ? this.#firstId : undefined
  }

  add(signal?: AbortSignal): OutgoingPromise {
    const { id, promise } = this.#add(false)
    if (!signal) return { id, promise }
    const unwatch = onAbort(signal, () => this.giveUp(id, signal.reason))
    return { id, promise: promise.finally(unwatch) }
  }

  /** One whose rejection is not an unhandled one when nobody waits for it. */
  addIgnored(): OutgoingPromise {
    return this.#add(true)
  }

  /** One of several messages that are counted: `settled` is called when it is sent, and when it is not. */
  addCounted(settled: () => void): number {
    return this.#push({ resolve: settled, reject: settled, isCounted: true, settled: false })
  }

  #add(isIgnored: boolean): OutgoingPromise {
    let resolve!: Entry['resolve']
    let reject!: Entry['reject']
    const promise = new Promise<void>((resolves, rejects) => {
      resolve = resolves
      reject = rejects
    })
    const ignored = isIgnored ? promise : undefined
    const id = this.#push({ resolve, reject, ignored, isCounted: false, settled: false })
    return { id, promise }
  }

  #push(entry: Entry): number {
    const id = (this.#firstId + this.#entries.length) >>> 0
    this.#entries.push(entry)
    this.#size++
    return id
  }

  /** lws has taken the whole of it. */
  sent(id: number): void {
    if (!this.#acknowledged) this.acknowledged(id)
  }

  acknowledged(id: number): void {
    this.#settle(id)?.resolve()
  }

  reject(id: number, reason: unknown): void {
    rejectEntry(this.#settle(id), reason, false)
  }

  /** Nobody waits for it any more; it is not sent if it has not begun to leave. */
  giveUp(id: number, reason: unknown): void {
    this.#queue.cancelSend(id)
    this.reject(id, reason)
  }

  dropped(id: number): void {
    this.reject(id, this.#lost('before the peer had the whole message'))
  }

  /** All get the same error; only one for a single caller can have that caller's stack. */
  rejectAll(reason: unknown): void {
    const first = this.#firstId
    const { length } = this.#entries
    const isShared = this.#size > 1
    for (let place = 0; place < length; place++) {
      rejectEntry(this.#settle((first + place) >>> 0), reason, isShared)
    }
  }

  /** Settles when no message is on its way. */
  drained(): Promise<void> {
    if (this.#size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenDrained ??= []
      this.#whenDrained.push(resolve)
    })
  }

  #settle(id: number): Entry | undefined {
    const entries = this.#entries
    const entry = entries.peekAt((id - this.#firstId) >>> 0)
    if (!entry || entry.settled) return undefined
    entry.settled = true
    this.#size--
    while (entries.peekAt(0)?.settled) {
      entries.shift()
      this.#firstId = (this.#firstId + 1) >>> 0
    }
    if (this.#size === 0 && this.#whenDrained) {
      for (const resolve of this.#whenDrained) resolve()
      this.#whenDrained = undefined
    }
    return entry
  }
}
