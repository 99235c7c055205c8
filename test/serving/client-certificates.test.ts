/** Servers that ask their clients for certificates. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { before, describe, test } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { type Context, openContext, type ServeOptions, type Server } from 'lws-secure-streams'
import { Agent, request } from 'undici'
import WebSocket from 'ws'
import { CertificateAuthority, selfSigned, type TlsIdentity } from '../peers/index.js'
import { findProgram } from '../peers/program.js'
import { curl } from '../support/curl.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { derOf, httpServer, rawServer } from './servers.js'
import { TestClient } from './test-client.js'

const DAY = 24 * 60 * 60 * 1000
const secure = { tls: true, server_cert: 'site' }

describe('a server that asks for certificates', { timeout: 60_000 }, () => {
  const { put } = temporaryFolder()
  let authority: CertificateAuthority
  let site: TlsIdentity
  let clients: CertificateAuthority
  let member: TlsIdentity
  let strangers: [string, TlsIdentity | undefined][]

  before(async () => {
    authority = await CertificateAuthority.create('Site CA')
    clients = await CertificateAuthority.create('Members CA')
    site = await authority.issue()
    member = await clients.issue({ commonName: 'a member' })
    const past = { notBefore: new Date(Date.now() - 9 * DAY), notAfter: new Date(Date.now() - DAY) }
    strangers = [
      ['none', undefined],
      ['one of another authority', await authority.issue({ commonName: 'a stranger' })],
      ['its own', await selfSigned({ commonName: 'a member' })],
      ['one that is out of date', await clients.issue(past)],
    ]
  })

  /** Says of each client what its certificate is for. */
  const greeting: ServeOptions = {
    connection: async (stream) => {
      if (stream.streamtype === 'raw') await stream.send(`${stream.peerCertificate?.subject}`)
    },
  }
  const answering: ServeOptions = {
    transaction: (txn) => txn.ack().end(`${txn.peerCertificate?.subject}`),
    upgrade: (stream) => stream.send(`${stream.peerCertificate?.subject}`),
  }

  async function serve(
    streamtype: 'raw' | 'h1',
    options: Partial<ServeOptions> = {},
  ): Promise<{ context: Context; server: Server } & AsyncDisposable> {
    const context = await openContext({
      policy: {
        s: [{ raw: rawServer(secure) }, { h1: httpServer({ ...secure, ws_subprotocol: 'chat' }) }],
      },
      ca: authority.pem,
      blobs: { serverCert: [{ name: 'site', ...site }] },
    })
    const server = await context.serve(streamtype, {
      ...(streamtype === 'raw' ? greeting : answering),
      requestCert: true,
      ca: clients.pem,
      ...options,
    })
    return {
      context,
      server,
      [Symbol.asyncDispose]: async () => {
        context.destroy()
        await context.close()
      },
    }
  }

  const connect = ({ port }: Server, identity?: TlsIdentity, options: tls.ConnectionOptions = {}) =>
    new TestClient(
      tls.connect({ port, ca: authority.pem, servername: 'localhost', ...identity, ...options }),
    )

  async function refusalOf({ socket }: TestClient): Promise<string> {
    const [{ code }] = await once(socket, 'error')
    return code
  }

  const MEMBER = 'CN=a member'

  test('knows who is there', async () => {
    await using served = await serve('raw')
    const client = connect(served.server, member)
    await client.receives(MEMBER.length)
    assert.equal(client.text, MEMBER)
    const [stream] = served.server.clients
    assert.equal(stream?.peerCertificate?.issuer, 'CN=Members CA')
    client.socket.destroy()
    await once(stream as never, 'state', { signal: AbortSignal.timeout(5000) })
    assert.equal(stream?.peerCertificate, undefined)
  })

  test('asks by the name of those who vouch for clients', async () => {
    await using served = await serve('raw')
    const client = { cert: put('member.pem', member.cert), key: put('member.key', member.key) }
    const asking = promisify(execFile)(findProgram('openssl'), [
      ...['s_client', '-connect', `127.0.0.1:${served.server.port}`],
      ...['-cert', client.cert, '-key', client.key],
    ])
    asking.child.stdin?.end()
    const { stdout: names } = await asking
    assert.match(names, /Acceptable client certificate CA names\n.*CN ?= ?Members CA\n/)
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    test(`refuses strangers, with ${version}`, async () => {
      await using served = await serve('raw')
      for (const [shown, identity] of strangers) {
        const client = connect(served.server, identity, { maxVersion: version })
        assert.match(await refusalOf(client), /^ERR_SSL_.*ALERT/, shown)
        await client.closed
        assert.equal(client.text, '', shown)
      }
      assert.equal(served.server.stats.connections, 0)
      const client = connect(served.server, member, { maxVersion: version })
      await client.receives(MEMBER.length)
    })

  test('lets strangers in as such, when it is told to', async () => {
    await using served = await serve('raw', { rejectUnauthorized: false })
    for (const [shown, identity] of strangers) {
      const client = connect(served.server, identity)
      await client.receives('undefined'.length)
      assert.equal(client.text, 'undefined', shown)
      client.socket.destroy()
    }
    const client = connect(served.server, member)
    await client.receives(MEMBER.length)
    assert.equal(client.text, MEMBER)
  })

  test('tells transactions who asks, for curl and undici', async () => {
    await using served = await serve('h1')
    const url = `https://localhost:${served.server.port}/`
    const ca = ['--cacert', put('ca.pem', authority.pem), '--connect-to', '::127.0.0.1:']
    const own = ['--cert', put('member.pem', member.cert), '--key', put('member.key', member.key)]
    assert.equal(await curl(...ca, ...own, url), MEMBER)
    // It is told when it sends, or when it waits for the answer.
    const refused = await curl(...ca, url).catch(({ code }) => code)
    assert.ok([35, 55, 56].includes(refused), `${refused}`)

    const agent = new Agent({ connect: { ca: authority.pem, ...member, servername: 'localhost' } })
    const { body } = await request(`https://127.0.0.1:${served.server.port}/`, {
      dispatcher: agent,
    })
    assert.equal(await body.text(), MEMBER)
    await agent.close()
  })

  test('tells who has upgraded to ws', async () => {
    await using served = await serve('h1')
    const url = `wss://localhost:${served.server.port}`
    const socket = new WebSocket(url, 'chat', { ca: authority.pem, ...member })
    const [data] = await once(socket, 'message')
    assert.equal(String(data), MEMBER)
    socket.close()
    await once(socket, 'close')
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    test(`knows who resumes a session, with ${version}`, async () => {
      await using served = await serve('raw')
      const first = tls.connect({
        ...{ port: served.server.port, ca: authority.pem, servername: 'localhost' },
        ...{ ...member, maxVersion: version },
      })
      const session = once(first, 'session')
      await once(first, 'data')
      const [resumed] = (await session) as [Buffer]
      first.destroy()
      const client = connect(served.server, undefined, { session: resumed, maxVersion: version })
      await client.receives(MEMBER.length)
      assert.equal((client.socket as tls.TLSSocket).isSessionReused(), true)
      assert.equal(client.text, MEMBER)
    })

  test('goes on asking with another certificate of its own', async () => {
    await using served = await serve('raw')
    const another = await authority.issue()
    served.context.setBlob('serverCert', [{ name: 'site', ...another }])
    assert.match(await refusalOf(connect(served.server)), /CERTIFICATE_REQUIRED$/)
    const client = connect(served.server, member)
    await client.receives(MEMBER.length)
  })

  test('is known to its clients, and knows them, when both are ours', async () => {
    await using served = await serve('raw')
    const { cert, key } = derOf(member)
    served.context.setBlob('clientCert', [{ cert, key }])
    const { port } = served.server
    const client = {
      protocol: 'raw',
      endpoint: 'localhost',
      port,
      tls: true,
      client_cert: 0,
    } as const
    await served.context.overlay({ s: [{ client }] })
    await using stream = served.context.stream('client')
    const { value } = await stream[Symbol.asyncIterator]().next()
    assert.equal(value?.text(), MEMBER)
    assert.equal(stream.peerCertificate?.subject, 'CN=localhost')
  })

  test('has to be told whom to trust, and to have TLS', async () => {
    await using context = await openContext({ policy: { s: [{ served: rawServer() }] } })
    const wrongValue = { code: 'ERR_INVALID_ARG_VALUE' }
    for (const [options, expected] of [
      [{ requestCert: true }, { ...wrongValue, message: /needs 'ca'/ }],
      [{ ca: clients.pem }, { ...wrongValue, message: /needs 'requestCert: true'/ }],
      [{ rejectUnauthorized: false }, { ...wrongValue, message: /needs 'requestCert: true'/ }],
      [{ requestCert: true, ca: 'none' }, wrongValue],
      [{ requestCert: 'yes' }, { code: 'ERR_INVALID_ARG_TYPE' }],
    ] as const)
      assert.throws(
        () => context.serve('served', { ...greeting, ...(options as ServeOptions) }),
        expected,
      )
    await assert.rejects(
      context.serve('served', { ...greeting, requestCert: true, ca: clients.pem }),
      { ...wrongValue, message: /"tls": true/ },
    )
  })
})
