/** Has libwebsockets make the virtual hosts of the vhost JSON. */
import type { NativeContext } from '../addon/native.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import { systemError } from './refusals.js'
import type { Vhost } from './vhost.js'

/**
 * They listen from then on.
 *
 * @throws SecureStreamError `ERR_SS_VHOSTS`; those that came before the one which failed listen
 */
export function makeVhosts(native: NativeContext, vhosts: Iterable<Vhost>): void {
  for (const vhost of vhosts) {
    const errno = native.makeVhosts(vhost.json)
    if (errno === undefined) continue
    const what = `the virtual host '${vhost.name}'`
    if (errno === 0)
      throw new SecureStreamError('ERR_SS_VHOSTS', `libwebsockets could not make ${what}`)
    const cause = systemError(errno, vhost.place)
    throw new SecureStreamError('ERR_SS_VHOSTS', `${what} cannot listen: ${cause.message}`, {
      cause,
    })
  }
}
