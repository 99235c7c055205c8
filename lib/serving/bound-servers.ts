/** Servers that are bound to the virtual host of another, which listens for them. */
import { invalidArgValue } from '../arguments.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import type { Kind } from '../streamtypes/kind.js'
import type { ServeOptions } from './serve-options.js'
import type { Vhost } from './vhost.js'

/** A server, as those who would be bound to it see it. */
interface Host {
  readonly streamtype: string
  readonly kind: Kind
  readonly isListening: boolean
  /** The name of the virtual host that it is bound to. */
  readonly vhost: string | undefined
}

/**
 * The server that the policy's `endpoint` binds a streamtype to; nothing when it listens itself, or is
 * the first at one of the virtual hosts that the context was opened with.
 *
 * @throws SecureStreamError `ERR_SS_NO_VHOST`; TypeError for options that are for who listens
 */
export function hostFor<T extends Host>(
  kind: Kind,
  options: ServeOptions,
  servers: Iterable<T>,
  vhosts: ReadonlyMap<string, Vhost>,
): T | undefined {
  const { vhost } = kind.place
  if (vhost === undefined) return undefined
  const listening = [...servers].filter(({ isListening }) => isListening)
  const opened = vhosts.get(vhost)
  const host = listening.find((other) =>
    opened ? other.vhost === vhost : other.streamtype === vhost,
  )
  if (opened && !host) {
    const last = [...servers].find((other) => other.vhost === vhost)
    if (last)
      throw cannotBind(kind, `'${last.streamtype}' has not ended there: await its close() first`)
    checkFirst(kind, options, opened)
    return undefined
  }
  if (!host) {
    const all = [...vhosts.keys(), ...listening.map(({ streamtype }) => streamtype)]
    const names = all.join(', ') || 'none'
    throw cannotBind(kind, `there is no virtual host '${vhost}'; there are: ${names}`)
  }
  if (kind.protocol !== host.kind.protocol || !kind.isTransactional)
    throw cannotBind(
      kind,
      `one is ${kind.protocol}, the other ${host.kind.protocol}: only http has hosts`,
    )
  if (kind.isSecure !== host.kind.isSecure)
    throw cannotBind(kind, `only one of them has "tls": true`)
  for (const name of ['reusePort', 'limits'] as const)
    if (options[name] !== undefined)
      throw invalidArgValue(`options.${name}`, options[name], `is for '${vhost}', which listens`)
  if (options.requestCert && !kind.certificate)
    throw invalidArgValue(
      'options.requestCert',
      true,
      'is for a streamtype with its own server_cert',
    )
  return host
}

/** The first server at a virtual host of the JSON is what that is of. */
function checkFirst(kind: Kind, { reusePort, requestCert }: ServeOptions, vhost: Vhost): void {
  if (kind.isSecure !== vhost.isSecure)
    throw cannotBind(
      kind,
      vhost.isSecure
        ? 'it has TLS, and the streamtype has no "tls": true'
        : 'it has no host-ssl-cert, and the streamtype has "tls": true',
    )
  if (kind.certificate)
    throw cannotBind(kind, 'it has a certificate of its own: leave server_cert out')
  if (reusePort !== undefined)
    throw invalidArgValue('options.reusePort', reusePort, `is not for '${vhost.name}' of vhosts`)
  if (requestCert)
    throw invalidArgValue(
      'options.requestCert',
      true,
      `is not for '${vhost.name}' of vhosts, which has client-cert-required`,
    )
}

function cannotBind({ name, place }: Kind, why: string): SecureStreamError {
  return new SecureStreamError(
    'ERR_SS_NO_VHOST',
    `'${name}' cannot be bound to '${place.vhost}': ${why}`,
  )
}
