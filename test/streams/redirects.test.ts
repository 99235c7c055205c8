import assert from 'node:assert/strict'
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
import { nextState, traceStates } from '../support/states.js'

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
          { GET: of('GET'), POST: of('POST'), staying: of('GET', { allow_redirects: false }) },
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
        await assert.rejects(get(`redirect/302/${nowhere}`), { ...failed, message: /conn fail/ })
        await assert.rejects(get(`${'redirect/302/'.repeat(20)}to`), failed)
        assert.equal(await (await get('redirect/302/to')).text(), 'GET /to')
      })

      test('are not followed where the policy does not say so', async () => {
        seen()
        const metadata = { path: 'redirect/302/to' }
        await assert.rejects(context.request('staying', { metadata }), {
          code: 'ERR_SS_ALL_RETRIES_FAILED',
          message: /redirect/,
        })
        assert.ok(!seen().includes('GET /to'))
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
