/** Why a stream does not do, or go on with, what was asked of it. */
import { DisconnectedError } from '../errors/disconnected-error.js'
import { SecureStreamError } from '../errors/secure-stream-error.js'
import type { Kind } from '../streamtypes/kind.js'

/** Why a streamtype cannot send messages, when it cannot; `advice`: what to do on h1 and h2. */
export function cannotSend(kind: Kind, advice = 'use request()'): Error | undefined {
  if (kind.canSend) return undefined
  return new SecureStreamError(
    'ERR_SS_CANNOT_SEND',
    kind.exchange === 'publishes'
      ? `'${kind.name}' cannot send: its policy has no mqtt_topic`
      : `'${kind.name}' cannot send: its http_method, ${kind.httpMethod}, has no body; ${advice}`,
  )
}

/** Why a server sends nothing that is no response. */
export function mustAnswer({ name, exchange }: Kind): Error | undefined {
  if (exchange !== 'responses') return undefined
  return new SecureStreamError(
    'ERR_SS_CANNOT_SEND',
    `'${name}' cannot send: the stream of a client of http is answered by write() and end() of its transactions`,
  )
}

// A packet of MQTT says its length, from the topic on, in four bytes of seven bits.
const LONGEST_PACKET = 2 ** 28 - 1
// The topic's length, the shortest topic, and the packet identifier.
const LEAST_BESIDES = 2 + 1 + 2

/** Why a message cannot be sent that is as long as that, when it cannot. */
export function messageTooLong(kind: Kind, length: number): Error | undefined {
  if (kind.exchange !== 'publishes' || length <= LONGEST_PACKET - LEAST_BESIDES) return undefined
  return new SecureStreamError(
    'ERR_SS_TOO_LONG',
    `'${kind.name}' cannot send a message of ${length} bytes: one of MQTT has less than 256 MiB, its topic included; send it in parts`,
  )
}

/** Why a stream with handlers neither sends nor receives messages. */
export function hasHandlers(streamtype: string): Error {
  return new SecureStreamError(
    'ERR_SS_HAS_HANDLERS',
    `'${streamtype}' was opened with handlers, which have its payload: ` +
      'rx what is received, and tx, after requestTx(), what is sent',
  )
}

/** Why a stream cannot send on a connection that the program has ended. */
export function isEnding(streamtype: string): Error {
  return new SecureStreamError(
    'ERR_SS_CLOSING',
    `'${streamtype}' sends nothing more on this connection, which close(), or end() of a duplex, ends: ` +
      'send it when close() has settled, on the next one',
  )
}

/** Why a stream cannot send more, until somebody reads what has come. */
export function answersUnread(streamtype: string): Error {
  return new SecureStreamError(
    'ERR_SS_UNREAD',
    `'${streamtype}' has more answers than may wait, and nobody reads them: take them, with ` +
      "for await or a listener for 'message', or use request()",
  )
}

/** Why a stream ends whose streamtype is not in the policy any more, or not as it was. */
export function streamtypeGone(streamtype: string, isThere: boolean): Error {
  return new SecureStreamError(
    'ERR_SS_STREAMTYPE_GONE',
    isThere
      ? `the policy has changed the protocol of '${streamtype}': open the stream again`
      : `the policy has no streamtype '${streamtype}' any more`,
  )
}

/** Why the stream of a server's client does not connect. */
export function cannotConnect(streamtype: string): Error {
  return new SecureStreamError(
    'ERR_SS_CANNOT_CONNECT',
    `this stream of '${streamtype}' is that of a client which has connected to us: it has one ` +
      'connection, and ends with it',
  )
}

/** Why what was sent to a server's client has not arrived. */
export function endedByClient(streamtype: string): Error {
  return new DisconnectedError({ streamtype }, 'its client left before it had all that was sent')
}

/** Why what was under way is not any more when the program disconnects. */
export function disconnectedBy(streamtype: string, how: string): DisconnectedError {
  return new DisconnectedError({ streamtype }, `disconnected by ${how}`)
}

/** Why stream() does not open a server. */
export function isServer(streamtype: string): Error {
  return new SecureStreamError(
    'ERR_SS_IS_SERVER',
    `'${streamtype}' is a server in the policy: use serve(), which gives a stream for each client`,
  )
}
