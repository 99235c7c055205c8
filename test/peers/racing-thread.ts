// The thread that `startRacing()` starts.

import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import type { RacingData } from './racing.js'

const { protocol, end, spread } = workerData as RacingData
const asked = new Map<string, number>()
let answers = 0
let connections = 0

/** Nothing is read meanwhile, as with a server that is busy. */
function wait(microseconds: number): void {
  const until = process.hrtime.bigint() + BigInt(microseconds * 1000)
  while (process.hrtime.bigint() < until);
}

const server = (protocol === 'h1' ? http.createServer() : http2.createServer()) as Server
const sockets = new WeakMap<http2.ServerHttp2Session, Socket>()
let connection: Socket | undefined
// Before node:http2 makes a session of it.
server.prependListener('connection', (socket: Socket) => {
  connections++
  connection = socket.on('error', () => {})
})
server.on('session', (session: http2.ServerHttp2Session) => {
  session.on('error', () => {})
  if (connection) sockets.set(session, connection)
})
server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
  const key = String(request.url)
  asked.set(key, (asked.get(key) ?? 0) + 1)
  const { stream } = request as unknown as Partial<http2.Http2ServerRequest>
  const session = stream?.session as http2.ServerHttp2Session | undefined
  const socket = session ? sockets.get(session) : request.socket
  request.resume()
  response.end('done')
  // The end of the answer has left then.
  const answered = stream ?? response
  answered.once(stream ? 'close' : 'finish', () =>
    setImmediate(() => {
      // Each time by another part of it.
      wait((++answers * 37) % spread)
      if (end === 'goaway') session?.close()
      else if (end === 'end') socket?.end()
      else socket?.resetAndDestroy()
    }),
  )
})
parentPort?.on('message', () => parentPort?.postMessage({ asked, connections }))
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))
