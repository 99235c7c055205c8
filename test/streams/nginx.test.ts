import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, type NginxPeer, patternBytes, startNginx } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const KINDS = [
  { protocol: 'h1', secure: false },
  { protocol: 'h1', secure: true },
  { protocol: 'h2', secure: false },
  { protocol: 'h2', secure: true },
] as const

for (const { protocol, secure } of KINDS)
  describe(`${protocol}${secure ? ' with TLS' : ''} and nginx`, { timeout: 120_000 }, () => {
    const small = patternBytes(1024)
    const large = patternBytes(8 * 1024 * 1024)
    let authority: CertificateAuthority
    let nginx: NginxPeer
    before(async () => {
      authority = await CertificateAuthority.create()
      nginx = await startNginx({
        files: { small, large },
        http2: protocol === 'h2',
        ...(secure && { tls: await authority.issue() }),
      })
    })
    after(() => nginx.close())

    const open = () => {
      const definition = {
        ...streamtype(protocol, nginx, { tls: secure }),
        http_method: 'GET',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own notation
        http_url: '/${file}',
        metadata: [{ file: '' }, { connection: 'x-connection:' }],
      }
      return openContext({ policy: policyOf({ it: definition }, authority) })
    }

    test('20,000 requests in sequence share a connection', async () => {
      await using context = await open()
      const connections = new Set<string>()
      for (let n = 0; n < 20_000; n++) {
        const reply = await context.request('it', { metadata: { file: 'small' } })
        assert.ok(small.equals(await reply.bytes()))
        connections.add(String(reply.metadata.connection))
      }
      assert.equal(connections.size, 1)
    })

    test('large files arrive whole, several at once', async () => {
      await using context = await open()
      const bodies = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const reply = await context.request('it', { metadata: { file: 'large' } })
          return reply.bytes()
        }),
      )
      for (const body of bodies) assert.ok(large.equals(body))
    })

    test('what is not there is a refusal', async () => {
      await using context = await open()
      const reply = await context.request('it', { metadata: { file: 'nothing' } })
      assert.equal(reply.acked, false)
      await reply.bytes()
    })
  })
