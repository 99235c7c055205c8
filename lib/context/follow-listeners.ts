/** What is to be done only while somebody listens. */
import type { EventEmitter } from 'node:events'

/** Calls `change` now, and whenever listeners of the event have come or gone. */
export function followListeners(emitter: EventEmitter, event: string, change: () => void): void {
  const listenersChange = (name: string | symbol) => {
    // They are told before it is so.
    if (name === event) queueMicrotask(change)
  }
  change()
  emitter.on('newListener', listenersChange)
  emitter.on('removeListener', listenersChange)
}
