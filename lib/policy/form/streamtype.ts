/** What the keys of one streamtype mean. */
import type { Protocol } from '../table/key-spec.js'
import { SERVER_METADATA } from '../table/keys.js'
import type { Streamtype } from './types.js'

/** The protocol of a streamtype, which lws takes to be h1 when none is given. */
export function protocolOf(value: Streamtype): Protocol {
  return value.protocol ?? 'h1'
}

/** The port that a client connects to when nothing says one; `raw` has none. */
export function defaultPort(value: Streamtype): number | undefined {
  const isSecure = value.tls === true
  switch (protocolOf(value)) {
    case 'raw':
      return undefined
    case 'mqtt':
      return isSecure ? 8883 : 1883
    default:
      return isSecure ? 443 : 80
  }
}

/** The metadata that a server needs and does not declare. */
export function missingServerMetadata(value: Streamtype): string[] {
  const protocol = protocolOf(value)
  return protocol === 'h1' || protocol === 'h2'
    ? SERVER_METADATA.filter((name) => !hasMetadata(value, name))
    : []
}

/**
 * What a client without an endpoint connects to instead, which this build does not have; `undefined` for
 * a client that has an endpoint or needs one.
 */
export function usedWithoutEndpoint(value: Streamtype): string | undefined {
  if ((value.endpoint ?? '') !== '' || value.server === true) return undefined
  if (value.local_sink === true) return 'a sink'
  // Later versions of lws hand it a pipe or another descriptor: lws_ss_adopt_raw().
  return value.protocol === 'raw' ? 'a descriptor to adopt' : undefined
}

export function roleOf(value: Streamtype): 'client' | 'server' {
  return value.server === true ? 'server' : 'client'
}

/** The names of the metadata that a streamtype declares. */
export function metadataNames({ metadata = [] }: Streamtype): string[] {
  return metadata.flatMap((item) => Object.keys(item))
}

/** True when a streamtype declares metadata of this name. */
export function hasMetadata({ metadata }: Streamtype, name: string): boolean {
  return metadata?.some((item) => Object.hasOwn(item, name)) === true
}
