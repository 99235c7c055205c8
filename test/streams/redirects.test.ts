import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  answerStream,
  CertificateAuthority,
  type Http1Peer,
  type Http2Peer,
  patternBytes,
  startHttp1,
  startHttp2,
  startSessions,
  startWebSocket,
} from '../peers/index.js'
import { AWS, EMPTY_HASH, signed } from '../policy-effects/signed.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

const starts = { h1: startHttp1, h2: startHttp2 } as const

for (const protocol of ['h1', 'h2'] as const)
  for (const secure of [false, true])
    describe(`redirects on ${protocol}${secure ? ' with TLS' : ''}`, { timeout: 30_000 }, () => {
      let peer: Http1Peer | Http2Peer
      let context: Context

      before(async () => {
        const authority = await CertificateAuthority.create()
        peer = await starts[protocol](secure ? { tls: await authority.issue() } : {})
        const of = (http_method: string, more = {}) =>
          streamtype(protocol, peer, {
            http_method,
            tls: secure,
            // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
            http_url: '/${path}',
            metadata: [{ path: '' }],
            allow_redirects: true,
            ...more,
          })
        const policy = policyOf(
          {
            GET: of('GET'),
            HEAD: of('HEAD'),
            POST: of('POST'),
            staying: of('GET', { allow_redirects: false }),
          },
          authority,
        )
        context = await openContext({ policy })
      })
      after(async () => {
        await context.close()
        await peer.close()
      })

      const get = (path: string) => context.request('GET', { metadata: { path } })
      const seen = () => peer.requests.splice(0).map(({ method, url }) => `${method} ${url}`)

      test('are followed, and no attempt has failed', async () => {
        for (let n = 0; n < 5; n++) {
          await using stream = context.stream('GET', { metadata: { path: 'redirect/302/to' } })
          const states = traceStates(stream)
          stream.requestTx()
          await nextState(stream, 'QOS_ACK_REMOTE')
          assert.ok(!states.includes('UNREACHABLE'))
        }
        assert.deepEqual(seen(), Array(5).fill(['GET /redirect/302/to', 'GET /to']).flat())
        assert.equal(await (await get('redirect/302/to')).text(), 'GET /to')
        if (protocol === 'h2') assert.equal(peer.connections, 1)
      })

      test('to nowhere and without end fail, and harm nothing that follows', async () => {
        const failed = { code: 'ERR_SS_ALL_RETRIES_FAILED' }
        const nowhere = encodeURIComponent(`http${secure ? 's' : ''}://127.0.0.1:1/`)
        await assert.rejects(get(`redirect/302/${nowhere}`), {
          ...failed,
          message: /connection refused/,
        })
        await assert.rejects(get(`${'redirect/302/'.repeat(20)}to`), failed)
        assert.equal(await (await get('redirect/302/to')).text(), 'GET /to')
      })

      test('to another server leave out what says who we are', async () => {
        const authority = await CertificateAuthority.create()
        const tls = secure ? { tls: await authority.issue() } : {}
        await using there = await starts[protocol](tls)
        await using here = await starts[protocol](tls)
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        const http_url = '/redirect/302/${to}'
        const of = (more: object) =>
          streamtype(protocol, here, {
            http_method: 'GET',
            tls: secure,
            http_url,
            allow_redirects: true,
            ...more,
          })
        const metadata = [
          { to: '' },
          { who: 'Authorization:' },
          { cookie: 'cookie:' },
          { other: 'x-other:' },
        ]
        await using context = await openContext({
          policy: {
            ...AWS,
            ...policyOf(
              {
                metadata: of({ metadata }),
                token: of({ metadata: [{ to: '' }], http_auth_header: 'x-token:' }),
                signed: of({
                  ...signed,
                  use_auth: 'aws',
                  http_url,
                  metadata: [...signed.metadata, { to: '' }],
                }),
                direct: of({ metadata: [{ to: '' }], direct_proto_str: true }),
              },
              authority,
            ),
          },
          blobs: { auth: ['token', { accessKeyId: 'id', secretAccessKey: 'key' }] },
        })
        const values = {
          metadata: { who: 'me', cookie: 'a=b', other: 'x' },
          token: {},
          signed: {
            region: 'us-east-1',
            service: 's3',
            date: '20130524T000000Z',
            hash: EMPTY_HASH,
          },
          direct: { 'authorization:': 'me', 'x-other:': 'x' },
        }
        const secrets = ['authorization', 'cookie', 'x-token', 'x-other'] as const
        const shown = async (name: keyof typeof values, to: string) => {
          await (await context.request(name, { metadata: { ...values[name], to } })).bytes()
          const [first, last] = [
            here.requests.shift(),
            here.requests.shift() ?? there.requests.shift(),
          ]
          return [first, last].map((seen) => secrets.filter((secret) => seen?.headers[secret]))
        }
        const elsewhere = encodeURIComponent(`http${secure ? 's' : ''}://localhost:${there.port}/`)
        for (const [name, all, some] of [
          ['metadata', ['authorization', 'cookie', 'x-other'], ['x-other']],
          ['token', ['x-token'], []],
          ['signed', ['authorization'], []],
          ['direct', ['authorization', 'x-other'], ['x-other']],
        ] as const) {
          assert.deepEqual(await shown(name, 'to'), [all, all], name)
          assert.deepEqual(await shown(name, elsewhere), [all, some], name)
        }
      })

      test('303 to another server is a GET there', async () => {
        const authority = await CertificateAuthority.create()
        const tls = secure ? { tls: await authority.issue() } : {}
        await using there = await starts[protocol](tls)
        await using here = await starts[protocol](tls)
        const elsewhere = encodeURIComponent(`http${secure ? 's' : ''}://localhost:${there.port}/`)
        const it = streamtype(protocol, here, {
          tls: secure,
          allow_redirects: true,
          http_url: `/redirect/303/${elsewhere}`,
        })
        await using context = await openContext({ policy: policyOf({ it }, authority) })
        assert.equal(await (await context.request('it', { body: 'body' })).text(), 'GET /')
      })

      test('303 takes away what is said of a body, and nothing else', async () => {
        await using own = await starts[protocol]({})
        const metadata = [
          { type: 'content-type:' },
          { language: 'content-language:' },
          { other: 'x-other:' },
        ]
        const it = streamtype(protocol, own, {
          allow_redirects: true,
          http_url: '/redirect/303/to',
          metadata,
        })
        await using context = await openContext({ policy: policyOf({ it }) })
        const values = { type: 'text/plain', language: 'en', other: 'x' }
        await context.request('it', { body: 'body', metadata: values })
        const headersOf = own.requests.map(({ headers }) =>
          ['content-type', 'content-language', 'x-other'].filter((name) => name in headers),
        )
        assert.deepEqual(headersOf, [['content-type', 'content-language', 'x-other'], ['x-other']])
      })

      test('303 leaves a HEAD what it is', async () => {
        seen()
        const reply = await context.request('HEAD', { metadata: { path: 'redirect/303/to' } })
        assert.equal(await reply.text(), '')
        assert.deepEqual(seen(), ['HEAD /redirect/303/to', 'HEAD /to'])
      })

      test('are not followed where the policy does not say so', async () => {
        seen()
        const metadata = { path: 'redirect/302/to' }
        const reply = await context.request('staying', { metadata })
        assert.deepEqual([reply.acked, reply.status], [false, 302])
        assert.equal(await reply.text(), 'elsewhere')
        assert.deepEqual(seen(), ['GET /redirect/302/to'])
      })

      for (const kind of ['redirect', 'early'])
        for (const status of [301, 302, 303, 307, 308])
          test(`${kind} ${status} takes the body along, unless it is 303`, async () => {
            const body = patternBytes(kind === 'early' ? 3_000_000 : 100_000)
            const path = `${kind}/${status}/to`
            const reply = await context.request('POST', { metadata: { path }, body })
            const method = status === 303 ? 'GET' : 'POST'
            assert.equal(await reply.text(), `${method} /to`)
            const { headers, body: received } =
              peer.requests.findLast(({ url }) => url === '/to') ?? {}
            assert.equal(headers?.['content-length'], status === 303 ? undefined : `${body.length}`)
            assert.ok(received?.equals(status === 303 ? Buffer.alloc(0) : body))
          })
    })

