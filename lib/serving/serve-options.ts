/** The options of `context.serve()`, and their check. */
import {
  checkBoolean,
  checkObject,
  checkSignal,
  invalidArgType,
  invalidArgValue,
} from '../arguments.js'
import { checkHandlers, type StreamHandlers } from '../streams/handlers.js'
import type { SecureStream } from '../streams/secure-stream.js'
import type { Kind } from '../streamtypes/kind.js'
import { type ClientCheckOptions, checkClientCheck } from './client-check.js'
import { checkLimits, type ServerLimits } from './limits.js'
import type { Transaction } from './transaction.js'

/**
 * Options of `context.serve()`: what is done with clients, `connection` or the handlers of each stream,
 * and how to listen.
 */
export interface ServeOptions<Name extends string = string>
  extends StreamHandlers<Name>,
    ClientCheckOptions {
  /**
   * Is called with the stream of each client when that is connected, with TLS after the handshake. The
   * stream is destroyed when this throws, or rejects.
   */
  connection?(stream: SecureStream<Name>): unknown
  /**
   * On h1 and h2: is called with each request. If it throws or rejects before the response has begun, the
   * client gets the status 500. If the response has begun, the connection is closed, or on h2 the stream
   * is reset. Without this handler, every request gets the status 404.
   */
  transaction?(transaction: Transaction<Name>): unknown
  /**
   * On h1 and h2, with `ws_subprotocol` in the policy: is called with the stream of each client that has upgraded
   * to ws, on which messages pass from then on. The stream is destroyed when this throws, or rejects.
   * Specification: "HTTP and ws serving".
   */
  upgrade?(stream: SecureStream<Name>): unknown
  /**
   * Whether several processes and workers can listen on the same port. All of them have to set this. The
   * system gives each client to one of them. Default: `false`; a port that is in use is an error.
   */
  reusePort?: boolean
  /**
   * Whether messages on ws are compressed in both directions, for clients that offer permessage-deflate
   * (RFC 7692). Once used, it takes about 310 kB of memory for each client. Default: `false`.
   */
  perMessageDeflate?: boolean
  /** How long clients may take, and how much they may send. Limits that are not given have their defaults. */
  limits?: ServerLimits
  /** Gives up listening, and destroys the server with its clients when aborted later. */
  signal?: AbortSignal
}

const callbacks = ['connection', 'transaction', 'upgrade'] as const

/**
 * Checks what `serve()` was given, as far as the policy has no say in it.
 *
 * @throws TypeError, RangeError
 */
export function checkServeOptions(options: unknown): asserts options is ServeOptions {
  checkObject('options', options)
  const given = options as ServeOptions
  const { reusePort, perMessageDeflate, limits, signal, state, rx, tx } = given
  for (const name of callbacks)
    if (given[name] !== undefined && typeof given[name] !== 'function')
      throw invalidArgType(`options.${name}`, 'of type function', given[name])
  checkHandlers('options', given)
  if (!callbacks.some((name) => given[name]) && !state && !rx && !tx)
    throw invalidArgValue(
      'options',
      Object.keys(options),
      "must have 'connection', 'transaction' or 'upgrade', or handlers: 'state', 'rx' and 'tx'",
    )
  if (reusePort !== undefined) checkBoolean('options.reusePort', reusePort)
  if (perMessageDeflate !== undefined) checkBoolean('options.perMessageDeflate', perMessageDeflate)
  if (limits !== undefined) checkLimits('options.limits', limits)
  checkClientCheck(given)
  checkSignal('options.signal', signal)
}

/** @throws TypeError for what has no meaning for a server of this kind */
export function checkCallbacks(kind: Kind, options: ServeOptions): void {
  if (options.requestCert && !kind.isSecure)
    throw invalidArgValue('options.requestCert', true, 'is for a streamtype with "tls": true')
  const { transaction, upgrade, perMessageDeflate, state, rx, tx } = options
  if (transaction && !kind.isTransactional)
    throw invalidArgValue(
      'options.transaction',
      transaction,
      `is for h1 and h2, not for ${kind.protocol}`,
    )
  if (upgrade && !kind.takesUpgrades)
    throw invalidArgValue(
      'options.upgrade',
      upgrade,
      'is for h1 and h2 with ws_subprotocol in the policy',
    )
  if (perMessageDeflate && !kind.takesUpgrades)
    throw invalidArgValue(
      'options.perMessageDeflate',
      perMessageDeflate,
      'is for h1 and h2 with ws_subprotocol in the policy',
    )
  if ((transaction || upgrade) && (state || rx || tx))
    throw invalidArgValue(
      'options',
      Object.keys(options),
      "must not have 'transaction' or 'upgrade' beside handlers, which are told the same by their state()",
    )
}
