/** The check of what `send()` is given. */
import { isUtf8 } from 'node:buffer'
import { types } from 'node:util'
import { checkBoolean, checkObject, checkSignal } from '../arguments.js'
import type { Sendable } from '../messages/source-of.js'
import { notText } from '../messages/text-check.js'
import type { Kind } from '../streamtypes/kind.js'
import { checkMetadata } from '../streamtypes/metadata.js'
import type { SendOptions } from './stream-types.js'

/**
 * Checks what `send()` was given besides the kind of its data, and returns the metadata that the message
 * has of its own, as the addon takes it.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; SecureStreamError
 *   `ERR_SS_UNKNOWN_METADATA`
 */
export function checkSend(
  kind: Kind,
  data: Sendable,
  options: SendOptions,
): (string | Uint8Array)[] | undefined {
  checkObject('options', options)
  checkSignal('options.signal', options.signal)
  if (options.binary !== undefined) checkBoolean('options.binary', options.binary)
  if (kind.exchange === 'messages' && types.isUint8Array(data))
    checkText(data, options.binary ?? kind.sendsBinary)
  if (options.metadata === undefined) return undefined
  checkMetadata(options.metadata)
  return kind.metadataPairs(options.metadata)
}

// The peer would end the connection, and everything else on it would be lost.
function checkText(data: Uint8Array, binary: boolean): void {
  if (!binary && !isUtf8(data)) throw notText('data', data)
}
