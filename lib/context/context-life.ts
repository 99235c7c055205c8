/** How far a context is on its way from its opening to its end. */
import { DestroyedError } from '../errors/destroyed-error.js'

/** Opening, open, closing, destroyed and closed: what has come of a context, and those who wait for it. */
export class ContextLife {
  /** Settles when libwebsockets is OPERATIONAL. */
  readonly operational: Promise<void>
  /** Settles when nothing of the context is left. */
  readonly closed: Promise<void>
  #resolveOperational!: () => void
  #rejectOperational!: (reason: unknown) => void
  #resolveClosed!: () => void
  #isClosing = false
  #isDestroyed = false
  #error: Error | undefined

  constructor() {
    this.operational = new Promise((resolve, reject) => {
      this.#resolveOperational = resolve
      this.#rejectOperational = reject
    })
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  /** Whether nothing new may begin. */
  get isClosing(): boolean {
    return this.#isClosing
  }

  get isDestroyed(): boolean {
    return this.#isDestroyed
  }

  /** Why it was destroyed, if that was said. */
  get error(): Error | undefined {
    return this.#error
  }

  close(): void {
    this.#isClosing = true
  }

  destroy(error: Error | undefined): void {
    this.#isClosing = this.#isDestroyed = true
    this.#error ??= error
  }

  becomeOperational(): void {
    this.#resolveOperational()
  }

  becomeClosed(): void {
    this.#rejectOperational(this.destroyedError())
    this.#resolveClosed()
  }

  /** @throws DestroyedError when nothing new may begin */
  requireOpen(): void {
    if (this.#isClosing) throw this.destroyedError()
  }

  destroyedError(): Error {
    return new DestroyedError('the context', this.#error)
  }
}
