import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { startWebSocket } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'

type Headers = Record<string, string | string[]>

/** A server that answers with the headers which `answer` gives, and keeps those of the requests. */
class HeaderPeer extends ServerPeer {
  readonly seen: { url: string; headers: NodeJS.Dict<string | string[]> }[] = []
}

async function startAnswering(
  protocol: 'h1' | 'h2',
  answer: (url: string) => Headers,
): Promise<HeaderPeer> {
  const server =
    protocol === 'h1'
      ? http.createServer({ maxHeaderSize: 128 * 1024 })
      : http2.createServer({ settings: { maxHeaderListSize: 128 * 1024 } })
  const peer = await HeaderPeer.listen(server as Server)
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { url = '', headers } = request
    peer.seen.push({ url, headers })
    response.writeHead(200, answer(url))
    request.resume()
    request.on('end', () => response.end('ok'))
  })
  return peer
}

const longName = `x-${'long-'.repeat(40)}name`
const answered: Headers = {
  'content-type': 'text/x-test',
  'x-say': 'it',
  x: 'the beginning of a name that is known',
  dat: 'another',
  'date-more': 'one that goes on',
  'x-empty': '',
  'X-Upper': 'Mixed Case',
  'cache-control': ['no-store', 'max-age=3'],
  'x-several': ['a', 'b', 'c'],
  'x-latin': '\u00e4\u00ff\u0080',
  [longName]: 'long',
}
const declared = [
  { type: 'content-type:' },
  { say: 'x-say:' },
  { short: 'x:' },
  { dat: 'dat:' },
  { date: 'date-more:' },
  { empty: 'x-empty:' },
  { upper: 'X-UPPER:' },
  { cache: 'Cache-Control' },
  { several: 'x-several:' },
  { long: `${longName}:` },
  { missing: 'x-missing:' },
  { none: '' },
]
const received = {
  type: 'text/x-test',
  say: 'it',
  short: 'the beginning of a name that is known',
  dat: 'another',
  date: 'one that goes on',
  empty: '',
  upper: 'Mixed Case',
  cache: 'no-store, max-age=3',
  several: 'a, b, c',
  long: 'long',
}

