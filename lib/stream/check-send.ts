import { isUtf8 } from 'node:buffer'
import { checkBoolean, checkObject, checkSignal, invalidArgValue } from '../arguments.js'
import type { Streamtype } from '../policy/types.js'
import type { SendOptions } from './stream-types.js'
import { checkMetadata, metadataPairs } from './streamtype-traits.js'

/**
 * Checks what `send()` was given besides the kind of its data, and returns the metadata that the message
 * has of its own, as the addon takes it.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; SecureStreamError
 *   `ERR_SS_UNKNOWN_METADATA`
 */
export function checkSend(
  streamtype: string,
  definition: Streamtype,
  data: string | Uint8Array,
  options: SendOptions,
): (string | Uint8Array)[] | undefined {
  checkObject('options', options)
  checkSignal('options.signal', options.signal)
  if (options.binary !== undefined) checkBoolean('options.binary', options.binary)
  if (definition.protocol === 'ws' && typeof data !== 'string')
    checkText(data, options.binary ?? definition.ws_binary ?? false)
  if (options.metadata === undefined) return undefined
  checkMetadata(options.metadata)
  return metadataPairs(streamtype, definition, options.metadata)
}

// The peer would end the connection for it, and take everything else with it.
function checkText(data: Uint8Array, binary: boolean): void {
  if (!binary && !isUtf8(data))
    throw invalidArgValue(
      'data',
      data,
      'is not text in UTF-8, which a text message of ws has to be: send it with ' +
        '{ binary: true }, or set ws_binary in the policy',
    )
}
