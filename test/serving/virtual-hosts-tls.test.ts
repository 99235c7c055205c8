/** Several server streamtypes on one port, each with a certificate of its own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import https from 'node:https'
import { before, describe, test } from 'node:test'
import tls from 'node:tls'
import { type Context, openContext } from 'lws-secure-streams'
import { CertificateAuthority, type TlsIdentity } from '../peers/index.js'
import { curl } from '../support/curl.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { bound, disposing, naming } from './bound.js'
import { httpServer, servedPolicy } from './servers.js'

describe('servers with TLS on one port', { timeout: 60_000 }, () => {
  const { put } = temporaryFolder()
  let authority: CertificateAuthority
  let clients: CertificateAuthority
  let member: TlsIdentity
  const shown: Record<string, TlsIdentity> = {}

  before(async () => {
    authority = await CertificateAuthority.create('Site CA')
    clients = await CertificateAuthority.create('Members CA')
    member = await clients.issue({ commonName: 'a member' })
    for (const name of ['site.test', 'shop.test', 'club.test'])
      shown[name] = await authority.issue({ names: [name] })
  })

  const blobs = () => ({
    serverCert: Object.entries(shown).map(([name, identity]) => ({ name, ...identity })),
  })

  /** `club_test` has members only. */
  async function serve(): Promise<{ context: Context; port: number } & AsyncDisposable> {
    const context = await openContext({
      policy: servedPolicy({
        site: httpServer({ tls: true, server_cert: 'site.test' }),
        shop_test: bound({ tls: true, server_cert: 'shop.test' }),
        club_test: bound({ tls: true, server_cert: 'club.test' }),
        also_test: bound({ tls: true }),
      }),
      blobs: blobs(),
    })
    const { port } = await context.serve('site', naming)
    for (const name of ['shop_test', 'also_test']) await context.serve(name, naming)
    await context.serve('club_test', { ...naming, requestCert: true, ca: clients.pem })
    return { context, port, ...disposing(context) }
  }

  async function nameShown(port: number, options: tls.ConnectionOptions = {}) {
    const ca = authority.pem
    const socket = tls.connect({ port, ca, checkServerIdentity: () => undefined, ...options })
    await once(socket, 'secureConnect')
    const name = socket.getPeerCertificate().subject.CN
    socket.destroy()
    return name
  }

  /** Status and text of what is answered. */
  async function ask(port: number, host: string, options: https.RequestOptions = {}) {
    const request = https.get({
      ...{ host: '127.0.0.1', port, ca: authority.pem, headers: { host }, servername: host },
      agent: false,
      ...options,
    })
    const [response] = await once(request, 'response')
    return `${response.statusCode} ${Buffer.concat(await response.toArray())}`
  }

  test('show the certificate of the host', async () => {
    await using served = await serve()
    for (const [servername, name] of [
      ['site.test', 'site.test'],
      ['shop.test', 'shop.test'],
      ['www.shop.test', 'shop.test'],
      ['also.test', 'site.test'],
      ['nowhere.test', 'site.test'],
      ['', 'site.test'],
    ] as const)
      assert.equal(await nameShown(served.port, { servername }), name, servername)
    const url = `https://shop.test:${served.port}/`
    const ca = ['--cacert', put('ca.pem', authority.pem), '--connect-to', '::127.0.0.1:']
    assert.equal(await curl(...ca, url), 'shop_test')
  })

  test('answer other hosts on a connection, but for one that asks for certificates', async () => {
    await using served = await serve()
    const { port } = served
    assert.equal(await ask(port, 'shop.test', { servername: 'site.test' }), '200 shop_test')
    assert.equal(await ask(port, 'club.test', { servername: 'site.test' }), '421 ')
    assert.equal(await ask(port, 'club.test', { servername: 'shop.test', ...member }), '421 ')
    assert.equal(await ask(port, 'club.test', member), '200 club_test')
    assert.equal(
      await ask(port, 'shop.test', { servername: 'club.test', ...member }),
      '200 shop_test',
    )
    await assert.rejects(ask(port, 'club.test'), { code: /ERR_SSL|EPROTO|ECONNRESET|EPIPE/ })
  })

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
    test(`take a session of one for none with another that asks for certificates, ${maxVersion}`, async () => {
      await using served = await serve()
      const { port } = served
      const socket = tls.connect({
        ...{ port, ca: authority.pem, servername: 'shop.test', maxVersion },
      })
      const got = once(socket, 'session')
      socket.write('GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n')
      const [session] = await got
      socket.destroy()
      const again = { session, maxVersion } as const
      assert.equal(await ask(port, 'shop.test', again), '200 shop_test')
      const asked = ask(port, 'club.test', { ...again, checkServerIdentity: () => undefined })
      assert.match(
        await asked.catch(({ code }) => code),
        /^(ERR_SSL.*|EPROTO|ECONNRESET|EPIPE|421 )$/,
      )
    })

  test('go on when certificates are replaced', async () => {
    await using served = await serve()
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 })
    const options = { agent, ...member }
    assert.equal(await ask(served.port, 'club.test', options), '200 club_test')
    const renewed = await authority.issue({ names: ['club.test'], commonName: 'renewed' })
    served.context.setBlob('serverCert', [
      ...blobs().serverCert.filter(({ name }) => name !== 'club.test'),
      { name: 'club.test', ...renewed },
    ])
    assert.equal(await ask(served.port, 'club.test', options), '200 club_test')
    assert.equal(await nameShown(served.port, { servername: 'club.test' }), 'renewed')
    assert.equal(await nameShown(served.port, { servername: 'shop.test' }), 'shop.test')
    agent.destroy()
  })
})

