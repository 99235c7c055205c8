/** The check of what `stream()` is given. */
import { checkBoolean, checkInteger, checkObject, checkSignal } from '../arguments.js'
import { checkMetadata } from '../streamtypes/metadata.js'
import { checkHandlers, type StreamHandlers } from './handlers.js'
import { checkPerMessageDeflate } from './per-message-deflate.js'
import type { StreamOptions } from './stream-types.js'

/**
 * Checks what `stream()` was given, as far as the policy has no say in it.
 *
 * @throws TypeError, RangeError
 */
export function checkStreamOptions(options: StreamOptions & StreamHandlers): void {
  checkObject('options', options)
  checkSignal('options.signal', options.signal)
  checkMetadata(options.metadata)
  if (options.initialTxCredit !== undefined)
    checkInteger('options.initialTxCredit', options.initialTxCredit, 1, 0x7fffffff)
  if (options.resend !== undefined) checkBoolean('options.resend', options.resend)
  checkPerMessageDeflate('options.perMessageDeflate', options.perMessageDeflate)
  checkHandlers('options', options)
}
