// What the policy could do about a connection that failed.
import type { Kind } from '../../streamtypes/kind.js'
import { CommandError } from '../command-error.mjs'
import { exitStatusOf } from '../exit-status.mjs'

const hints = {
  withoutTls: [/ before it had answered/, 'a peer that wants TLS does so; "tls": true sets it'],
  withTls: [/ during the TLS handshake/, 'the peer may have no TLS on that port'],
} as const

/** The error; a CommandError that says more where TLS may be all that is wrong. */
export function withHint(error: unknown, kind: Kind): unknown {
  const [pattern, hint] = hints[kind.isSecure ? 'withTls' : 'withoutTls']
  const status = exitStatusOf(error)
  const { message } = Object(error)
  if (status === undefined || !pattern.test(message)) return error
  return new CommandError(`${message}; ${hint}`, status)
}
