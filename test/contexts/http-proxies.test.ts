import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  startHttp1,
  startHttpProxy,
  startOneByteRelay,
  startPiecesRelay,
  startRaw,
  startSocks5,
  starts,
} from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import {
  ownTopic,
  type ProtocolName,
  perProtocol,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'
import { nextMessage, receiveBytes } from '../support/states.js'

const LOGIN = { username: 'some one', password: 'a:s%@/é' }
const at = (peer: { port: number }, login = '') => `http://${login}127.0.0.1:${peer.port}`
const asUrl = ({ username, password }: typeof LOGIN) =>
  `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`

/** Sends something there and back, twice. */
async function converse(context: Context, protocol: ProtocolName): Promise<void> {
  const stream = context.stream('it', ownTopic(protocol))
  for (const text of ['hello', 'again']) {
    await stream.send(text)
    assert.equal(String(await receiveBytes(stream, text.length)), text)
  }
}

/** Why a stream does not connect. */
async function failure(httpProxy: string, protocol: ProtocolName = 'raw', more = {}) {
  const policy = policyOf({ it: streamtype(protocol, { port: 1 }, more) })
  await using context = await openContext({ policy, httpProxy })
  const stream = context.stream('it', ownTopic(protocol))
  const error = await stream.connect().catch((error) => error)
  return error.message.replace(/^.*?(?=http proxy)|, 3 attempts$/g, '')
}

describe('an HTTP proxy', () => {
  let authority: CertificateAuthority
  before(async () => {
    authority = await CertificateAuthority.create()
  })

  for (const protocol of protocols)
    for (const tls of [false, true])
      for (const login of [undefined, LOGIN])
        test(`${protocol}${tls ? ' in TLS' : ''} goes through it${login ? ' with a login' : ''}`, async () => {
          await using peer = await starts[protocol](tls ? { tls: await authority.issue() } : {})
          await using proxy = await startHttpProxy(login ? { login } : {})
          const policy = policyOf({ it: streamtype(protocol, peer, { tls }) }, authority)
          await using context = await openContext({
            policy,
            httpProxy: at(proxy, login && asUrl(login)),
          })
          await converse(context, protocol)
          assert.deepEqual(proxy.tunnels, [
            { to: `localhost:${peer.port}`, username: '', password: '', ...login },
          ])
          assert.equal(proxy.headers.host, `localhost:${peer.port}`)
        })

  for (const protocol of protocols)
    test(`${protocol}: its answers may come in any pieces`, async () => {
      await using peer = await starts[protocol]()
      await using proxy = await startHttpProxy()
      await using relay = await startOneByteRelay(proxy)
      const policy = policyOf({ it: streamtype(protocol, peer) })
      await using context = await openContext({ policy, httpProxy: at(relay) })
      await converse(context, protocol)
    })

  test('what the peer says at once is not lost with the answer that it comes with', async () => {
    const welcome = 'welcome'
    const answer = 'HTTP/1.1 200 Connection Established\r\n\r\n'
    await using peer = await startRaw({ accept: (socket) => socket.write(welcome) })
    await using proxy = await startHttpProxy()
    await using relay = await startPiecesRelay(proxy, [answer.length + welcome.length])
    const policy = policyOf({ it: streamtype('raw', peer) })
    await using context = await openContext({ policy, httpProxy: at(relay) })
    const stream = context.stream('it')
    await stream.connect()
    assert.equal(String(await nextMessage(stream)), welcome)
  })

  test('an address of IPv6 is in brackets, that of the proxy too', async () => {
    await using peer = await startRaw({ host: '::1' })
    await using proxy = await startHttpProxy({ listen: '::1' })
    const policy = policyOf({ it: streamtype('raw', peer, { endpoint: '::1' }) })
    await using context = await openContext({ policy, httpProxy: `http://[::1]:${proxy.port}/` })
    await converse(context, 'raw')
    assert.equal(proxy.tunnels[0]?.to, `[::1]:${peer.port}`)
  })

  test('h1 transactions share a connection through it', async () => {
    await using peer = await startHttp1()
    await using proxy = await startHttpProxy()
    const get = streamtype('h1', peer, { http_method: 'GET', http_url: '/' })
    await using context = await openContext({ policy: policyOf({ get }), httpProxy: at(proxy) })
    for (let n = 0; n < 3; n++) await (await context.request('get')).text()
    assert.deepEqual([peer.connections, proxy.connections, proxy.tunnels.length], [1, 1, 1])
    assert.equal(peer.requests.at(-1)?.headers.host, `localhost:${peer.port}`)
  })

  test('comes after via-socks5', async () => {
    await using peer = await startHttp1()
    await using socks = await startSocks5()
    await using proxy = await startHttpProxy()
    const get = streamtype('h1', peer, { http_method: 'GET', http_url: '/' })
    await using context = await openContext({
      policy: { 'via-socks5': `127.0.0.1:${socks.port}`, ...policyOf({ get }) },
      httpProxy: at(proxy),
    })
    await (await context.request('get')).text()
    assert.deepEqual([socks.proxied.length, proxy.tunnels.length], [1, 0])
  })

  test('is not asked for Unix sockets', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'proxy-'))
    const file = path.join(folder, 'socket')
    await using _peer = await startRaw({ path: file })
    await using proxy = await startHttpProxy()
    const policy = policyOf({ it: { ...perProtocol.raw, endpoint: `+${file}`, port: 0 } })
    await using context = await openContext({ policy, httpProxy: at(proxy) })
    await converse(context, 'raw')
    assert.equal(proxy.connections, 0)
    await rm(folder, { recursive: true })
  })

  describe('that fails is named, with what it said', () => {
    for (const protocol of protocols)
      test(`${protocol}: no login, or a wrong one`, async () => {
        await using proxy = await startHttpProxy({ login: LOGIN })
        for (const login of ['', 'someone:else@']) {
          const why = await failure(at(proxy, login), protocol)
          assert.equal(
            why,
            `http proxy 127.0.0.1:${proxy.port}: refused with 407 Proxy Authentication Required`,
          )
        }
        assert.deepEqual(proxy.tunnels, [])
      })

    test('an endpoint that it does not allow', async () => {
      await using proxy = await startHttpProxy({ refused: { localhost: 'not you' } })
      const why = await failure(at(proxy))
      assert.equal(why, `http proxy 127.0.0.1:${proxy.port}: refused with 403 Forbidden`)
    })

    test('it is not there', async () => {
      await using nobody = await deadPort()
      const why = await failure(at(nobody))
      assert.match(why, new RegExp(`^http proxy 127.0.0.1:${nobody.port}: `))
      assert.match(
        await failure('http://nobody.invalid:1'),
        /^http proxy nobody.invalid:1: no host/,
      )
    })

    for (const [what, answer, reason] of [
      ['nothing', '', 'hung up'],
      ['half an answer', 'HTTP/1.1 200 OK\r\nVia: it', 'hung up'],
      ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'does not speak HTTP'],
      ['a code that is none', 'HTTP/1.1 yes\r\n\r\n', 'does not speak HTTP'],
      ['a binary answer', '\x15\x03\x01\x00\x02\x02\x28', 'does not speak HTTP'],
      [
        'a gateway error',
        'HTTP/1.0 502 Bad\x07Gateway\r\n\r\nsorry',
        'refused with 502 Bad?Gateway',
      ],
      ['no words', 'HTTP/1.1 504\r\n\r\n', 'refused with 504'],
      [
        'hints, and then no',
        'HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 503 No\r\n\r\n',
        'refused with 503 No',
      ],
      [
        'headers that do not end',
        `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`,
        'its answer does not end',
      ],
    ] as const)
      for (const protocol of protocols)
        test(`${protocol}: ${what}`, async () => {
          await using proxy = await startRaw({
            accept: (socket) => socket.once('data', () => socket.end(answer, 'latin1')),
          })
          const why = await failure(at(proxy), protocol)
          assert.equal(why, `http proxy 127.0.0.1:${proxy.port}: ${reason}`)
        })
  })

  for (const [given, reason] of [
    ['proxy:3128', /is no proxy of HTTP/],
    ['127.0.0.1', /is no URL/],
    ['https://proxy:3128', /TLS to the proxy itself/],
    ['socks5://proxy:1080', /via-socks5/],
    ['http://proxy:3128/path', /more than a host/],
    ['http://proxy:0', /nothing listens on/],
    ['http://me:100%@proxy', /"%25"/],
    ['http://a%3Ab:secret@proxy', /":"/],
    ['', /is no URL/],
  ] as const)
    test(`may not be ${given || 'empty'}`, () => {
      assert.throws(
        () => openContext({ policy: policyOf({}), httpProxy: given }),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'ERR_INVALID_ARG_VALUE')
          assert.match(error.message, reason)
          assert.doesNotMatch(error.message, /secret/)
          return true
        },
      )
    })

  test('may not be another thing than text', () => {
    const httpProxy = new URL('http://127.0.0.1:1') as unknown as string
    assert.throws(() => openContext({ policy: policyOf({}), httpProxy }), {
      code: 'ERR_INVALID_ARG_TYPE',
    })
  })
})
