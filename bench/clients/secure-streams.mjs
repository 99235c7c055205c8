// The clients of this library.

import { openContext } from 'lws-secure-streams'
import { echoRounds, inPieces, keepInFlight } from './inflight.mjs'

const streamtypes = {
  ws: { protocol: 'ws', http_url: '/', ws_binary: true },
  h1: { protocol: 'h1', http_method: 'GET', http_url: '1k' },
  h2: { protocol: 'h2', http_method: 'GET', http_url: '1k' },
  mqtt: { protocol: 'mqtt', mqtt_topic: 'bench', mqtt_keep_alive: 600, mqtt_clean_start: true },
  raw: { protocol: 'raw' },
}

async function open(protocol, { port, ca, qos }) {
  const policy = {
    retry: [{ default: { backoff: [1000], conceal: 5, jitterpc: 1 } }],
    s: [
      {
        bench: {
          endpoint: '127.0.0.1',
          port,
          retry: 'default',
          ...(ca && { tls: true }),
          ...(qos !== undefined && { mqtt_qos: qos }),
          ...streamtypes[protocol],
        },
      },
    ],
  }
  return openContext({ policy, ...(ca && { ca }) })
}

const echo = async (protocol, options) => {
  const context = await open(protocol, options)
  const stream = context.stream('bench')
  await stream.connect()
  const message = Buffer.alloc(options.bytes, 'x')
  return { context, stream, message }
}

const OPENED_AT_ONCE = 100

/** Opens so many connections. */
export async function openIdle({ port, connections }) {
  const context = await open('ws', { port })
  const streams = []
  while (streams.length < connections) {
    const next = Array.from(
      { length: Math.min(OPENED_AT_ONCE, connections - streams.length) },
      () => context.stream('bench'),
    )
    await Promise.all(next.map((stream) => stream.connect()))
    streams.push(...next)
  }
  return streams
}

/** The cases' protocols; each gives what performs a number of operations. */
export const clients = {
  async ws(options) {
    const { stream, message } = await echo('ws', options)
    return echoRounds(
      options.inFlight,
      () => stream.send(message),
      (answered) => stream.on('message', answered),
    )
  },
  async manyWs({ connections, bytes, inFlight, ...options }) {
    const streams = await openIdle({ ...options, connections })
    const message = Buffer.alloc(bytes, 'x')
    let next = 0
    return echoRounds(
      inFlight,
      () => streams[next++ % connections].send(message),
      (answered) => {
        for (const stream of streams) stream.on('message', answered)
      },
    )
  },
  async raw(options) {
    const { stream, message } = await echo('raw', options)
    return echoRounds(
      options.inFlight,
      () => stream.send(message),
      (answered) => {
        const count = inPieces(options.bytes, answered)
        stream.on('message', ({ data }) => count(data))
      },
    )
  },
  async mqtt(options) {
    const { stream, message } = await echo('mqtt', options)
    return (operations) => keepInFlight(operations, options.inFlight, () => stream.send(message))
  },
  async h1(options) {
    const context = await open('h1', options)
    return (operations) =>
      keepInFlight(operations, options.inFlight, async () =>
        (await context.request('bench')).bytes(),
      )
  },
  async h2(options) {
    const context = await open('h2', options)
    return (operations) =>
      keepInFlight(operations, options.inFlight, async () =>
        (await context.request('bench')).bytes(),
      )
  },
}
