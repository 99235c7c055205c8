import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  patternBytes,
  type RawPeer,
  startCountingRelay,
  startHttp1,
  startRaw,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

// What a server may answer, byte for byte; the connection stays open.
const noResponses: Record<string, readonly [text: string, reason: RegExp]> = {
  ssh: ['SSH-2.0-OpenSSH_9.0\r\n', /what it answers is no HTTP|no valid HTTP\/1/],
  http2: [
    'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    /what it answers is no HTTP|no valid HTTP\/1/,
  ],
  'no-colon': [
    'HTTP/1.1 200 OK\r\nhello\r\nContent-Length: 0\r\n\r\n',
    /its answer is no valid HTTP\/1/,
  ],
  'no-name': [
    'HTTP/1.1 200 OK\r\n: it\r\nContent-Length: 0\r\n\r\n',
    /its answer is no valid HTTP\/1/,
  ],
  'a-space': ['HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n', /its answer is no valid HTTP\/1/],
  'a-return': [
    'HTTP/1.1 200 OK\r\n\rX-Say: it\r\nContent-Length: 0\r\n\r\n',
    /its answer is no valid HTTP\/1/,
  ],
  folded: [
    'HTTP/1.1 200 OK\r\nX-Say: it\r\n again\r\nContent-Length: 0\r\n\r\n',
    /its answer is no valid HTTP\/1/,
  ],
  nul: [
    'HTTP/1.1 200 OK\r\nX-Say: i\0t\r\nContent-Length: 0\r\n\r\n',
    /its answer is no valid HTTP\/1/,
  ],
  'status=000': [
    'HTTP/1.1 000 It\r\nContent-Length: 0\r\n\r\n',
    /its answer has an invalid status/,
  ],
  'status=20': ['HTTP/1.1 20 It\r\nContent-Length: 0\r\n\r\n', /its answer has an invalid status/],
  'status=2000': [
    'HTTP/1.1 2000 It\r\nContent-Length: 0\r\n\r\n',
    /its answer has an invalid status/,
  ],
  'status=200x': [
    'HTTP/1.1 200x It\r\nContent-Length: 0\r\n\r\n',
    /its answer has an invalid status/,
  ],
  'status=it': ['HTTP/1.1 it\r\nContent-Length: 0\r\n\r\n', /its answer has an invalid status/],
  101: [
    'HTTP/1.1 101 It\r\nUpgrade: it\r\nConnection: upgrade\r\n\r\n',
    /it switched protocols unasked/,
  ],
}

