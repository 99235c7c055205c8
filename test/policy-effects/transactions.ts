// Compares transactions with and without a policy key.

import { type Blobs, openContext, type PolicyInput, type RequestOptions } from 'lws-secure-streams'
import { starts } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

type Streamtype = NonNullable<PolicyInput['s']>[number][string]

export interface Compared extends RequestOptions {
  /** What both streamtypes say, besides a POST to /echo. */
  both?: Streamtype
  blobs?: Blobs
  /** Other streamtypes of the policy, and what else it has. */
  others?: Record<string, Streamtype>
  policy?: PolicyInput
}

/** How a transaction goes without `key` and with it: what the server saw, and its answer. */
export async function compared(
  protocol: 'h1' | 'h2',
  key: Streamtype,
  { both = {}, blobs = {}, others = {}, policy = {}, ...options }: Compared = {},
) {
  await using peer = await starts[protocol]()
  const of = (more: Streamtype) => streamtype(protocol, peer, { ...both, ...more })
  await using context = await openContext({
    policy: { ...policyOf({ ...others, plain: of({}), keyed: of(key) }), ...policy },
    blobs,
  })
  const transact = async (name: 'plain' | 'keyed') => {
    const reply = await context.request(name, { timeout: 20_000, ...options })
    const text = await reply.text()
    const request = peer.requests.at(-1)
    if (!request) throw new Error('the peer saw no request')
    return { ...request, reply, text }
  }
  return [await transact('plain'), await transact('keyed')] as const
}
