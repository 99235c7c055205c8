// The policy of the smoke, and one exchange with a peer by it.

const streamtypes = {
  h1: { protocol: 'h1', http_method: 'POST', http_url: '/' },
  h2: { protocol: 'h2', http_method: 'POST', http_url: '/' },
  ws: { protocol: 'ws', http_url: '/', ws_binary: true },
  mqtt: { protocol: 'mqtt', mqtt_topic: 'smoke', mqtt_subscribe: 'smoke', mqtt_qos: 1 },
  raw: { protocol: 'raw' },
}

/** A policy with one streamtype, `it`, for a peer of the protocol; with `ca`, a PEM, with TLS. */
export function policyFor(protocol, port, ca) {
  const retry = { backoff: [20], conceal: 1 }
  const it = { endpoint: 'localhost', port, retry: 'quick', ...streamtypes[protocol] }
  if (!ca) return { retry: [{ quick: retry }], s: [{ it }] }
  const der = ca.replace(/-----[^-]+-----|\s/g, '')
  return {
    retry: [{ quick: retry }],
    certs: [{ ca: der }],
    trust_stores: [{ name: 'own', stack: ['ca'] }],
    s: [{ it: { ...it, tls: true, tls_trust_store: 'own' } }],
  }
}

/** Sends some bytes on the streamtype, and throws when the peer sends back others. */
export async function roundTrip(context, protocol) {
  const sent = Buffer.alloc(100_000, `${protocol} `)
  const answer = protocol === 'h1' || protocol === 'h2' ? byRequest : byStream
  const received = await answer(context, sent)
  if (!sent.equals(received)) throw new Error(`${received.length} other bytes came back`)
}

async function byRequest(context, body) {
  const reply = await context.request('it', { body })
  return reply.bytes()
}

async function byStream(context, data) {
  const stream = context.stream('it')
  try {
    await stream.send(data)
    const parts = []
    let length = 0
    for await (const message of stream) {
      parts.push(message.data)
      length += message.data.length
      if (length >= data.length) break
    }
    return Buffer.concat(parts)
  } finally {
    await stream[Symbol.asyncDispose]()
  }
}
