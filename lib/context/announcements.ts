/** What a context tells of itself. */
import { AsyncResource } from 'node:async_hooks'

/** Tells what a context has to tell, and keeps it until the program can listen to it. */
export class Announcements {
  // A stream may be what something is told of, and the context whom it is told by.
  readonly #resource = new AsyncResource('LWSCONTEXT')
  #kept: (() => void)[] | undefined = []

  tell(announce: () => void): void {
    if (this.#kept) this.#kept.push(announce)
    // Later, so that what a listener throws is not thrown by the call that has caused this.
    else queueMicrotask(() => this.#resource.runInAsyncScope(announce))
  }

  /** The program is about to have the context, and listens by the next turn of the loop. */
  begin(): void {
    setImmediate(() => {
      const kept = this.#kept ?? []
      this.#kept = undefined
      for (const announce of kept) announce()
    })
  }
}
