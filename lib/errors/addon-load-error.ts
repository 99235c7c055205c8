// The error for an addon that does not load.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * The native part of the package does not run here. The message is one sentence that names what runs
 * the program, what it lacks, and the remedy. Its `code` is `ERR_SS_ADDON_LOAD`.
 */
export class AddonLoadError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'AddonLoadError'
  /** The file, or the folder, in which the addon was sought. */
  readonly file: string

  constructor(message: string, file: string, options?: { cause?: unknown }) {
    super('ERR_SS_ADDON_LOAD', message, options)
    this.file = file
  }
}
