// Mistakes of connections themselves, whatever is spoken on them.

import { startRaw, startSocks5 } from '../../peers/index.js'
import { BlackHole } from '../black-hole.js'
import { deadPort } from '../dead-port.js'
import { hangsUp, type Mistake, resets, says } from './mistake.js'

const via = (policy: string) => (peer: { port: number }) => ({
  'via-socks5': policy.replace('#', String(peer.port)),
})
const proxied = { endpoint: 'api.example.com', port: 443 }

export const connecting: Mistake[] = [
  {
    is: 'nobody listens',
    protocol: 'h1',
    peer: deadPort,
    says: '@: connection refused, 3 attempts',
    cause: 'ECONNREFUSED',
  },
  {
    is: 'nobody listens',
    protocol: 'raw',
    peer: deadPort,
    policy: { retry: '' },
    says: '@: connection refused',
    cause: 'ECONNREFUSED',
    attempts: 1,
  },
  {
    is: 'no such host',
    protocol: 'h2',
    policy: { endpoint: 'does-not-exist.invalid', port: 443 },
    says: '@: no host of that name, 3 attempts',
    endpoint: 'does-not-exist.invalid:443',
    cause: 'ENOTFOUND',
  },
  {
    is: 'no route',
    protocol: 'mqtt',
    policy: { endpoint: '255.255.255.255', port: 9 },
    endpoint: '255.255.255.255:9',
    says: '@: network is unreachable, 3 attempts',
    cause: 'ENETUNREACH',
  },
  {
    is: 'no socket',
    protocol: 'raw',
    policy: { endpoint: '+/nowhere/there.sock' },
    endpoint: '/nowhere/there.sock',
    says: '@: no such socket, 3 attempts',
    cause: 'ENOENT',
  },
  {
    is: 'an empty endpoint',
    protocol: 'raw',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
    policy: { endpoint: '${host}', metadata: [{ host: '' }] },
    endpoint: '',
    says: "'it': the endpoint is empty: its metadata has no value, 3 attempts",
  },
  ...(['h1', 'h2', 'ws', 'mqtt'] as const).flatMap((protocol): Mistake[] => [
    {
      is: 'hangs up',
      protocol,
      peer: hangsUp,
      says: '@: hung up before it had answered, 3 attempts',
      cause: 'ECONNRESET',
    },
    {
      is: 'resets',
      protocol,
      peer: resets,
      says: '@: connection reset before it had answered, 3 attempts',
      cause: 'ECONNRESET',
    },
  ]),
  {
    is: 'a proxy that nobody runs',
    protocol: 'h1',
    policy: proxied,
    peer: deadPort,
    whole: via('127.0.0.1:#'),
    endpoint: 'api.example.com:443',
    says: '@: the socks5 proxy 127.0.0.1:#: connection refused, 3 attempts',
    cause: 'ECONNREFUSED',
  },
  {
    is: 'a proxy that is not there',
    protocol: 'h1',
    policy: proxied,
    whole: via('nobody.invalid:1080'),
    endpoint: 'api.example.com:443',
    says: '@: the socks5 proxy nobody.invalid:1080: no host of that name, 3 attempts',
    cause: 'ENOTFOUND',
  },
  {
    is: 'a proxy that is none',
    protocol: 'raw',
    policy: proxied,
    peer: says('HTTP/1.1 400 Bad Request\r\n\r\n'),
    whole: via('127.0.0.1:#'),
    endpoint: 'api.example.com:443',
    says: '@: the socks5 proxy 127.0.0.1:#: does not speak socks5, 3 attempts',
    cause: 'EPROTO',
  },
  {
    is: 'a proxy that hangs up',
    protocol: 'raw',
    policy: proxied,
    peer: hangsUp,
    whole: via('127.0.0.1:#'),
    endpoint: 'api.example.com:443',
    says: '@: the socks5 proxy 127.0.0.1:#: hung up, 3 attempts',
    cause: 'ECONNRESET',
  },
  {
    is: 'a proxy that wants a login',
    protocol: 'ws',
    policy: proxied,
    peer: () => startSocks5({ login: { username: 'a', password: 'b' } }),
    whole: via('127.0.0.1:#'),
    endpoint: 'api.example.com:443',
    says: '@: the socks5 proxy 127.0.0.1:#: takes no login that we have, 3 attempts',
    cause: 'EACCES',
  },
  {
    is: 'a proxy that refuses a login',
    protocol: 'mqtt',
    policy: proxied,
    peer: () => startSocks5({ login: { username: 'a', password: 'b' } }),
    whole: via('a:wrong@127.0.0.1:#'),
    endpoint: 'api.example.com:443',
    says: '@: the socks5 proxy 127.0.0.1:#: login refused, 3 attempts',
    cause: 'EACCES',
  },
  {
    is: 'a proxy that may not',
    protocol: 'raw',
    policy: proxied,
    peer: () =>
      startRaw({
        accept: (socket) => {
          socket.once('data', () => {
            socket.write(Buffer.of(5, 0))
            socket.once('data', () => socket.end(Buffer.of(5, 2, 0, 1, 0, 0, 0, 0, 0, 0)))
          })
        },
      }),
    whole: via('127.0.0.1:#'),
    endpoint: 'api.example.com:443',
    says: '@: the socks5 proxy 127.0.0.1:#: connection not allowed, 3 attempts',
    cause: 'EACCES',
  },
]

// Only Linux keeps a full queue silent.
if (process.platform === 'linux')
  connecting.push({
    is: 'no answer to the attempt',
    protocol: 'raw',
    peer: () => BlackHole.start(),
    policy: { retry: '' },
    says: '@: no answer to the attempt to connect',
    cause: 'ETIMEDOUT',
    attempts: 1,
  })
