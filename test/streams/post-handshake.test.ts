import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  ExtendedKeyUsage,
  startApache,
  startOpenssl,
  type TlsIdentity,
} from '../peers/index.js'
import { hasProgram } from '../peers/program.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const GET = { tls: true, http_method: 'GET' }
const skip = !hasProgram('apache2') && 'apache2 is not installed'

describe('a client certificate that is asked for after the handshake', { timeout: 60_000 }, () => {
  let authority: CertificateAuthority
  let tls: TlsIdentity & { ca: string }
  let clientCert: { cert: Buffer; key: Buffer }[]
  const { put } = temporaryFolder()
  before(async () => {
    authority = await CertificateAuthority.create()
    tls = { ...(await authority.issue()), ca: authority.pem }
    const extendedKeyUsage = ExtendedKeyUsage.clientAuth
    const { cert, key } = await authority.issue({ names: ['alice'], extendedKeyUsage })
    clientCert = [
      {
        cert: new X509Certificate(cert).raw,
        key: createPrivateKey(key).export({ type: 'pkcs8', format: 'der' }),
      },
    ]
  })

  const startServer = () =>
    startApache({
      tls,
      files: { open: 'open', secret: 'secret' },
      modules: ['headers'],
      config: `SSLProtocol TLSv1.3
Header always set x-who "%{SSL_CLIENT_S_DN_CN}s"
<Location /secret>
SSLVerifyClient require
</Location>`,
    })

  test('is shown to Apache, which wants it for some paths', { skip }, async () => {
    await using peer = await startServer()
    const of = (http_url: string, more = {}) =>
      streamtype('h1', peer, {
        ...GET,
        http_url,
        client_cert: 0,
        metadata: [{ who: 'x-who:' }],
        ...more,
      })
    await using context = await openContext({
      blobs: { clientCert },
      policy: policyOf(
        { open: of('/open'), secret: of('/secret'), post: of('/secret', { http_method: 'POST' }) },
        authority,
      ),
    })
    // Also on a connection that has been used without it, and with the body of a request on its way.
    for (const [name, who] of [
      ['open', '(null)'],
      ['secret', 'alice'],
      ['secret', 'alice'],
      ['open', 'alice'],
    ] as const) {
      const reply = await context.request(name)
      assert.equal(await reply.text(), name)
      assert.equal(String(reply.metadata.who), who, name)
    }
    await using another = await openContext({
      blobs: { clientCert },
      policy: policyOf({ post: of('/secret', { http_method: 'POST' }) }, authority),
    })
    const reply = await another.request('post', { body: Buffer.alloc(100_000) })
    assert.equal(String(reply.metadata.who), 'alice')
  })

  test('is refused by Apache when there is none', { skip }, async () => {
    await using peer = await startServer()
    await using context = await openContext({
      policy: policyOf({ it: streamtype('h1', peer, { ...GET, http_url: '/secret' }) }, authority),
    })
    const reply = await context.request('it')
    assert.equal(reply.acked, false)
  })

  test('is shown amid a conversation', async () => {
    const options = ['-tls1_3', '-verify', '1', '-CAfile', put('ca.pem', authority.pem)]
    await using peer = await startOpenssl(tls, ...options)
    await using context = await openContext({
      blobs: { clientCert },
      policy: policyOf({ it: streamtype('raw', peer, { tls: true, client_cert: 0 }) }, authority),
    })
    const stream = context.stream('it')
    await stream.connect()
    // To ask for it; the line after it is sent to the client.
    peer.type('c')
    await peer.says(/read client certificate/)
    await peer.says(/SSL negotiation finished successfully/)
    peer.type('hello')
    assert.equal(String(await nextMessage(stream)), 'hello\n')
  })
})
