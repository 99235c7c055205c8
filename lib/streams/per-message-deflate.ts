/** What a stream on ws offers of permessage-deflate. */
import type { NativeDeflate } from '../addon/native.js'
import { checkBoolean, checkInteger, checkObject } from '../arguments.js'

/** How a stream on ws has messages compressed (RFC 7692); the names are those of the package `ws`. */
export interface PerMessageDeflate {
  /** Asks the server to begin each message anew, which saves memory there. Default: `false` */
  serverNoContextTakeover?: boolean
  /** Begins each message anew, and gives the memory for it back. Default: `false` */
  clientNoContextTakeover?: boolean
  /** Asks the server for a window of so many bits at most, 8 to 15. Default: the server decides */
  serverMaxWindowBits?: number
  /** Compresses with a window of so many bits at most, 9 to 15. Default: 15, and the server may ask for less */
  clientMaxWindowBits?: number
  /**
   * How many bytes a compressed message may have when it is inflated. The connection ends at a longer one, with the
   * code 1009. Default: 104857600, which is 100 MiB
   */
  maxPayload?: number
}

const MAX_PAYLOAD = 100 * 1024 * 1024

/** @throws TypeError, RangeError */
export function checkPerMessageDeflate(
  where: string,
  given: unknown,
): asserts given is PerMessageDeflate | boolean | undefined {
  if (given === undefined || typeof given === 'boolean') return
  checkObject(where, given)
  const options: Readonly<Record<keyof PerMessageDeflate, unknown>> = { ...unset, ...given }
  for (const name of ['serverNoContextTakeover', 'clientNoContextTakeover'] as const)
    if (options[name] !== undefined) checkBoolean(`${where}.${name}`, options[name])
  for (const [name, least, most] of [
    ['serverMaxWindowBits', 8, 15],
    ['clientMaxWindowBits', 9, 15],
    ['maxPayload', 1, Number.MAX_SAFE_INTEGER],
  ] as const)
    if (options[name] !== undefined) checkInteger(`${where}.${name}`, options[name], least, most)
}

const unset: Record<keyof PerMessageDeflate, undefined> = {
  serverNoContextTakeover: undefined,
  clientNoContextTakeover: undefined,
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: undefined,
  maxPayload: undefined,
}

/** What the addon is given of it. */
export function deflateOf(
  given: PerMessageDeflate | boolean | undefined,
): NativeDeflate | undefined {
  if (!given) return undefined
  const options = given === true ? {} : given
  return [
    options.maxPayload ?? MAX_PAYLOAD,
    options.serverMaxWindowBits ?? 0,
    options.clientMaxWindowBits ?? 15,
    options.serverNoContextTakeover ? 1 : 0,
    options.clientNoContextTakeover ? 1 : 0,
  ]
}
