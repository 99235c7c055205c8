/** Virtual hosts of libwebsockets' own vhost JSON, and the servers that are bound to them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { before, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import tls from 'node:tls'
import { pathToFileURL } from 'node:url'
import {
  type Context,
  type ContextOptions,
  openContext,
  type SecureStreamError,
  type ServeOptions,
  type Transaction,
} from 'lws-secure-streams'
import WebSocket from 'ws'
import { CertificateAuthority, type TlsIdentity } from '../peers/index.js'
import { curl } from '../support/curl.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { connectTo, echo, httpServer, rawServer, servedPolicy } from './servers.js'

/** Says which streamtype has answered. */
const naming: ServeOptions = {
  transaction: (txn) => txn.ack().end(`${txn.stream.streamtype} ${txn.url}`),
}

const bound = (more = {}) => httpServer({ endpoint: '!house', ...more })
const house = { name: 'house', port: 0, interface: '127.0.0.1' }

const policy = servedPolicy({
  site: bound(),
  shop_test: bound(),
  chat: bound({ ws_subprotocol: 'chat' }),
  wire: rawServer({ endpoint: '!house' }),
  secret: bound({ tls: true }),
  h2: bound({ protocol: 'h2', tls: true }),
  hidden: rawServer({ endpoint: '!house', tls: true }),
  own: bound({ tls: true, server_cert: 'own' }),
})

async function open(
  vhosts: ContextOptions['vhosts'],
): Promise<{ context: Context } & AsyncDisposable> {
  const context = await openContext({ policy, ...(vhosts !== undefined && { vhosts }) })
  return {
    context,
    async [Symbol.asyncDispose]() {
      context.destroy()
      await context.close()
    },
  }
}

const get = async (port: number, path = '/') =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).text()

/** The port of a server that has come and gone. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Settles when the other side has closed the connection. */
async function refused(port: number): Promise<void> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {})
  socket.resume()
  await once(socket, 'close')
}

