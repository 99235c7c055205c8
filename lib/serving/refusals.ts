/** Why a server does not listen. */
import { getSystemErrorMap } from 'node:util'
import { NotImplementedError } from '../errors/not-implemented-error.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import type { Kind } from '../streamtypes/kind.js'
import type { ListeningPlace } from '../streamtypes/listening-place.js'

const served = new Set<Kind['protocol']>(['raw', 'h1', 'h2'])

/** @throws SecureStreamError unless it is a streamtype that can be served */
export function requireServer(kind: Kind): void {
  if (kind.role !== 'server')
    throw new SecureStreamError(
      'ERR_SS_NOT_SERVER',
      `'${kind.name}' is a client in the policy: use stream(), or set "server": true`,
    )
  if (!served.has(kind.protocol))
    throw new NotImplementedError(`serving ${kind.protocol} (streamtype '${kind.name}')`)
}

/** An error as Node's own servers have it, for what the system numbers `errno`. */
export function systemError(errno: number, place: ListeningPlace): NodeJS.ErrnoException {
  const [code, words] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown']
  const where = place.path === undefined ? { address: place.host, port: place.port } : {}
  return Object.assign(new Error(`listen ${code}: ${words} ${place}`), {
    code,
    errno: -errno,
    syscall: 'listen',
    ...(place.path === undefined ? where : { path: place.path }),
  })
}

/** What `serve()` rejects with when the addon could not make the server for `reason`. */
export function cannotListen({ name, place }: Kind, reason: unknown): SecureStreamError {
  const { errno } = reason as NodeJS.ErrnoException
  if (errno === undefined)
    return new SecureStreamError('ERR_SS_CREATE', (reason as Error).message, { cause: reason })
  const cause = systemError(errno, place)
  return new SecureStreamError('ERR_SS_LISTEN', `'${name}' cannot listen: ${cause.message}`, {
    cause,
  })
}

/** Why OpenSSL does not show a certificate. */
export function cannotShow(streamtype: string, why: string): SecureStreamError {
  return new SecureStreamError('ERR_SS_SERVER_CERT', `the certificate of '${streamtype}': ${why}`)
}

/** Why no other head is taken for a response. */
export function responseHasBegun(streamtype: string): SecureStreamError {
  return new SecureStreamError(
    'ERR_SS_RESPONSE_BEGUN',
    `the response of '${streamtype}' has begun: its status and headers are with the client`,
  )
}

/** Why a response has no part that its length has no room for. */
export function responseTooLong(streamtype: string, length: number): SecureStreamError {
  return new SecureStreamError(
    'ERR_SS_TOO_LONG',
    `the response of '${streamtype}' would be longer than its content-length, ${length}`,
  )
}

/** Why nothing is added to a response. */
export function responseIsOver(streamtype: string): SecureStreamError {
  return new SecureStreamError(
    'ERR_SS_RESPONSE_OVER',
    `the response of '${streamtype}' was ended by end() already`,
  )
}
