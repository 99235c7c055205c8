/** What the tracing channels tell of every operation. */
import type { Protocol } from '../policy/table/key-spec.js'
import type { Kind } from './kind.js'
import type { Metadata } from './metadata.js'

/** What the tracing channels tell of every operation: one object for it, from `start` to `asyncEnd`. */
export interface Operation {
  /** The streamtype's name in the policy. */
  readonly streamtype: string
  /** `h1`, `h2`, `ws`, `mqtt` or `raw`. */
  readonly protocol: Protocol
  /** `host:port`: of the peer, as the policy says; of a server, where it listens. */
  readonly endpoint: string
  /** Why it failed, if it did: at `error`, and behind that. */
  error?: unknown
}

/** An operation that sends metadata. */
export interface OutgoingOperation extends Operation {
  /** The names of metadata that can be sent with it. */
  metadataNames: readonly string[]
  /**
   * What is sent with it. A subscriber of `start` may change it, and add to it; names that the policy does
   * not declare are left out then, unless the program gave them, and so is what is `undefined`.
   */
  metadata: Record<string, string | Uint8Array>
}

/** Of an operation that begins, which sends `own` metadata. */
export function outgoingOperation(kind: Kind, own: Metadata = {}): OutgoingOperation {
  const { name: streamtype, protocol, endpoint, metadataNames } = kind
  return { streamtype, protocol, endpoint, metadataNames, metadata: { ...own } }
}

/** The metadata that subscribers have left in an operation, without names that only they know. */
export function tracedMetadata(
  { metadata }: OutgoingOperation,
  kind: Kind,
  own: Metadata = {},
): Metadata {
  const names = Object.keys(metadata).filter((name) => metadata[name] !== undefined)
  const known = names.filter((name) => Object.hasOwn(own, name) || kind.hasMetadataName(name))
  return Object.fromEntries(known.map((name) => [name, metadata[name] as string | Uint8Array]))
}