describe('the location of a redirect', { timeout: 30_000 }, () => {
  const from = '/a/b?c=/d'
  let location = ''
  let redirects = 0
  let server: http.Server
  let context: Context

  before(async () => {
    server = http.createServer((request, response) => {
      if (request.url === from && redirects-- > 0) response.writeHead(302, { location })
      response.end(request.url)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const it = { http_method: 'GET', http_url: from, allow_redirects: true, endpoint: '127.0.0.1' }
    context = await openContext({ policy: policyOf({ it: streamtype('h1', { port }, it) }) })
  })
  after(async () => {
    await context.close()
    server.close()
  })

  const here = () => `127.0.0.1:${(server.address() as AddressInfo).port}`
  const redirected = async (to: string) => {
    location = to
    redirects = 1
    return (await context.request('it')).text()
  }

  for (const relative of ['/x', 'x', 'x/y?z', '?q=1:2', '#part', '/x#part', '/x?q=http://y/', '/'])
    test(`${relative} is relative to the URL of the request`, async () => {
      const { pathname, search } = new URL(relative, `http://${here()}${from}`)
      assert.equal(await redirected(relative), pathname + search)
    })

  test('without a scheme, and with one in any letters, has a host', async () => {
    assert.equal(await redirected(`//${here()}/x`), '/x')
    assert.equal(await redirected(`HTTP://${here()}/x`), '/x')
  })

  for (const [to, message] of [
    ['ftp://127.0.0.1/', /not HTTP/],
    ['mailto:it', /not HTTP/],
    ['http://127.0.0.1:99999/', /no valid URL/],
    ['http://+@socket/', /no valid URL/],
    ['http:///x', /no valid URL/],
  ] as const)
    test(`${to} is none to follow`, async () => {
      location = to
      redirects = Number.POSITIVE_INFINITY
      await assert.rejects(context.request('it'), { code: 'ERR_SS_ALL_RETRIES_FAILED', message })
    })
})

test('a WebSocket is redirected where the policy says so only', { timeout: 30_000 }, async () => {
  const peer = await startWebSocket()
  const server = http.createServer().listen(0, '127.0.0.1')
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => {})
    socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://localhost:${peer.port}/\r\n\r\n`)
  })
  await once(server, 'listening')
  const context = await openContext({
    policy: policyOf({
      following: streamtype('ws', server.address() as AddressInfo, { allow_redirects: true }),
      staying: streamtype('ws', server.address() as AddressInfo),
    }),
  })
  await assert.rejects(context.stream('staying').connect(), { message: /redirect/ })
  assert.equal(peer.connections, 0)
  const stream = context.stream('following')
  await stream.send('it')
  assert.equal((await nextMessage(stream)).toString(), 'it')
  await context.close()
  server.close()
  await peer.close()
})

test('h2 uploads that are redirected leave no streams behind', { timeout: 60_000 }, async () => {
  await using peer = await startSessions(
    (stream) => {
      stream.once('end', () => stream.writable && answerStream(stream))
    },
    { maxConcurrentStreams: 2 },
  )
  peer.onSession = (session) =>
    session.prependListener('stream', (stream, headers) => {
      if (headers[':path'] !== '/echo') return
      stream.respond({ ':status': 302, location: '/there' })
      stream.end('moved')
    })
  await using context = await openContext({
    policy: policyOf({ it: streamtype('h2', peer, { allow_redirects: true }) }),
    maxSockets: 1,
  })
  const body = Buffer.alloc(100_000)
  const replies = Array.from({ length: 40 }, async () =>
    (await context.request('it', { body })).text(),
  )
  assert.deepEqual(await Promise.all(replies), Array(40).fill('answer'))
  assert.equal(peer.sessions.length, 1)
})
