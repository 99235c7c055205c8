// The clients of other libraries, which ours are compared with.

import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import mqtt from 'mqtt'
import { Agent, request } from 'undici'
import WebSocket from 'ws'
import { echoRounds, inPieces, keepInFlight } from './inflight.mjs'

/** What users would take otherwise, for the same protocols as ours. */
export const clients = {
  async ws({ port, bytes, inFlight }) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false })
    await once(socket, 'open')
    const message = Buffer.alloc(bytes, 'x')
    return echoRounds(
      inFlight,
      () => socket.send(message),
      (answered) => socket.on('message', answered),
    )
  },
  async raw({ port, bytes, inFlight }) {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const message = Buffer.alloc(bytes, 'x')
    return echoRounds(
      inFlight,
      () => socket.write(message),
      (answered) => socket.on('data', inPieces(bytes, answered)),
    )
  },
  async mqtt({ port, bytes, inFlight, qos }) {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`)
    const message = Buffer.alloc(bytes, 'x')
    return (operations) =>
      keepInFlight(operations, inFlight, () => client.publishAsync('bench', message, { qos }))
  },
  async h1({ port, ca, inFlight }) {
    const dispatcher = new Agent({ connections: inFlight, ...(ca && { connect: { ca } }) })
    const url = `http${ca ? 's' : ''}://127.0.0.1:${port}/1k`
    return (operations) =>
      keepInFlight(operations, inFlight, async () => {
        const { body } = await request(url, { dispatcher })
        await body.bytes()
      })
  },
  async h2({ port, ca, inFlight }) {
    const session = http2.connect(`https://127.0.0.1:${port}`, { ca })
    await once(session, 'connect')
    const get = () =>
      new Promise((resolve, reject) => {
        const pieces = []
        const stream = session.request({ ':path': '/1k' })
        stream.on('data', (piece) => pieces.push(piece))
        stream.on('end', () => resolve(Buffer.concat(pieces)))
        stream.on('error', reject)
      })
    return (operations) => keepInFlight(operations, inFlight, get)
  },
}

const OPENED_AT_ONCE = 100

/** Opens so many connections and leaves them alone. */
export async function openIdle({ port, connections }) {
  const sockets = []
  while (sockets.length < connections) {
    const next = Array.from(
      { length: Math.min(OPENED_AT_ONCE, connections - sockets.length) },
      () => new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false }),
    )
    await Promise.all(next.map((socket) => once(socket, 'open')))
    for (const socket of next) socket.on('message', () => {})
    sockets.push(...next)
  }
  return sockets
}