const answers: Record<string, string> = {
  ...Object.fromEntries(Object.entries(noResponses).map(([name, [text]]) => [name, text])),
  Chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  'it,chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: it ,\tchunked \r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  'it+chunked':
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: it\r\nTransfer-Encoding: CHUNKED\r\n\r\n' +
    '3\r\nabc\r\n0\r\n\r\n',
  // The length is said twice, and is the same; below, and is not, or is none.
  'length=3,3': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3, 3\r\n\r\nabc',
  'length=3,4': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
  'length=3;4': 'HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabcd',
  'length=3x': 'HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc',
  'length=-1': 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc',
  'length=9e18': `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(19)}\r\n\r\nabc`,
  'length=': 'HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nabc',
  both:
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n' +
    '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n',
  '204': 'HTTP/1.1 204 No Content\r\n\r\n',
  '304': 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n',
  '200': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n',
  '100':
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Say: it\r\nContent-Length: 3\r\n\r\nabc',
  trailers:
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
    '3;a=b\r\nabc\r\n4 ; c\r\ndefg\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n',
  ...Object.fromEntries(
    ['ffffffff', '80000000', 'fffffffffffffff0', '100000003'].map((size) => [
      size,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nabc\r\n0\r\n\r\n`,
    ]),
  ),
  'size=': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n',
  'size=;a': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;a\r\n\r\n',
  endless: 'HTTP/1.1 200 OK\r\n\r\nabc',
  close: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc',
  'close-2':
    'HTTP/1.1 200 OK\r\nConnection: it\r\nConnection: x ,CLOSE\r\nContent-Length: 3\r\n\r\nabc',
  closer: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: closer\r\n\r\nabc',
  cookies: `HTTP/1.1 200 OK\r\n${'Set-Cookie: a=b\r\n'.repeat(200)}Content-Length: 3\r\n\r\nabc`,
  '103':
    'HTTP/1.1 103 Early Hints\r\nX-Say: not it\r\nLink: </a>\r\n\r\n'.repeat(50) +
    'HTTP/1.1 200 OK\r\nX-Say: it\r\nContent-Length: 3\r\n\r\nabc',
}

describe('answers on h1', { timeout: 20_000 }, () => {
  let peer: RawPeer
  let context: Context
  const connections = new Set<unknown>()

  before(async () => {
    peer = await startRaw({
      accept: (socket) => {
        socket.on('data', (request) => {
          connections.add(socket)
          const name = request.toString('latin1').split(/[ /]+/, 2)[1] ?? ''
          socket.write(answers[name] ?? '')
          if (name === 'cut')
            socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab')
        })
      },
    })
    const of = (http_method: string) =>
      streamtype('h1', peer, {
        http_method,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        http_url: '/${answer}',
        metadata: [{ answer: '' }, { say: 'x-say:' }],
      })
    context = await openContext({
      policy: policyOf({
        GET: of('GET'),
        HEAD: of('HEAD'),
        POST: of('POST'),
        PROPFIND: of('PROPFIND'),
      }),
    })
  })
  after(async () => {
    await context.close()
    await peer.close()
  })

  for (const [method, answer, acked] of [
    ['GET', '204', true],
    ['POST', '204', true],
    ['GET', '304', false],
    ['HEAD', '200', true],
  ] as const)
    test(`${method} ${answer} ends without a body, and leaves the connection to others`, async () => {
      for (let n = 0; n < 3; n++) {
        const reply = await context.request(method, { metadata: { answer } })
        assert.equal(reply.acked, acked)
        assert.equal((await reply.bytes()).length, 0)
      }
      assert.equal(connections.size, 1)
    })

  test('extensions of chunks and trailers are passed over', async () => {
    for (let n = 0; n < 2; n++) {
      const reply = await context.request('GET', { metadata: { answer: 'trailers' } })
      assert.equal(await reply.text(), 'abcdefg')
    }
    assert.equal(connections.size, 1)
  })

  for (const [answer, text] of [
    ['length=3,3', 'abc'],
    ['both', 'abcdef'],
    ['Chunked', 'abc'],
    ['it,chunked', 'abc'],
    ['it+chunked', 'abc'],
  ] as const)
    test(`${answer} is an answer of ${text.length} bytes`, async () => {
      const reply = await context.request('GET', { metadata: { answer } })
      assert.equal(await reply.text(), text)
    })

  for (const answer of [
    'length=3,4',
    'length=3;4',
    'length=3x',
    'length=-1',
    'length=9e18',
    'length=',
  ])
    test(`${answer} is no answer`, async () => {
      await assert.rejects(context.request('GET', { metadata: { answer } }), {
        code: 'ERR_SS_ALL_RETRIES_FAILED',
        message: /its answer has an invalid content-length/,
      })
    })

  for (const [answer, [, message]] of Object.entries(noResponses))
    test(`${answer} is no answer`, async () => {
      await assert.rejects(context.request('GET', { metadata: { answer } }), {
        code: 'ERR_SS_ALL_RETRIES_FAILED',
        message,
      })
    })

  for (const answer of ['size=', 'size=;a'])
    test(`a chunk that has ${answer} is none`, async () => {
      const reply = await context.request('GET', { metadata: { answer } })
      await assert.rejects(reply.bytes(), { code: 'ERR_SS_DISCONNECTED' })
    })

  for (const [answer, isLast] of [
    ['close', true],
    ['close-2', true],
    ['closer', false],
  ] as const)
    test(`a connection is ${isLast ? 'not ' : ''}used again after ${answer}`, async () => {
      const answered = async () => {
        const reply = await context.request('GET', { metadata: { answer } })
        assert.equal(await reply.text(), 'abc')
        return connections.size
      }
      const before = await answered()
      assert.equal(await answered(), isLast ? before + 1 : before)
    })

  test('as many headers as there may be cookies', async () => {
    const reply = await context.request('GET', { metadata: { answer: 'cookies' } })
    assert.equal(await reply.text(), 'abc')
  })

  test('a connection that is reset is not the end of an answer', async () => {
    const reply = await context.request('GET', { metadata: { answer: 'endless' } })
    for (const socket of peer.sockets) socket.resetAndDestroy()
    await assert.rejects(reply.bytes(), { code: 'ERR_SS_DISCONNECTED' })
  })

  test('a method of any name has an answer', async () => {
    const reply = await context.request('PROPFIND', { metadata: { answer: 'Chunked' } })
    assert.equal(await reply.text(), 'abc')
  })

  test('chunks that end too early are no whole answer', async () => {
    const reply = await context.request('GET', { metadata: { answer: 'cut' } })
    await assert.rejects(reply.bytes(), { code: 'ERR_SS_DISCONNECTED' })
  })

  for (const answer of ['100', '103'])
    for (const method of ['GET', 'POST'])
      test(`${method} waits for what follows ${answer}`, async () => {
        const reply = await context.request(method, { metadata: { answer } })
        assert.equal(reply.acked, true)
        assert.equal(reply.metadata.say, 'it')
        assert.equal(await reply.text(), 'abc')
      })

  for (const answer of ['ffffffff', '80000000', 'fffffffffffffff0', '100000003'])
    test(`a chunk of ${answer} bytes ends the transaction`, async () => {
      const reply = await context.request('GET', { metadata: { answer } })
      await assert.rejects(reply.bytes(), { code: 'ERR_SS_DISCONNECTED' })
    })
})

test('what does not decrypt is not the end of an answer over TLS', {
  timeout: 20_000,
}, async () => {
  const authority = await CertificateAuthority.create()
  await using origin = await startRaw({
    tls: await authority.issue(),
    accept: (socket) => socket.once('data', () => socket.write(`${answers.endless}`)),
  })
  await using relay = await startCountingRelay(origin)
  const it = { tls: true, http_method: 'GET', http_url: '/' }
  const context = await openContext({
    policy: policyOf({ it: streamtype('h1', relay, it) }, authority),
  })
  const reply = await context.request('it')
  const forged = Buffer.concat([Buffer.of(0x17, 3, 3, 0, 40), Buffer.alloc(40)])
  for (const socket of relay.sockets) socket.write(forged)
  await assert.rejects(reply.bytes(), { code: 'ERR_SS_DISCONNECTED' })
  context.destroy()
})

describe('an answer that begins before the request has ended', { timeout: 30_000 }, () => {
  const open = (peer: { port: number }) =>
    openContext({
      policy: policyOf({ it: streamtype('h1', peer, { http_method: 'POST', http_url: '/' }) }),
    })

  for (const [status, end] of [
    [200, 'QOS_ACK_REMOTE'],
    [413, 'QOS_NACK_REMOTE'],
  ] as const)
    test(`${status} to a server that reads no further`, async () => {
      const peer = await startRaw({
        accept(socket) {
          socket.once('data', () => {
            socket.pause()
            socket.write(`HTTP/1.1 ${status} It\r\nContent-Length: 3\r\n\r\nabc`)
          })
        },
      })
      const context = await open(peer)
      await using stream = context.stream('it')
      const states = traceStates(stream)
      const disconnected = nextState(stream, 'DISCONNECTED')
      const sent = stream.send(Buffer.alloc(30_000_000))
      if (status === 200) await sent
      else await assert.rejects(sent, { code: 'ERR_SS_NACK' })
      assert.equal((await nextMessage(stream)).toString(), 'abc')
      await disconnected
      const trace = ['CREATING', 'POLL', 'CONNECTING', 'CONNECTED', end, 'DISCONNECTED']
      assert.deepEqual(states, trace)
      stream.destroy()
      await context.close()
      await peer.close()
    })

  test('is not what a session ticket of TLS is', async () => {
    const authority = await CertificateAuthority.create()
    const peer = await startHttp1({ tls: await authority.issue() })
    const it = { http_method: 'POST', http_url: '/echo', tls: true }
    const context = await openContext({
      policy: policyOf({ it: streamtype('h1', peer, it) }, authority),
    })
    const body = patternBytes(30_000_000)
    assert.ok((await (await context.request('it', { body })).bytes()).equals(body))
    await context.close()
    await peer.close()
  })

  test('of a server that sends back what it is sent', async () => {
    const server = http.createServer((request, response) => request.pipe(response))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const context = await open(server.address() as AddressInfo)
    const body = patternBytes(30_000_000)
    for (let n = 0; n < 2; n++)
      assert.ok((await (await context.request('it', { body })).bytes()).equals(body))
    await context.close()
    server.close()
  })
})

test('h2 passes interim responses over', { timeout: 20_000 }, async () => {
  const server = http2.createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    for (const status of [100, 103])
      stream.additionalHeaders({ ':status': status, 'content-type': 'not/it' })
    stream.respond({ ':status': 200, 'content-type': 'text/it' })
    stream.end('abc')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const context = await openContext({
    policy: policyOf({
      it: streamtype('h2', { port }, { http_url: '/', metadata: [{ type: 'content-type:' }] }),
    }),
  })
  for (const body of [undefined, 'a body']) {
    const reply = await context.request('it', body === undefined ? {} : { body })
    assert.equal(reply.acked, true)
    assert.equal(reply.metadata.type, 'text/it')
    assert.equal(await reply.text(), 'abc')
  }
  await context.close()
  server.close()
})
