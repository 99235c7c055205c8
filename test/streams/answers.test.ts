import assert from 'node:assert/strict'
import http from 'node:http'
import http2 from 'node:http2'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { type RawPeer, startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

// What a server may answer, byte for byte; the connection stays open.
const answers: Record<string, string> = {
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
      policy: policyOf({ GET: of('GET'), HEAD: of('HEAD'), POST: of('POST') }),
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

test('an h1 stream follows redirects, where its policy lets it', { timeout: 20_000 }, async () => {
  const urls: (string | undefined)[] = []
  const server = http.createServer((request, response) => {
    urls.push(request.url)
    const to = { '/from': '/to', '/loop': '/loop', '/nowhere': 'http://127.0.0.1:1/' }
    const location = to[request.url as keyof typeof to]
    if (location) response.writeHead(302, { location })
    response.end('here')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await using context = await openContext({
    policy: policyOf({
      it: streamtype(
        'h1',
        { port },
        {
          http_method: 'GET',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
          http_url: '/${path}',
          metadata: [{ path: '' }],
          allow_redirects: true,
        },
      ),
    }),
  })
  const get = (path: string) => context.request('it', { metadata: { path } })
  for (let n = 0; n < 5; n++) {
    await using stream = context.stream('it', { metadata: { path: 'from' } })
    const states = traceStates(stream)
    stream.requestTx()
    await nextState(stream, 'QOS_ACK_REMOTE')
    assert.ok(!states.includes('UNREACHABLE'))
  }
  assert.deepEqual(urls.splice(0), Array(5).fill(['/from', '/to']).flat())
  assert.equal(await (await get('from')).text(), 'here')
  await assert.rejects(get('nowhere'), { code: 'ERR_SS_ALL_RETRIES_FAILED', message: /conn fail/ })
  await assert.rejects(get('loop'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
  assert.equal(await (await get('from')).text(), 'here')
  server.close()
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
