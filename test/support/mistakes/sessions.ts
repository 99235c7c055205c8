// Mistakes of WebSocket, MQTT, and of sessions on raw.

import http from 'node:http'
import type { Context } from 'lws-secure-streams'
import { generate } from 'mqtt-packet'
import {
  startHttp1,
  startMosquitto,
  startRaw,
  startSubscriptionBroker,
  startWebSocket,
} from '../../peers/index.js'
import { ServerPeer } from '../../peers/peer.js'
import { nextState } from '../states.js'
import { isSilent, type Mistake, says } from './mistake.js'

const answers =
  (status: number, headers: http.OutgoingHttpHeaders, body = '') =>
  () =>
    ServerPeer.listen(
      http.createServer((_, response) => void response.writeHead(status, headers).end(body)),
    )
const upgrades = (...headers: string[]) =>
  says(['HTTP/1.1 101 Switching Protocols', ...headers, '', ''].join('\r\n'))
const upgrade = 'Upgrade: websocket'
const connection = 'Connection: upgrade'
const accept = 'Sec-WebSocket-Accept: x'
const ANSWER = 'its answer to the upgrade to a WebSocket'
const connack = (returnCode: number) =>
  says(generate({ cmd: 'connack', returnCode, sessionPresent: false }))
const suback = (code: number) => () =>
  startSubscriptionBroker((suback) => [suback.subarray(0, -1), Buffer.of(code)])

/** Why a session ended. */
async function lastError(context: Context): Promise<never> {
  const stream = context.stream('it')
  const disconnected = nextState(stream, 'DISCONNECTED')
  await stream.connect()
  await disconnected
  throw stream.lastError
}

async function closesWith(code: number, reason: string) {
  const peer = await startWebSocket()
  peer.webSockets.on('connection', (socket) => socket.close(code, reason))
  return peer
}

export const webSocket: Mistake[] = [
  {
    is: 'refused with words',
    protocol: 'ws',
    peer: answers(403, {}, 'No such room.\n'),
    says: '@: refused the upgrade to a WebSocket with status 403: "No such room.", 3 attempts',
    status: 403,
  },
  {
    is: 'refused without words',
    protocol: 'ws',
    peer: answers(503, { 'content-length': 0 }),
    says: '@: refused the upgrade to a WebSocket with status 503, 3 attempts',
    status: 503,
  },
  {
    is: 'unauthorized',
    protocol: 'ws',
    peer: answers(401, { 'content-length': 11 }, 'Who are you'),
    says: '@: refused the upgrade to a WebSocket with status 401: "Who are you", 3 attempts',
    status: 401,
  },
  {
    is: 'redirected',
    protocol: 'ws',
    peer: answers(302, { location: '/x' }),
    says: '@: redirected with status 302, and the policy has no allow_redirects, 3 attempts',
    status: 302,
  },
  {
    is: 'redirected to nowhere',
    protocol: 'ws',
    peer: answers(302, {}),
    says: '@: redirected with status 302 without Location, 3 attempts',
    status: 302,
  },
  {
    is: 'no accept',
    protocol: 'ws',
    peer: upgrades(upgrade, connection),
    says: `@: ${ANSWER} has no Sec-WebSocket-Accept, 3 attempts`,
    cause: 'EPROTO',
  },
  {
    is: 'a wrong accept',
    protocol: 'ws',
    peer: upgrades(upgrade, connection, accept),
    says: `@: ${ANSWER} has a wrong Sec-WebSocket-Accept, 3 attempts`,
    cause: 'EPROTO',
  },
  {
    is: 'no upgrade',
    protocol: 'ws',
    peer: upgrades(connection, accept),
    says: `@: ${ANSWER} has no Upgrade, 3 attempts`,
    cause: 'EPROTO',
  },
  {
    is: 'another upgrade',
    protocol: 'ws',
    peer: upgrades('Upgrade: h2c', connection, accept),
    says: `@: ${ANSWER} upgrades to something else, 3 attempts`,
    cause: 'EPROTO',
  },
  {
    is: 'no connection',
    protocol: 'ws',
    peer: upgrades(upgrade, 'Connection: x', accept),
    says: `@: ${ANSWER} has no Connection: upgrade, 3 attempts`,
    cause: 'EPROTO',
  },
  {
    is: 'another subprotocol',
    protocol: 'ws',
    policy: { ws_subprotocol: 'chat' },
    peer: upgrades(upgrade, connection, accept, 'Sec-WebSocket-Protocol: other'),
    says: `@: ${ANSWER} has a subprotocol that was not offered, 3 attempts`,
    cause: 'EPROTO',
  },
  {
    is: 'an extension',
    protocol: 'ws',
    peer: upgrades(upgrade, connection, accept, 'Sec-WebSocket-Extensions: x'),
    says: `@: ${ANSWER} has an extension that was not offered, 3 attempts`,
    cause: 'EPROTO',
  },
  {
    is: 'closed',
    protocol: 'ws',
    peer: () => closesWith(1008, 'too loud'),
    does: lastError,
    says: '@: closed the WebSocket with code 1008: "too loud"',
    code: 'ERR_SS_DISCONNECTED',
    attempts: 1,
  },
]

