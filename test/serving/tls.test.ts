/** Raw servers with TLS: what they show, and to whom. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { before, describe, test } from 'node:test'
import tls from 'node:tls'
import { type Context, openContext, type Server } from 'lws-secure-streams'
import { CertificateAuthority, rsa, type TlsIdentity } from '../peers/index.js'
import { findProgram } from '../peers/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { connectTo, derOf, echo, rawServer } from './servers.js'
import { TestClient } from './test-client.js'

const secure = (more = {}) => rawServer({ tls: true, server_cert: 'site', ...more })

describe('a raw server with TLS', { timeout: 60_000 }, () => {
  const { put } = temporaryFolder()
  let authority: CertificateAuthority
  let site: TlsIdentity
  let other: TlsIdentity

  before(async () => {
    authority = await CertificateAuthority.create()
    site = await authority.issue()
    other = await authority.issue({ commonName: 'another', keyAlgorithm: rsa(2048) })
  })

  /** A context that serves `site` with TLS. */
  async function serveTls({
    cert,
    key,
  }: {
    cert: string | Uint8Array
    key: string | Uint8Array
  } = site): Promise<{ context: Context; server: Server } & AsyncDisposable> {
    const context = await openContext({
      policy: { s: [{ served: secure() }] },
      blobs: { serverCert: [{ name: 'site', cert, key }] },
    })
    const server = await context.serve('served', echo)
    return {
      context,
      server,
      [Symbol.asyncDispose]: async () => {
        context.destroy()
        await context.close()
      },
    }
  }

  async function connectTls({ port }: Server, options: tls.ConnectionOptions = {}) {
    const socket = tls.connect({ port, ca: authority.pem, servername: 'localhost', ...options })
    await once(socket, 'secureConnect')
    return Object.assign(new TestClient(socket), { tls: socket })
  }

  const nameShown = async (server: Server) => {
    const client = await connectTls(server)
    const name = client.tls.getPeerCertificate().subject.CN
    client.tls.destroy()
    return name
  }

  test('shows what the policy has', async () => {
    const { cert, key } = derOf(site)
    await using context = await openContext({
      policy: {
        certs: [{ site: cert.toString('base64') }, { secret: key.toString('base64') }],
        s: [{ served: secure({ server_key: 'secret' }) }],
      },
    })
    const server = await context.serve('served', echo)
    const client = await connectTls(server)
    assert.equal(await client.echoes('by the policy'), 'by the policy')
    client.tls.end()
    assert.equal(await client.closed, false)
  })

  for (const form of ['PEM', 'DER'] as const)
    test(`shows a blob in ${form}`, async () => {
      await using served = await serveTls(form === 'PEM' ? site : derOf(site))
      const client = await connectTls(served.server)
      assert.equal(await client.echoes('by a blob'), 'by a blob')
    })

  test('carries much, both ways', async () => {
    await using served = await serveTls()
    const client = await connectTls(served.server)
    const text = 'much '.repeat(1024 * 1024)
    assert.equal(await client.echoes(text), text)
  })

  test('may speak first', async () => {
    await using served = await serveTls()
    await served.server.close()
    const server = await served.context.serve('served', {
      connection: (stream) => stream.send('who is there?'),
    })
    const client = await connectTls(server)
    await client.receives('who is there?'.length)
    assert.equal(client.text, 'who is there?')
  })

  for (const [what, keyAlgorithm] of [
    ['RSA', rsa(2048)],
    ['Ed25519', { name: 'Ed25519' }],
  ] as const)
    test(`shows a certificate of ${what}`, async () => {
      await using served = await serveTls(await authority.issue({ keyAlgorithm }))
      assert.equal(await nameShown(served.server), 'localhost')
    })

  test('shows the certificates that vouch for its own', async () => {
    const between = await authority.subordinate()
    await using served = await serveTls(await between.issue())
    const client = await connectTls(served.server)
    assert.equal(client.tls.authorized, true)
    const shown = client.tls.getPeerCertificate(true)
    assert.equal(shown.issuerCertificate.subject.CN, 'Test Intermediate CA')
  })

  test('is there for openssl s_client', async () => {
    await using served = await serveTls()
    const ca = put('ca.pem', authority.pem)
    const client = spawn(findProgram('openssl'), [
      ...['s_client', '-quiet', '-verify_return_error', '-CAfile', ca, '-alpn', 'h2,http/1.1'],
      ...['-servername', 'served', '-connect', `127.0.0.1:${served.server.port}`],
    ])
    client.stdin.write('hello, openssl')
    const signal = AbortSignal.timeout(10_000)
    const [data] = (await once(client.stdout, 'data', { signal })) as [Buffer]
    assert.equal(String(data), 'hello, openssl')
    client.stdin.end()
    client.kill()
    await once(client, 'close')
  })

  test('chooses none of the protocols that a client offers', async () => {
    await using served = await serveTls()
    const client = await connectTls(served.server, { ALPNProtocols: ['h2', 'http/1.1'] })
    assert.equal(client.tls.alpnProtocol, false)
    assert.equal(await client.echoes('no http'), 'no http')
  })

  test('shows its own, also beside others that a client could mean', async () => {
    const context = await openContext({
      policy: {
        s: [{ one: secure() }, { two: secure({ server_cert: 'other', endpoint: '127.0.0.2' }) }],
      },
      blobs: {
        serverCert: [
          { name: 'site', ...site },
          { name: 'other', ...other },
        ],
      },
    })
    const one = await context.serve('one', echo)
    await context.overlay({ s: [{ two: { port: one.port } }] })
    const two = await context.serve('two', echo)
    for (const servername of ['one', 'two', 'localhost'])
      for (const [server, name] of [
        [one, 'localhost'],
        [two, 'another'],
      ] as const) {
        const client = await connectTls(server, {
          host: server.address,
          servername,
          checkServerIdentity: () => undefined,
        })
        assert.equal(client.tls.getPeerCertificate().subject.CN, name)
        client.tls.destroy()
      }
    await context.close()
  })

  test('shows a new certificate to those who come from then on', async () => {
    await using served = await serveTls()
    const before = await connectTls(served.server)
    served.context.setBlob('serverCert', [{ name: 'site', ...other }])
    assert.equal(await nameShown(served.server), 'another')
    assert.equal(await before.echoes('goes on'), 'goes on')
    served.context.setBlob('serverCert', [{ name: 'site', ...site }])
    assert.equal(await nameShown(served.server), 'localhost')

    const lines: string[] = []
    served.context.on('log', ({ text }) => lines.push(text))
    served.context.setBlob('serverCert', [])
    assert.equal(await nameShown(served.server), 'localhost')
    assert.match(lines.join('\n'), /the certificate shown before stays/)
  })

  test('shows what an overlay brings', async () => {
    const first = derOf(site)
    const second = derOf(other)
    await using context = await openContext({
      policy: {
        certs: [{ site: first.cert.toString('base64') }, { key: first.key.toString('base64') }],
        s: [{ served: secure({ server_key: 'key' }) }],
      },
    })
    const server = await context.serve('served', echo)
    assert.equal(await nameShown(server), 'localhost')
    await context.overlay({
      certs: [{ site: second.cert.toString('base64') }, { key: second.key.toString('base64') }],
    })
    assert.equal(await nameShown(server), 'another')
  })

  test('ends clients that speak no TLS, and goes on', async () => {
    await using served = await serveTls()
    const client = await connectTo(served.server)
    client.socket.write('GET / HTTP/1.1\r\n\r\n')
    await client.closed
    assert.equal(served.server.stats.connections, 0)
    assert.equal(await nameShown(served.server), 'localhost')
  })
})

