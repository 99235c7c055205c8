// Asks a peer for a target on each protocol that has targets.

import { type Context, openContext, type PolicyInput } from 'lws-secure-streams'
import type { Peer } from '../peers/index.js'
import { policyOf, streamtype } from './policies.js'

type Streamtype = NonNullable<PolicyInput['s']>[number][string]

/** The protocols that ask for a target. */
export const asking = ['h1', 'h2', 'ws'] as const

/** A context whose streamtype `it` asks `peer`, with a GET or an upgrade. */
export async function openAsking(
  protocol: (typeof asking)[number],
  peer: Pick<Peer, 'port'>,
  more: Streamtype,
): Promise<Context> {
  const get = protocol === 'ws' ? {} : { http_method: 'GET' }
  const { retry: _, ...it } = streamtype(protocol, peer, { ...get, ...more })
  return openContext({ policy: policyOf({ it }) })
}

/** Asks once. */
export async function ask(context: Context, metadata: Record<string, string | Uint8Array> = {}) {
  const { protocol } = context.policy.s[0]?.it ?? {}
  if (protocol === 'ws') {
    await using stream = context.stream('it', { metadata })
    await stream.connect()
  } else {
    await (await context.request('it', { metadata })).bytes()
  }
}