test('servers of h2 on one port', { timeout: 60_000 }, async () => {
  const authority = await CertificateAuthority.create('Site CA')
  const clients = await CertificateAuthority.create('Members CA')
  const member = await clients.issue({ commonName: 'a member' })
  const names = ['site.test', 'club.test']
  const identities = await Promise.all(names.map((name) => authority.issue({ names: [name] })))
  const secure = (more: object) => ({
    ...httpServer(),
    protocol: 'h2' as const,
    tls: true,
    ...more,
  })
  const context = await openContext({
    policy: servedPolicy({
      site: secure({ server_cert: 'site.test' }),
      club_test: secure({ endpoint: '!site', server_cert: 'club.test' }),
    }),
    blobs: { serverCert: names.map((name, n) => ({ name, ...(identities[n] as TlsIdentity) })) },
  })
  await using _ = disposing(context)
  const { port } = await context.serve('site', naming)
  await context.serve('club_test', { ...naming, requestCert: true, ca: clients.pem })

  /** What each of the hosts answers on a connection for the first of them. */
  async function ask(hosts: string[], options: http2.SecureClientSessionOptions = {}) {
    const [servername = ''] = hosts
    const session = http2.connect(`https://127.0.0.1:${port}`, {
      ...{ ca: authority.pem, servername, checkServerIdentity: () => undefined },
      ...options,
    })
    const answers = hosts.map(async (host) => {
      const stream = session.request({ ':authority': host })
      const [headers] = await once(stream, 'response')
      return `${headers[':status']} ${Buffer.concat(await stream.toArray())}`
    })
    const all = await Promise.all(answers)
    session.close()
    return all
  }
  assert.deepEqual(await ask(['site.test', 'club.test', 'any']), ['200 site', '421 ', '200 site'])
  assert.deepEqual(await ask(['club.test', 'any'], member), ['200 club_test', '200 site'])

  const plain = tls.connect({
    port,
    ca: authority.pem,
    servername: 'site.test',
    ALPNProtocols: ['h2'],
  })
  await once(plain, 'secureConnect')
  // A preface, SETTINGS, and HEADERS of GET, https and / without an authority.
  plain.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  plain.write(Buffer.from('000000040000000000' + '000003010500000001828784', 'hex'))
  await once(plain, 'data')
  plain.destroy()
  assert.deepEqual(await ask(['site.test']), ['200 site'])
})

test('servers at other addresses have nothing to do with each other', {
  timeout: 60_000,
}, async () => {
  const authority = await CertificateAuthority.create()
  const identities = { one: await authority.issue(), two: await authority.issue() }
  const context = await openContext({
    policy: servedPolicy({
      one: httpServer({ tls: true, server_cert: 'one' }),
      two: httpServer({ tls: true, server_cert: 'two', endpoint: '127.0.0.2' }),
    }),
    blobs: {
      serverCert: Object.entries(identities).map(([name, identity]) => ({ name, ...identity })),
    },
  })
  await using _ = disposing(context)
  const { port } = await context.serve('one', naming)
  await context.overlay({ s: [{ two: { port } }] })
  await context.serve('two', naming)
  for (const [host, own, other] of [
    ['127.0.0.1', 'one', 'two'],
    ['127.0.0.2', 'two', 'one'],
  ] as const) {
    const request = https.get({
      ...{ host, port, ca: authority.pem, servername: other, headers: { host: other } },
      checkServerIdentity: (_, { raw }) =>
        assert.deepEqual(
          raw.toString('base64'),
          identities[own].cert.replace(/-----.*-----|\s/g, ''),
        ) as undefined,
    })
    const [response] = await once(request, 'response')
    assert.equal(String(Buffer.concat(await response.toArray())), own)
  }
})