describe('a virtual host of the vhost JSON', { timeout: 60_000 }, () => {
  const { put } = temporaryFolder()
  let authority: CertificateAuthority
  let clients: CertificateAuthority
  let member: TlsIdentity
  let secure: Record<string, unknown>

  before(async () => {
    authority = await CertificateAuthority.create('House CA')
    clients = await CertificateAuthority.create('Members CA')
    member = await clients.issue({ commonName: 'a member' })
    const shown = await authority.issue({ names: ['house.test', '127.0.0.1'] })
    secure = {
      ...house,
      'host-ssl-cert': put('cert.pem', shown.cert),
      'host-ssl-key': put('key.pem', shown.key),
    }
  })

  test('has the transactions of the streamtype that is bound to it', async () => {
    await using opened = await open({ vhosts: [house] })
    const { port, address } = await opened.context.serve('site', naming)
    assert.equal(address, '127.0.0.1')
    assert.equal(await get(port, '/door'), 'site /door')
    assert.equal(await curl(`http://127.0.0.1:${port}/curl`), 'site /curl')
  })

  test('is given as text with comments, as bytes, and as a file', async () => {
    const text =
      '# lwsws\n{ "vhosts": [{ "name": "house", "port": "0", "interface": "127.0.0.1" }] }'
    const file = pathToFileURL(put('vhosts.json', text))
    for (const vhosts of [text, Buffer.from(text), file]) {
      await using opened = await open(vhosts)
      const { port } = await opened.context.serve('site', naming)
      assert.equal(await get(port), 'site /')
    }
  })

  test('has any name', async () => {
    for (const name of ['x'.repeat(252), 'house "of" \\ Jürgen/ß', '.', '__proto__']) {
      const site = { site: bound({ endpoint: `!${name}` }) }
      const vhosts = { vhosts: [{ ...house, name }] }
      const context = await openContext({ policy: servedPolicy(site), vhosts })
      const { port } = await context.serve('site', naming)
      assert.equal(await get(port), 'site /')
      await context.close()
    }
  })

  test('listens from the beginning, and refuses who comes when there is no server', async () => {
    const port = await freePort()
    await using opened = await open({ vhosts: [{ ...house, port }] })
    await refused(port)
    const server = await opened.context.serve('site', naming)
    assert.equal(server.port, port)
    assert.equal(await get(port), 'site /')
    await server.close()
    await refused(port)
    const again = await opened.context.serve('chat', naming)
    assert.equal(await get(port), 'chat /')
    again.destroy()
    await again.close()
    await refused(port)
    await opened.context.serve('wire', echo)
    const client = await connectTo({ port, address: '127.0.0.1' })
    client.socket.write('over the wire')
    assert.equal(String((await once(client.socket, 'data'))[0]), 'over the wire')
    client.socket.destroy()
  })

  test('is left to the next server when the last one has ended', async () => {
    await using opened = await open({ vhosts: [house] })
    const { context } = opened
    const asked: Transaction[] = []
    const slow = await context.serve('site', {
      transaction: (txn) => (asked.push(txn) > 1 ? txn.ack().end('too late') : undefined),
    })
    const first = get(slow.port)
    while (asked.length === 0) await setImmediate()
    const closed = slow.close()
    await assert.rejects(context.serve('shop_test', naming), {
      code: 'ERR_SS_NO_VHOST',
      message: /'site' has not ended there/,
    })
    // Who is in the queue already is served.
    for (let turn = 0; turn < 3; turn++) await setImmediate()
    const late = await connectTo(slow)
    late.socket.write('GET / HTTP/1.1\r\nHost: house\r\nConnection: close\r\n\r\n')
    await late.closed
    assert.equal(late.text, '')
    asked[0]?.ack().end('to the end')
    assert.equal(await first, 'to the end')
    await closed
    const next = await context.serve('shop_test', naming)
    assert.equal(await get(next.port), 'shop_test /')
  })

  test('is shared by streamtypes, each for its host', async () => {
    await using opened = await open({ vhosts: [house] })
    const { port } = await opened.context.serve('site', naming)
    await opened.context.serve('shop_test', naming)
    await opened.context.serve('chat', { ...naming, upgrade: (stream) => stream.send('ws') })
    const here = ['--connect-to', `::127.0.0.1:${port}`]
    assert.equal(await curl(...here, 'http://shop.test/'), 'shop_test /')
    assert.equal(await curl(...here, 'http://house.test/'), 'site /')
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'chat', { headers: { host: 'chat' } })
    assert.equal(String((await once(socket, 'message'))[0]), 'ws')
    socket.terminate()
  })

  test('may be one of several, at ports of their own', async () => {
    const both = [house, { ...house, name: 'barn' }]
    const barn = { s: [{ cow: httpServer({ endpoint: '!barn' }) }] }
    const context = await openContext({ policy, overlays: [barn], vhosts: { vhosts: both } })
    const ports = [await context.serve('site', naming), await context.serve('cow', naming)]
    const texts = await Promise.all(ports.map(({ port }) => get(port)))
    assert.deepEqual(texts, ['site /', 'cow /'])
    await context.close()
  })

  test('shows its certificate, on h1, h2 and raw', async () => {
    const ca = ['--cacert', put('ca.pem', authority.pem)]
    for (const [streamtype, version] of [
      ['secret', '1.1'],
      ['h2', '2'],
    ] as const) {
      await using opened = await open({ vhosts: [secure] })
      const { port } = await opened.context.serve(streamtype, naming)
      const here = ['--connect-to', `::127.0.0.1:${port}`]
      const said = ['-w', ' %{http_version}', 'https://house.test/']
      assert.equal(await curl(...ca, ...here, ...said), `${streamtype} / ${version}`)
    }
    await using opened = await open({ vhosts: [secure] })
    const { port } = await opened.context.serve('hidden', echo)
    const socket = tls.connect({ port, ca: authority.pem, servername: 'house.test' })
    socket.write('hidden')
    assert.equal(String((await once(socket, 'data'))[0]), 'hidden')
    socket.destroy()
  })

  test('asks for the certificates of clients', async () => {
    const club = {
      ...secure,
      'host-ssl-ca': put('clients.pem', clients.pem),
      'client-cert-required': 'on',
    }
    await using opened = await open({ vhosts: [club] })
    const { port } = await opened.context.serve('secret', {
      transaction: (txn) => txn.ack().end(`${txn.peerCertificate?.subject}`),
    })
    const ca = ['--cacert', put('ca.pem', authority.pem), '--connect-to', `::127.0.0.1:${port}`]
    const shown = ['--cert', put('me.pem', member.cert), '--key', put('me.key', member.key)]
    assert.match(await curl(...ca, ...shown, 'https://house.test/'), /CN=a member/)
    await assert.rejects(curl(...ca, 'https://house.test/'))
  })

  test('has a name of its own, whatever libwebsockets calls what clients trust', async () => {
    const port = await freePort()
    const name = 't.000000000'
    const context = await openContext({
      policy: servedPolicy({ site: bound({ tls: true, endpoint: `!${name}` }) }),
      vhosts: { vhosts: [{ ...secure, name, port }] },
    })
    await context.serve('site', naming)
    const ask = { endpoint: '127.0.0.1', port, protocol: 'h1', tls: true } as const
    await context.overlay({
      certs: [{ root: authority.pem.replace(/-----.*-----|\s/g, '') }],
      trust_stores: [{ name: 'store', stack: ['root'] }],
      s: [{ ask: { ...ask, http_url: 'x', tls_trust_store: 'store', retry: 'once' } }],
      retry: [{ once: { backoff: [1], conceal: 0 } }],
    })
    assert.equal(await (await context.request('ask')).text(), 'site /x')
    await context.close()
  })

  test('is of another protocol when clients of the last server are gone', async () => {
    await using opened = await open({ vhosts: [house] })
    const { context } = opened
    const site = await context.serve('site', naming)
    const idle = await connectTo(site)
    idle.socket.write('GET / HTTP/1.1\r\nHost: house\r\n\r\n')
    await once(idle.socket, 'data')
    await site.close()
    const wire = await context.serve('wire', echo)
    const client = await connectTo(wire)
    client.socket.write('over the wire')
    assert.equal(String((await once(client.socket, 'data'))[0]), 'over the wire')
    client.socket.destroy()
  })

  test('is not for every streamtype', async () => {
    const none = (message: RegExp) => ({ code: 'ERR_SS_NO_VHOST', message })
    await using safe = await open({ vhosts: [secure, { ...house, name: 'barn' }] })
    await assert.rejects(safe.context.serve('site', naming), none(/it has TLS/))
    await assert.rejects(safe.context.serve('own', naming), none(/leave server_cert out/))
    const asking = { ...naming, requestCert: true, ca: clients.pem }
    await assert.rejects(safe.context.serve('secret', asking), { code: 'ERR_INVALID_ARG_VALUE' })
    await using opened = await open({ vhosts: [house] })
    const { context } = opened
    await assert.rejects(context.serve('secret', naming), none(/no host-ssl-cert/))
    const sharing = { ...naming, reusePort: true }
    await assert.rejects(context.serve('site', sharing), { code: 'ERR_INVALID_ARG_VALUE' })
    await context.serve('site', naming)
    await assert.rejects(context.serve('wire', echo), none(/only http has hosts/))
    await using bare = await open(undefined)
    await assert.rejects(bare.context.serve('site', naming), none(/there are: none/))
  })

  test('that cannot listen is an error, and leaves nothing behind', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const free = await freePort()
    const vhosts = {
      vhosts: [
        { ...house, name: 'barn', port: free },
        { ...house, port },
      ],
    }
    await assert.rejects(openContext({ policy, vhosts }), (error: SecureStreamError) => {
      assert.equal(error.code, 'ERR_SS_VHOSTS')
      assert.match(error.message, /virtual host 'house' cannot listen: .*EADDRINUSE/)
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE')
      return true
    })
    const other = net.createServer().listen(free, '127.0.0.1')
    await once(other, 'listening')
    other.close()
    server.close()
  })

  test('that is on an interface which is not there is an error', async () => {
    const vhosts = { vhosts: [{ ...house, interface: 'nosuch0' }] }
    await assert.rejects(openContext({ policy, vhosts }), ({ code, cause }) => {
      assert.equal(code, 'ERR_SS_VHOSTS')
      assert.equal(cause.code, 'ENODEV')
      return true
    })
  })

  test('gives its port back when the context ends', async () => {
    const port = await freePort()
    for (let n = 0; n < 3; n++) {
      await using opened = await open({ vhosts: [{ ...house, port }] })
      if (n) await opened.context.serve('site', naming)
      if (n) assert.equal(await get(port), 'site /')
    }
  })

  const mistakes: readonly [why: string, vhosts: unknown, message: RegExp][] = [
    ['no JSON', '{ "vhosts": [', /^vhosts: 1:14: /],
    ['nothing at all', '', /it is empty/],
    ['more than JSON', '{ "vhosts": [] } {}', /^vhosts: 1:18: it ends before this/],
    ['another key', { vhost: [house] }, /vhost is unknown; did you mean "vhosts"/],
    ['no virtual host', { vhosts: [] }, /at least one/],
    ['a virtual host that is none', { vhosts: [1] }, /vhosts\[0\] must be an object/],
    ['no name', { vhosts: [{ port: 0 }] }, /vhosts\[0\] must have a "name"/],
    ['no port', { vhosts: [{ name: 'house' }] }, /vhosts\[0\] must have a "port"/],
    ['a port that is none', { vhosts: [{ ...house, port: 65536 }] }, /port must be a number/],
    [
      'a key of nobody',
      { vhosts: [{ ...house, ports: 1 }] },
      /ports is unknown; did you mean "port"/,
    ],
    ['a mount', { vhosts: [{ ...house, mounts: [] }] }, /vhosts\[0\]\.mounts is not for vhosts/],
    ['a key of clients', { vhosts: [{ ...house, 'enable-client-ssl': 1 }] }, /is not supported/],
    ['a flag that is none', { vhosts: [{ ...house, noipv6: 'maybe' }] }, /must be true or false/],
    [
      'a name twice',
      { vhosts: [house, house] },
      /vhosts\[1\] has the name of another one: 'house'/,
    ],
    [
      'a port twice',
      {
        vhosts: [
          { ...house, port: 8080 },
          { ...house, name: 'barn', port: 8080 },
        ],
      },
      /vhosts\[1\] listens where 'house' does/,
    ],
    ['a key twice', '{"vhosts":[{"name":"a","name":"b"}]}', /name is there twice/],
    [
      'a name that is too long',
      { vhosts: [{ ...house, name: 'x'.repeat(253) }] },
      /1 to 252 bytes/,
    ],
    [
      'a folder of nobody',
      { vhosts: [{ ...house, name: '_lws_ddir_/x' }] },
      /must not have _lws_ddir_/,
    ],
    ['half of TLS', { vhosts: [{ ...house, 'host-ssl-key': 'x' }] }, /must have both/],
    ['no TLS', { vhosts: [{ ...house, ciphers: 'x' }] }, /has "ciphers" without "host-ssl-cert"/],
    [
      'no certificate',
      { vhosts: [{ ...house, 'host-ssl-key': '/nowhere', 'host-ssl-cert': '/nowhere' }] },
      /cannot be used in TLS: ENOENT/,
    ],
  ]
  for (const [why, vhosts, message] of mistakes)
    test(`is refused: ${why}`, async () => {
      const opening = openContext({ policy, vhosts: vhosts as string })
      await assert.rejects(opening, { code: 'ERR_SS_VHOSTS', message })
    })

  test('is refused: ciphers, and a key of another', async () => {
    const { key } = await authority.issue()
    for (const more of [{ ciphers: 'NONE-OF-THEM' }, { 'host-ssl-key': put('other.pem', key) }])
      await assert.rejects(openContext({ policy, vhosts: { vhosts: [{ ...secure, ...more }] } }), {
        code: 'ERR_SS_VHOSTS',
        message: /vhosts\[0\] cannot be used in TLS: /,
      })
  })

  test('is refused at once when it is of no use', () => {
    for (const [vhosts, code] of [
      [1, 'ERR_INVALID_ARG_TYPE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      [new URL('https://house.test/'), 'ERR_INVALID_ARG_VALUE'],
    ] as const)
      assert.throws(() => openContext({ policy, vhosts: vhosts as never }), { code })
  })
})
