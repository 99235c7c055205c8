// The error for an addon that does not load.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * The native part of the package is missing for this platform, or does not load. Its `code` is
 * `ERR_SS_ADDON_LOAD`.
 */
export class AddonLoadError extends SecureStreamError {
  /** The file, or the folder, in which the addon was sought. */
  readonly file: string

  constructor(file: string, canBuild: boolean, cause: unknown) {
    const build = canBuild
      ? 'npm explore lws-secure-streams -- npm run build:native'
      : 'npm install lws-secure-streams'
    super(
      'ERR_SS_ADDON_LOAD',
      `no usable addon for ${process.platform}-${process.arch} (Node ${process.versions.node}): sought ${file}. ` +
        `To build it: ${build}`,
      { cause },
    )
    this.file = file
  }
}
