/**
 * Base of every error that this library makes itself, so that one `instanceof` tells them from
 * everything else.
 */
export class SecureStreamError extends Error {
  /** @internal Said here, since a minifier gives classes other names. */
  static override readonly name: string = 'SecureStreamError'
  /** Stable, machine-readable: `ERR_SS_…`. */
  readonly code: string

  /**
   * @param code - `ERR_SS_…`
   * @param message - what went wrong, for people
   * @param options - `cause`: the error that led to this one
   */
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    Object.defineProperty(this, 'name', {
      value: new.target.name,
      configurable: true,
      writable: true,
    })
  }
}
