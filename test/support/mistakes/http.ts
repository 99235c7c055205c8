// Mistakes of HTTP, and of redirects.

import http from 'node:http'
import type { Context } from 'lws-secure-streams'
import { frame, GOAWAY, startFrames, startHttp1, startSessions } from '../../peers/index.js'
import { ServerPeer } from '../../peers/peer.js'
import { type Mistake, says } from './mistake.js'

const answers = (listener: http.RequestListener) => () =>
  ServerPeer.listen(http.createServer(listener))
const redirects = (location?: string) =>
  answers((_, response) => void response.writeHead(302, location ? { location } : {}).end())
const LONG = 'x'.repeat(70_000)
const follows = { allow_redirects: true }
const post = { http_method: 'POST' }
const sends = (context: Context) => context.stream('it').send('x')

export const http1: Mistake[] = [
  {
    is: 'ends amid headers',
    protocol: 'h1',
    peer: says('HTTP/1.1 200 OK\r\nserv'),
    says: '@: hung up within the headers of its answer, 3 attempts',
    cause: 'ECONNRESET',
  },
  {
    is: 'long headers',
    protocol: 'h1',
    peer: answers((_, response) => void response.writeHead(200, { 'x-long': LONG }).end()),
    says: '@: the headers of its answer are too long, 3 attempts',
    cause: 'HPE_HEADER_OVERFLOW',
  },
  {
    is: 'no HTTP',
    protocol: 'h1',
    peer: says('SSH-2.0-OpenSSH_9.2\r\n'),
    says: '@: what it answers is no HTTP, 3 attempts',
    cause: 'HPE_INVALID_CONSTANT',
  },
  {
    is: 'a wrong header',
    protocol: 'h1',
    peer: says('HTTP/1.1 200 OK\r\n\0: x\r\n\r\n'),
    says: '@: its answer is no valid HTTP/1, 3 attempts',
    cause: 'HPE_INVALID_HEADER_TOKEN',
  },
  {
    is: 'a wrong status',
    protocol: 'h1',
    peer: says('HTTP/1.1 99 Hm\r\n\r\n'),
    says: '@: its answer has an invalid status, 3 attempts',
    cause: 'HPE_INVALID_STATUS',
  },
  {
    is: 'an upgrade unasked',
    protocol: 'h1',
    peer: says('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'),
    says: '@: it switched protocols unasked (101), 3 attempts',
    status: 101,
  },
  {
    is: 'a wrong length',
    protocol: 'h1',
    peer: says('HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\n'),
    says: '@: its answer has an invalid content-length, 3 attempts',
    cause: 'HPE_INVALID_CONTENT_LENGTH',
  },
  {
    is: 'HTTP/2 instead',
    protocol: 'h1',
    peer: () => startSessions(() => {}),
    says: '@: it speaks HTTP/2, and the policy says HTTP/1, 3 attempts',
    cause: 'EPROTO',
  },
  {
    is: 'TLS instead',
    protocol: 'h1',
    peer: says(Buffer.of(0x15, 3, 1, 0, 2, 2, 0x46)),
    says: '@: it speaks TLS on that port, and the policy has no tls, 3 attempts',
    cause: 'EPROTO',
  },
  {
    is: 'unavailable',
    protocol: 'h1',
    policy: post,
    peer: answers((_, response) => void response.writeHead(503).end()),
    does: sends,
    says: '@: status 503, 3 attempts',
    status: 503,
  },
  {
    is: 'not accepted',
    protocol: 'h1',
    policy: post,
    peer: answers((_, response) => void response.writeHead(404).end()),
    does: sends,
    says: '@: not accepted with status 404',
    code: 'ERR_SS_NACK',
    status: 404,
    attempts: 1,
  },
  {
    is: 'not repeated',
    protocol: 'h1',
    policy: post,
    peer: says('HTTP/1.1 200 OK\r\nserv'),
    does: sends,
    says: '@: hung up within the headers of its answer; POST is not repeated, since the answer had begun',
    code: 'ERR_SS_DISCONNECTED',
    cause: 'ECONNRESET',
    attempts: 1,
  },
  {
    is: 'out of time',
    protocol: 'h1',
    peer: answers(() => {}),
    does: (context) => context.request('it', { timeout: 50 }),
    says: '@: not done within 50 ms',
    code: 'ERR_SS_TIMEOUT',
    cause: 'ETIMEDOUT',
    attempts: 1,
  },
  {
    is: 'ends amid its answer',
    protocol: 'h1',
    peer: says('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx'),
    does: async (context) => (await context.request('it')).text(),
    says: '@: hung up before the response was complete',
    code: 'ERR_SS_DISCONNECTED',
    cause: 'ECONNRESET',
    attempts: 1,
  },
  {
    is: 'a redirect to no URL',
    protocol: 'h1',
    policy: follows,
    peer: redirects('http://'),
    says: '@: redirected with status 302 to no valid URL, 3 attempts',
    status: 302,
  },
  {
    is: 'a redirect to no HTTP',
    protocol: 'h1',
    policy: follows,
    peer: redirects('ftp://x/'),
    says: '@: redirected with status 302 to what is not HTTP, 3 attempts',
    status: 302,
  },
  {
    is: 'too many redirects',
    protocol: 'h1',
    policy: follows,
    peer: redirects('/'),
    says: '@: redirected too often, the last time with status 302, 3 attempts',
    status: 302,
  },
  {
    is: 'a redirect that fails',
    protocol: 'h1',
    policy: { http_fail_redirect: true },
    peer: redirects('/'),
    says: '@: redirected with status 302, which http_fail_redirect takes for a failure, 3 attempts',
    status: 302,
  },
  {
    is: 'no such host',
    protocol: 'h1',
    policy: follows,
    peer: redirects('http://does-not-exist.invalid/'),
    endpoint: 'does-not-exist.invalid:80',
    says: '@: no host of that name, 3 attempts',
    cause: 'ENOTFOUND',
  },
]

