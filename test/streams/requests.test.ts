import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Http1Peer,
  type Http2Peer,
  patternBytes,
  startHttp1,
  startHttp2,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const withBody = new Set<string>(['POST', 'PUT', 'PATCH'])

for (const protocol of ['h1', 'h2'] as const)
  for (const secure of [false, true])
    describe(`request() on ${protocol}${secure ? ' with TLS' : ''}`, { timeout: 60_000 }, () => {
      let peer: Http1Peer | Http2Peer
      let context: Context

      before(async () => {
        const authority = await CertificateAuthority.create()
        const start = protocol === 'h1' ? startHttp1 : startHttp2
        peer = await start(secure ? { tls: await authority.issue() } : {})
        const of = (url: string, more = {}) =>
          streamtype(protocol, peer, { tls: secure, http_method: 'GET', http_url: url, ...more })
        context = await openContext({
          policy: policyOf(
            {
              ...Object.fromEntries(
                methods.map((method) => [method, of('/echo', { http_method: method })]),
              ),
              // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
              any: of('/${path}', {
                metadata: [{ path: '' }, { type: 'content-type:' }, { agent: 'user-agent:' }],
              }),
              expects: of('/status/404', { http_expect: 404 }),
              nailed: of('/echo', { http_method: 'POST', nailed_up: true, opportunistic: false }),
              mapped: of('/status/404', { http_resp_map: [{ 404: 1404 }] }),
              lasting: of('/hang', { opportunistic: false }),
              cut: of('/truncate', { opportunistic: false }),
            },
            authority,
          ),
        })
      })
      after(async () => {
        await context.close()
        await peer.close()
      })

      test('has its body also where the policy says nailed_up', async () => {
        peer.requests.length = 0
        const bodies = () => peer.requests.splice(0).map(({ body }) => String(body))
        assert.equal(await (await context.request('nailed', { body: 'hello' })).text(), 'hello')
        assert.deepEqual(bodies(), ['hello'])
        await using stream = context.stream('nailed')
        await stream.send('hello')
        assert.deepEqual(bodies(), ['hello'])
        await using silent = context.stream('nailed')
        await nextState(silent, 'QOS_ACK_REMOTE')
        assert.deepEqual(bodies(), [''])
      })

      for (const method of methods)
        test(`${method} reaches the server as such and is answered`, async () => {
          const body = withBody.has(method) ? `${method} this` : undefined
          const reply = await context.request(method, body === undefined ? {} : { body })
          assert.equal(reply.acked, true)
          assert.equal(reply.state, 'QOS_ACK_REMOTE')
          assert.equal(await reply.text(), body ?? '')
          const seen = peer.requests.at(-1)
          assert.equal(seen?.method, method)
          assert.equal(seen?.url, '/echo')
          const authority = protocol === 'h1' ? seen?.headers.host : seen?.headers[':authority']
          assert.equal(authority, `localhost:${peer.port}`)
          assert.equal(seen?.body.toString(), body ?? '')
        })

      for (const timeout of [Number.POSITIVE_INFINITY, 2 ** 31])
        test(`a timeout of ${timeout} is not over at once`, async () => {
          const reply = await context.request('any', { metadata: { path: 'x' }, timeout })
          assert.equal(reply.acked, true)
          await reply.bytes()
        })

      test('metadata cannot add to the request that it is part of', async () => {
        const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
        for (const value of ['a\r\nx-more: 1', 'a\nb', 'a\0', '\u007f']) {
          assert.throws(() => context.request('any', { metadata: { agent: value } }), wrong)
          // In a URL it is encoded.
          const reply = await context.request('any', { metadata: { path: value } })
          assert.equal(await reply.text(), `GET /${encodeURIComponent(value).replace('%3A', ':')}`)
          await using stream = context.stream('any')
          assert.throws(() => stream.setMetadata('agent', Buffer.from(value)), wrong)
        }
        const reply = await context.request('any', { metadata: { agent: 'a b\tü' } })
        assert.equal(reply.acked, true)
        await reply.bytes()
      })

      test('a body of no bytes is a body', async () => {
        const reply = await context.request('POST', { body: '' })
        assert.equal(reply.acked, true)
        assert.equal((await reply.bytes()).length, 0)
      })

      test('metadata goes into the URL and the request, and comes from the response', async () => {
        const reply = await context.request('any', {
          metadata: { path: 'hello', agent: 'test/1' },
        })
        assert.equal(await reply.text(), 'GET /hello')
        assert.equal(reply.metadata.type, 'text/x-test')
        assert.equal(peer.requests.at(-1)?.headers['user-agent'], 'test/1')
      })

      test('a large answer comes in pieces, all of them', async () => {
        const size = 1_000_000
        const reply = await context.request('any', { metadata: { path: `bytes/${size}` } })
        const pieces: Buffer[] = []
        for await (const piece of reply.body) pieces.push(piece)
        assert.ok(pieces.length > 1)
        assert.deepEqual(Buffer.concat(pieces), patternBytes(size))
      })

      test('a refusal resolves, and says which', async () => {
        const refused = await context.request('any', { metadata: { path: 'status/404' } })
        assert.equal(refused.acked, false)
        assert.equal(refused.state, 'QOS_NACK_REMOTE')
        assert.equal(await refused.text(), 'GET /status/404')
        assert.equal((await context.request('expects')).acked, true)
        assert.equal((await context.request('mapped')).state, 1404)
      })

      test('many at once and in sequence each get their own answer', async () => {
        const ask = async (path: string) =>
          (await context.request('any', { metadata: { path } })).text()
        const paths = Array.from({ length: 50 }, (_, n) => `number/${n}`)
        assert.deepEqual(
          await Promise.all(paths.map(ask)),
          paths.map((path) => `GET /${path}`),
        )
        for (const path of paths) assert.equal(await ask(path), `GET /${path}`)
        assert.equal(context.stats.streams, 0)
      })

      test('a timeout or an abort ends it', async () => {
        await assert.rejects(context.request('lasting', { timeout: 20 }), {
          code: 'ERR_SS_TIMEOUT',
        })
        const aborting = new AbortController()
        const pending = context.request('lasting', { signal: aborting.signal })
        const reason = new Error('changed my mind')
        aborting.abort(reason)
        await assert.rejects(pending, (error) => error === reason)
        await assert.rejects(
          context.request('lasting', { signal: aborting.signal }),
          (error) => error === reason,
        )
      })

      test('an answer that ends too early throws where the body is read', async () => {
        const reply = await context.request('cut')
        await assert.rejects(reply.text(), { code: 'ERR_SS_DISCONNECTED' })
      })

      test('a context that closes waits for the answers', async () => {
        const other = await openContext({
          policy: context.policy,
          ...(secure && { ca: 'node' as const }),
        })
        const reply = other.request('any', { metadata: { path: 'last' } })
        await other.close()
        assert.equal(await (await reply).text(), 'GET /last')
        assert.throws(() => other.stream('any'), { code: 'ERR_SS_DESTROYED' })
      })

      test('a context that is destroyed rejects them', async () => {
        const other = await openContext({ policy: context.policy })
        const pending = other.request('lasting')
        const cause = new Error('that is it')
        other.destroy(cause)
        await assert.rejects(pending, { code: 'ERR_SS_DESTROYED', cause })
      })
    })

test('request() is for protocols with transactions', async () => {
  const context = await openContext({ policy: policyOf({ it: streamtype('ws', { port: 1 }) }) })
  await assert.rejects(context.request('it'), { code: 'ERR_SS_NOT_TRANSACTIONAL' })
  await assert.rejects(context.request('none'), { code: 'ERR_SS_UNKNOWN_STREAMTYPE' })
  await context.close()
})

test('connections of h2 are shared', async () => {
  const peer = await startHttp2()
  const context = await openContext({ policy: policyOf({ it: streamtype('h2', peer) }) })
  for (let n = 0; n < 5; n++) await (await context.request('it', { body: 'x' })).text()
  assert.equal(peer.sessions, 1)
  await context.close()
  if (peer.sockets.size > 0) await once([...peer.sockets][0] as never, 'close')
  await peer.close()
})
