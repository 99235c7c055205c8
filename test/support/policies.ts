// Parts of policies that many tests use.

import type { PolicyInput } from 'lws-secure-streams'
import type { CertificateAuthority, Peer } from '../peers/index.js'

type Streamtype = NonNullable<PolicyInput['s']>[number][string]

/** Retries quickly and gives up soon. */
export const quickRetry = { backoff: [20, 40], conceal: 2, jitterpc: 1 }

/** What a streamtype of each protocol needs besides its endpoint. */
export const perProtocol = {
  h1: { protocol: 'h1', http_method: 'POST', http_url: '/echo', opportunistic: true },
  h2: { protocol: 'h2', http_method: 'POST', http_url: '/echo', opportunistic: true },
  ws: { protocol: 'ws', http_url: '/', ws_binary: true },
  mqtt: {
    protocol: 'mqtt',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
    mqtt_topic: 'test/${topic}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
    mqtt_subscribe: 'test/${topic}',
    metadata: [{ topic: '' }],
    mqtt_qos: 1,
    mqtt_keep_alive: 60,
    mqtt_clean_start: true,
  },
  raw: { protocol: 'raw' },
} as const satisfies Record<string, Streamtype>

export type ProtocolName = keyof typeof perProtocol

export const protocols = Object.keys(perProtocol) as ProtocolName[]

let topics = 0

/** What a stream of the protocol needs so as not to hear what other streams say. */
export function ownTopic(protocol: ProtocolName): { metadata?: { topic: string } } {
  return protocol === 'mqtt' ? { metadata: { topic: `topic-${++topics}` } } : {}
}

/** A streamtype that reaches `peer`. */
export function streamtype(
  protocol: ProtocolName,
  peer: Pick<Peer, 'port'>,
  more: Streamtype = {},
): Streamtype {
  return {
    endpoint: 'localhost',
    port: peer.port,
    retry: 'quick',
    ...perProtocol[protocol],
    ...more,
  }
}

/** A policy of these streamtypes; those with `tls` trust `authority`. */
export function policyOf(
  streamtypes: Record<string, Streamtype>,
  authority?: CertificateAuthority,
): PolicyInput {
  return {
    retry: [{ quick: quickRetry }],
    ...(authority && {
      certs: [{ test_ca: authority.policyCert }],
      trust_stores: [{ name: 'test', stack: ['test_ca'] }],
    }),
    s: Object.entries(streamtypes).map(([name, definition]) => ({
      [name]: {
        ...definition,
        ...(definition.tls && authority && { tls_trust_store: 'test' }),
      },
    })),
  }
}