export const mqtt: Mistake[] = [
  {
    is: 'HTTP/1 instead',
    protocol: 'mqtt',
    peer: () => startHttp1(),
    says: '@: it speaks HTTP/1, and the policy says something else, 3 attempts',
    cause: 'EPROTO',
  },
  {
    is: 'TLS instead',
    protocol: 'mqtt',
    peer: says(Buffer.of(0x15, 3, 1, 0, 2, 2, 0x46)),
    says: '@: it speaks TLS on that port, and the policy has no tls, 3 attempts',
    cause: 'EPROTO',
  },
  {
    is: 'no MQTT',
    protocol: 'mqtt',
    peer: says('SSH-2.0-OpenSSH_9.2\r\n'),
    says: '@: what it answers is no CONNACK of MQTT, 3 attempts',
    cause: 'EPROTO',
  },
  {
    is: 'another version',
    protocol: 'mqtt',
    peer: connack(1),
    says: '@: the broker does not speak MQTT 3.1.1, 3 attempts',
    cause: 'EPROTONOSUPPORT',
  },
  {
    is: 'a client id',
    protocol: 'mqtt',
    peer: connack(2),
    says: '@: the broker refused the client id, 3 attempts',
    cause: 'EACCES',
  },
  {
    is: 'not available',
    protocol: 'mqtt',
    peer: connack(3),
    says: '@: the broker is not available, 3 attempts',
    cause: 'ECONNREFUSED',
  },
  {
    is: 'a password',
    protocol: 'mqtt',
    peer: connack(4),
    says: '@: the broker refused user name or password, 3 attempts',
    cause: 'EACCES',
  },
  {
    is: 'not authorized',
    protocol: 'mqtt',
    peer: () => startMosquitto({ users: { a: 'b' } }),
    says: '@: the broker refused: not authorized, 3 attempts',
    cause: 'EACCES',
  },
  {
    is: 'a subscription',
    protocol: 'mqtt',
    peer: suback(0x80),
    says: "@: the broker refused the subscription (0x80) to 'test/t', 3 attempts",
  },
  {
    is: 'no CONNACK',
    protocol: 'mqtt',
    policy: { retry: '' },
    peer: isSilent,
    says: '@: no CONNACK from the broker in time',
    cause: 'ETIMEDOUT',
    attempts: 1,
  },
]

export const raw: Mistake[] = [
  {
    is: 'a reset session',
    protocol: 'raw',
    peer: () =>
      startRaw({ accept: (socket) => void setTimeout(() => socket.resetAndDestroy(), 100) }),
    does: lastError,
    says: '@: connection reset',
    code: 'ERR_SS_DISCONNECTED',
    cause: 'ECONNRESET',
    attempts: 1,
  },
]
