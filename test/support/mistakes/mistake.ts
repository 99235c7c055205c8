// A mistake that ends a connection, or leaves none to be made, and what is said of it.

import {
  type Context,
  openContext,
  type PolicyInput,
  type SecureStreamError,
} from 'lws-secure-streams'
import { CertificateAuthority, startRaw, type TlsIdentity } from '../../peers/index.js'
import { type ProtocolName, policyOf, streamtype } from '../policies.js'

type Definition = NonNullable<PolicyInput['s']>[number][string]
type Place = AsyncDisposable & { port: number }

/** What {@link learn} is to do. */
export interface Mistake {
  /** Two of the same name are the same mistake, and may be told in the same words. */
  readonly is: string
  readonly protocol: ProtocolName
  /** Who is asked; nobody is there without it. */
  readonly peer?: () => Promise<Place>
  /** Of the streamtype. */
  readonly policy?: Definition
  /** Of the whole policy; `peer` may be a proxy. */
  readonly whole?: (peer: Place) => PolicyInput
  readonly options?: Parameters<typeof openContext>[0]
  /** Default: a request, or to connect. */
  readonly does?: (context: Context) => Promise<unknown>
  /** The message; `@` is the endpoint, and `#` the port of the peer. */
  readonly says: string
  /** Default: `127.0.0.1:#`. */
  readonly endpoint?: string
  /** Default: that all retries have failed. */
  readonly code?: string
  /** The code of `cause`; `undefined`: there is none. */
  readonly cause?: string | undefined
  readonly status?: number
  /** Default: 3. */
  readonly attempts?: number
}

/** What an error says that `learn()` gives, and what a mistake expects of it. */
export interface Said {
  readonly message: string
  readonly code: string
  readonly cause: string | undefined
  readonly endpoint: string | undefined
  readonly attempts: number | undefined
  readonly status: number | undefined
}

let made: Promise<CertificateAuthority> | undefined
/** Whom all streamtypes with TLS trust. */
export const authority = () => {
  made ??= CertificateAuthority.create()
  return made
}
let issued: Promise<TlsIdentity> | undefined
/** A certificate that is in order. */
export const identity = () => {
  issued ??= authority().then((authority) => authority.issue())
  return issued
}

/** A peer that says `bytes` when it has heard something, and hangs up. */
export const says = (bytes: string | Buffer) => () =>
  startRaw({ accept: (socket) => void socket.once('data', () => socket.end(bytes)) })
export const hangsUp = says('')
export const resets = () =>
  startRaw({ accept: (socket) => void socket.once('data', () => socket.resetAndDestroy()) })
export const isSilent = () => startRaw({ accept: (socket) => void socket.resume() })

const nowhere: Place = { port: 1, async [Symbol.asyncDispose]() {} }

async function fail(context: Context, { protocol, does }: Mistake): Promise<unknown> {
  if (does) return does(context)
  if (protocol === 'h1' || protocol === 'h2') return context.request('it')
  const metadata = protocol === 'mqtt' ? { topic: 't' } : {}
  return context.stream('it', { metadata }).connect()
}

/** Makes the mistake: what was said, and what should have been. */
export async function learn(mistake: Mistake): Promise<{ said: Said; expected: Said }> {
  const { protocol, policy = {}, whole, options } = mistake
  await using peer = (await mistake.peer?.()) ?? nowhere
  const method = protocol.startsWith('h') ? { http_method: 'GET' } : {}
  const definition = streamtype(protocol, peer, { endpoint: '127.0.0.1', ...method, ...policy })
  if (policy.retry === '') delete (definition as Definition).retry
  await using context = await openContext({
    policy: { ...policyOf({ it: definition }, await authority()), ...whole?.(peer) },
    ...options,
  })
  const error = await fail(context, mistake).then(
    () => undefined,
    (error: SecureStreamError) => error,
  )
  const { message = '', code = 'none', endpoint, attempts, status, cause } = error ?? {}
  const place = (mistake.endpoint ?? '127.0.0.1:#').replace('#', String(peer.port))
  return {
    said: {
      message,
      code,
      cause: (cause as NodeJS.ErrnoException)?.code,
      endpoint,
      attempts,
      status,
    },
    expected: {
      message: mistake.says.replace('@', place).replaceAll('#', String(peer.port)),
      code: mistake.code ?? 'ERR_SS_ALL_RETRIES_FAILED',
      cause: mistake.cause,
      endpoint: place || undefined,
      attempts: mistake.attempts ?? 3,
      status: mistake.status,
    },
  }
}