describe('what a server is to show', { timeout: 60_000 }, () => {
  let site: TlsIdentity
  let other: TlsIdentity

  before(async () => {
    const authority = await CertificateAuthority.create()
    site = await authority.issue()
    other = await authority.issue()
  })

  test('has to be there', async () => {
    await using context = await openContext({ policy: { s: [{ served: secure() }] } })
    const expected = { code: 'ERR_SS_SERVER_CERT', message: /'site' is neither/ }
    await assert.rejects(context.serve('served', echo), expected)
    context.setBlob('serverCert', [{ name: 'site', ...site }])
    await context.serve('served', echo)
  })

  test('has to be a certificate and its key', () => {
    const wrong = { code: 'ERR_INVALID_ARG_VALUE' }
    for (const [entry, expected] of [
      [
        { ...site, key: other.key },
        { ...wrong, message: /private key of its 'cert'/ },
      ],
      [
        { ...site, key: 'none' },
        { ...wrong, message: /a private key in PEM or DER/ },
      ],
      [
        { ...site, cert: site.key },
        { ...wrong, message: /a chain in PEM/ },
      ],
      [{ ...site, cert: 5 }, { code: 'ERR_INVALID_ARG_TYPE' }],
      [{ cert: site.cert }, { code: 'ERR_INVALID_ARG_TYPE' }],
    ] as const)
      assert.throws(
        () =>
          openContext({
            policy: {},
            blobs: { serverCert: [{ name: 'site', ...entry } as never] },
          }),
        expected,
      )
    assert.throws(
      () => openContext({ policy: {}, blobs: { serverCert: [{ ...site } as never] } }),
      { code: 'ERR_INVALID_ARG_TYPE', message: /name/ },
    )
  })
})