export const http2: Mistake[] = [
  {
    is: 'HTTP/1 instead',
    protocol: 'h2',
    peer: () => startHttp1(),
    says: '@: it speaks HTTP/1, and the policy says something else, 3 attempts',
    cause: 'EPROTO',
  },
  {
    is: 'TLS instead',
    protocol: 'h2',
    peer: says(Buffer.of(0x15, 3, 1, 0, 2, 2, 0x46)),
    says: '@: it speaks TLS on that port, and the policy has no tls, 3 attempts',
    cause: 'EPROTO',
  },
  {
    is: 'no HTTP/2',
    protocol: 'h2',
    peer: says('SSH-2.0-OpenSSH_9.2\r\n'),
    says: '@: what it sends is no HTTP/2, 3 attempts',
    cause: 'ERR_HTTP2_ERROR',
  },
  {
    is: 'a reset stream',
    protocol: 'h2',
    peer: () => startSessions((stream) => stream.close(8)),
    says: '@: reset the stream of HTTP/2 with CANCEL, 3 attempts',
    cause: 'ERR_HTTP2_STREAM_ERROR',
  },
  {
    is: 'a refused stream',
    protocol: 'h2',
    policy: { retry: '' },
    peer: () => startSessions((stream) => stream.close(7)),
    says: '@: reset the stream of HTTP/2 with REFUSED_STREAM',
    cause: 'ERR_HTTP2_STREAM_ERROR',
    attempts: 1,
  },
  {
    is: 'a GOAWAY with words',
    protocol: 'h2',
    peer: () => startSessions((stream) => stream.session?.goaway(11, 1, Buffer.from('too much'))),
    says: '@: ended the connection (GOAWAY) with ENHANCE_YOUR_CALM: too much, 3 attempts',
    cause: 'ERR_HTTP2_SESSION_ERROR',
  },
  {
    is: 'a GOAWAY before the request',
    protocol: 'h2',
    policy: { retry: '' },
    peer: () => startFrames((socket) => socket.write(frame(GOAWAY, 0, 0, Buffer.alloc(8)))),
    says: '@: went away (GOAWAY, NO_ERROR) before it took the request',
    cause: 'ERR_HTTP2_GOAWAY_SESSION',
    attempts: 1,
  },
  {
    is: 'a wrong frame',
    protocol: 'h2',
    peer: () => startFrames((socket) => socket.write(frame(GOAWAY, 0, 1, Buffer.alloc(8)))),
    says: '@: what it sends breaks HTTP/2: GOAWAY has nonzero sid, 3 attempts',
    cause: 'ERR_HTTP2_SESSION_ERROR',
  },
]