for (const protocol of ['h1', 'h2'] as const) {
  describe(`metadata and headers on ${protocol}`, { timeout: 60_000 }, () => {
    let peer: HeaderPeer
    let context: Context
    before(async () => {
      peer = await startAnswering(protocol, (url) => {
        const length = Number(/\d+$/.exec(url)?.[0] ?? 0)
        return length > 0 ? { 'x-long': 'v'.repeat(length) } : answered
      })
      const get = { http_method: 'GET' }
      context = await openContext({
        policy: policyOf({
          get: streamtype(protocol, peer, { ...get, metadata: declared }),
          post: streamtype(protocol, peer, {
            // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
            http_url: '/${path}',
            metadata: [{ path: '' }, { note: 'X-Note:' }, { agent: 'user-agent:' }],
          }),
          long: streamtype(protocol, peer, {
            ...get,
            // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
            http_url: '/${path}',
            metadata: [{ path: '' }, { up: 'x-up:' }, { down: 'x-long:' }],
          }),
          latin: streamtype(protocol, peer, { metadata: [{ latin: 'x-latin:' }] }),
          direct: streamtype(protocol, peer, {
            direct_proto_str: true,
            metadata: [{ note: 'x-note:' }],
          }),
          asks: streamtype(protocol, peer, { ...get, direct_proto_str: true }),
        }),
      })
    })
    after(async () => {
      await context.close()
      await peer.close()
    })

    test('the headers of a response are there, whatever they are called', async () => {
      // The second time h2 only refers to what it said the first time.
      for (let n = 0; n < 3; n++) {
        const reply = await context.request('get')
        assert.deepEqual({ ...reply.metadata }, received)
        await reply.bytes()
      }
    })

    test('values go into the request, and can change between its transactions', async () => {
      await using stream = context.stream('post', { metadata: { path: 'first', note: 'one' } })
      await stream.send('x')
      assert.equal(peer.seen.at(-1)?.url, '/first')
      assert.equal(peer.seen.at(-1)?.headers['x-note'], 'one')
      stream.setMetadata('path', 'second')
      stream.setMetadata('note', '')
      stream.setMetadata('agent', 'test/2')
      await stream.send('x')
      assert.equal(peer.seen.at(-1)?.url, '/second')
      assert.equal(peer.seen.at(-1)?.headers['x-note'], '')
      assert.equal(peer.seen.at(-1)?.headers['user-agent'], 'test/2')
      stream.setMetadata('path', Buffer.alloc(0))
      await stream.send('x')
      assert.equal(peer.seen.at(-1)?.url, '/')
    })

    test('bytes that are no text pass both ways', async () => {
      const bytes = Buffer.from([0xe4, 0xff, 0x80])
      await using stream = context.stream('latin', { metadata: { latin: bytes } })
      await stream.send('x')
      assert.equal(peer.seen.at(-1)?.headers['x-latin'], bytes.toString('latin1'))
      assert.deepEqual(stream.getMetadata('latin', 'buffer'), bytes)
    })

    test('values of thousands of bytes pass both ways', async () => {
      for (const length of [4096, 30_000]) {
        const up = 'u'.repeat(length)
        const reply = await context.request('long', { metadata: { path: `p${length}`, up } })
        assert.equal(reply.metadata.down?.length, length)
        assert.equal(peer.seen.at(-1)?.headers['x-up'], up)
        await reply.bytes()
        const path = 'p'.repeat(length)
        await (await context.request('long', { metadata: { path } })).bytes()
        assert.equal(peer.seen.at(-1)?.url, `/${path}`)
      }
    })

    test('what is too long is said to be', async () => {
      const length = 70_000
      await assert.rejects(context.request('long', { metadata: { path: 'p'.repeat(length) } }), {
        code: 'ERR_SS_ALL_RETRIES_FAILED',
        message: /the URL, with its metadata, is too long/,
      })
      await assert.rejects(context.request('long', { metadata: { up: 'u'.repeat(length) } }), {
        code: 'ERR_SS_ALL_RETRIES_FAILED',
        message: /the headers of the request are too long/,
      })
    })

    test('a name that the policy does not declare is refused, and the others are named', async () => {
      const error = {
        code: 'ERR_SS_UNKNOWN_METADATA',
        message: /'nope'.*path, note, agent; did you mean "note"\?$/,
      }
      assert.throws(() => context.stream('post', { metadata: { nope: 'x' } }), error)
      await assert.rejects(context.request('post', { metadata: { nope: 'x' }, body: 'x' }), error)
      await using stream = context.stream('post')
      assert.throws(() => stream.setMetadata('nope', 'x'), error)
      assert.throws(() => stream.getMetadata('nope'), error)
    })

    test('direct_proto_str names headers as they are, both ways', async () => {
      const metadata = { 'X-Direct:': 'up', note: 'declared' }
      const reply = await context.request('direct', { metadata, body: 'x' })
      assert.equal(peer.seen.at(-1)?.headers['x-direct'], 'up')
      assert.equal(peer.seen.at(-1)?.headers['x-note'], 'declared')
      assert.equal(reply.metadata['x-say:'], 'it')
      assert.equal(reply.metadata['content-type:'], 'text/x-test')
      assert.equal(reply.metadata['cache-control:'], 'no-store, max-age=3')
      await reply.bytes()

      await using stream = context.stream('direct')
      stream.setMetadata('X-Direct:', 'again')
      assert.equal(stream.getMetadata('X-Direct:'), 'again')
      assert.equal(stream.getMetadata('X-Say:'), undefined)
      await stream.send('x')
      assert.equal(peer.seen.at(-1)?.headers['x-direct'], 'again')
      assert.equal(stream.getMetadata('X-Say:'), 'it')
      assert.equal(stream.getMetadata('x-several:'), 'a, b, c')
      const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
      for (const name of ['Connection:', 'HOST:', 'keep-alive:', 'Transfer-Encoding:', 'upgrade:'])
        assert.throws(() => stream.setMetadata(name, 'close'), { ...wrong, message: /protocol/ })
      assert.throws(() => stream.setMetadata('Content-Length:', '5, 6'), wrong)
      assert.throws(() => context.request('asks', { metadata: { 'Content-Length:': '5' } }), wrong)
      assert.equal(stream.getMetadata('Content-Length:'), undefined)
      for (const name of ['X-Say', 'x y:', 'x\r\ny:', ':'])
        assert.throws(() => stream.setMetadata(name, 'x'), { code: 'ERR_SS_UNKNOWN_METADATA' })
    })
  })
}

test('h2 headers are right however much they compress', { timeout: 60_000 }, async () => {
  // More than the table of the compression holds, from which the oldest are dropped.
  const names = Array.from({ length: 110 }, (_, n) => `h${n}`)
  const of = (round: number) =>
    Object.fromEntries(names.map((name, n) => [name, `${n % 7 === 0 ? round : n}`]))
  await using peer = await startAnswering('h2', (url) => of(Number(url.slice(1))))
  const context = await openContext({
    policy: policyOf({
      it: streamtype('h2', peer, {
        http_method: 'GET',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        http_url: '/${round}',
        metadata: [{ round: '' }, ...names.map((name) => ({ [name]: `${name}:` }))],
      }),
    }),
  })
  for (let round = 0; round < 30; round++) {
    const reply = await context.request('it', { metadata: { round: `${round}` } })
    assert.deepEqual({ ...reply.metadata }, of(round))
    await reply.bytes()
  }
  assert.equal(peer.connections, 1)
  await context.close()
})

test('metadata goes into the request of a WebSocket, and comes out of what answers it', {
  timeout: 60_000,
}, async () => {
  await using peer = await startWebSocket()
  peer.webSockets.on('headers', (headers) => headers.push('X-Say: it', 'Server: test'))
  const context = await openContext({
    policy: policyOf({
      it: streamtype('ws', peer, {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        http_url: '/${path}',
        metadata: [{ path: '' }, { note: 'x-note:' }, { say: 'x-say:' }, { server: 'server:' }],
      }),
    }),
  })
  await using stream = context.stream('it', { metadata: { path: 'room', note: 'hello' } })
  const connection = once(peer.webSockets, 'connection')
  await stream.connect()
  const [, request] = (await connection) as [unknown, http.IncomingMessage]
  assert.equal(request.url, '/room')
  assert.equal(request.headers['x-note'], 'hello')
  assert.equal(stream.getMetadata('say'), 'it')
  assert.equal(stream.getMetadata('server'), 'test')
  await context.close()
})
