/** The error that all of this library's are, and what it can know. */

/** An error of Node's, as the cause of one of ours. */
export interface CodedError extends Error {
  /** Node's code, such as `ECONNREFUSED`, or that of OpenSSL. */
  readonly code?: string
}

/** What an error tells besides its message; each is as the property of {@link SecureStreamError}. */
export interface Circumstances {
  /** The name of the streamtype. */
  readonly streamtype?: string | undefined
  /** Who was asked. */
  readonly endpoint?: string | undefined
  /** How many attempts there were. */
  readonly attempts?: number | undefined
  /** The status of HTTP. */
  readonly status?: number | undefined
  /** The error that led to it. */
  readonly cause?: unknown
}

/**
 * Base of every error that this library makes itself, so that one `instanceof` tells them from
 * everything else.
 */
export class SecureStreamError extends Error {
  /** @internal Said here, since a minifier gives classes other names. */
  static override readonly name: string = 'SecureStreamError'
  /** Stable, machine-readable: `ERR_SS_…`. */
  readonly code: string
  /** The name of the streamtype in the policy, where the error is about a stream. */
  declare readonly streamtype?: string
  /**
   * Of a failure of the network: who was asked, as `host:port`, after metadata and redirects; of a Unix
   * socket, its path.
   */
  declare readonly endpoint?: string
  /** Of a failure of the network: how many attempts there were, those before included. */
  declare readonly attempts?: number
  /** The status of HTTP that the server has answered with, where it gave one. */
  declare readonly status?: number

  /**
   * @param code - `ERR_SS_…`
   * @param message - what went wrong, for people
   * @param options - `cause`: the error that led to this one; and what else is known
   */
  constructor(code: string, message: string, options: Circumstances = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    for (const name of ['streamtype', 'endpoint', 'attempts', 'status'] as const)
      if (options[name] !== undefined) Object.assign(this, { [name]: options[name] })
    Object.defineProperty(this, 'name', {
      value: new.target.name,
      configurable: true,
      writable: true,
    })
  }
}
