import assert from 'node:assert/strict'
import { afterEach, before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type HttpProxyPeer,
  startHttpProxy,
  startRaw,
  startSocks5,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const NAMES = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [
  name,
  name.toUpperCase(),
])

let authority: CertificateAuthority
before(async () => {
  authority = await CertificateAuthority.create()
})

afterEach(() => {
  for (const name of [...NAMES, 'socks_proxy', 'NODE_USE_ENV_PROXY']) delete process.env[name]
})

const at = (peer: { port: number }) => `http://127.0.0.1:${peer.port}`

/** Connects to `endpoint`, where a peer is or none; never mind what comes of it. */
async function connectTo(
  { endpoint = 'localhost', port = 1, tls = false },
  httpProxy: string | undefined = 'env',
): Promise<void> {
  const policy = policyOf({ it: streamtype('raw', { port }, { endpoint, tls }) }, authority)
  await using context = await openContext({ policy, ...(httpProxy && { httpProxy }) })
  await context
    .stream('it')
    .connect()
    .catch(() => {})
}

const hosts = (proxy: HttpProxyPeer) =>
  new Set(proxy.tunnels.map(({ to }) => to.slice(0, to.lastIndexOf(':'))))

describe("httpProxy: 'env'", () => {
  for (const write of [(name: string) => name, (name: string) => name.toUpperCase()])
    test(`${write('https_proxy')} is for TLS, and ${write('http_proxy')} for the rest`, async () => {
      await using secure = await startRaw({ tls: await authority.issue() })
      await using peer = await startRaw()
      await using forTls = await startHttpProxy()
      await using forPlain = await startHttpProxy()
      process.env[write('https_proxy')] = at(forTls)
      process.env[write('http_proxy')] = at(forPlain)
      await connectTo({ port: secure.port, tls: true })
      await connectTo({ port: peer.port })
      assert.deepEqual(
        [forTls, forPlain].map(({ tunnels }) => tunnels.map(({ to }) => to)),
        [[`localhost:${secure.port}`], [`localhost:${peer.port}`]],
      )
    })

  test('lower case counts before upper case', async () => {
    await using peer = await startRaw()
    await using proxy = await startHttpProxy()
    Object.assign(process.env, { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: at(proxy) })
    Object.assign(process.env, { NO_PROXY: '*', no_proxy: 'elsewhere' })
    await connectTo({ port: peer.port })
    assert.deepEqual([...hosts(proxy)], ['localhost'])
  })

  test('without a proxy in it, connections are direct', async () => {
    await using peer = await startRaw()
    process.env.HTTPS_PROXY = 'http://127.0.0.1:1'
    await connectTo({ port: peer.port })
    assert.equal(peer.connections, 1)
  })

  for (const [variable, value, reason] of [
    ['HTTP_PROXY', 'proxy:3128', /HTTP_PROXY is no proxy of HTTP/],
    ['https_proxy', 'https://me:secret@proxy', /https_proxy asks for TLS to the proxy itself/],
    ['HTTPS_PROXY', 'me:secret@', /HTTPS_PROXY is no/],
  ] as const)
    test(`${variable}=${value} is an error, not a direct connection`, async () => {
      process.env[variable] = value
      const policy = policyOf({ it: streamtype('raw', { port: 1 }) })
      await assert.rejects(
        openContext({ policy, httpProxy: 'env' }),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'ERR_SS_HTTP_PROXY')
          assert.match(error.message, reason)
          assert.doesNotMatch(error.message, /secret/)
          return true
        },
      )
      // Nobody asks for it here.
      await using context = await openContext({ policy })
      assert.deepEqual(context.streamtypes, ['it'])
    })
})

describe('without the option', () => {
  for (const [value, used] of [
    ['1', 1],
    ['0', 0],
    [undefined, 0],
  ] as const)
    test(`NODE_USE_ENV_PROXY=${value} ${used ? 'has it used' : 'leaves it alone'}`, async () => {
      await using peer = await startRaw()
      await using proxy = await startHttpProxy()
      process.env.HTTP_PROXY = at(proxy)
      if (value) process.env.NODE_USE_ENV_PROXY = value
      await connectTo({ port: peer.port }, '')
      assert.equal(proxy.connections, used)
      assert.equal(peer.connections, 1)
    })
})

describe('NO_PROXY', () => {
  const direct = [
    ['*', 'a.test'],
    ['a.test', 'a.test'],
    ['A.Test', 'a.test'],
    ['b.test, a.test ,', 'a.test'],
    ['a.test.', 'a.test'],
    ['a.test:1', 'a.test'],
    ['.a.test', 'b.a.test'],
    ['.a.test', 'a.test'],
    ['*.a.test', 'c.b.a.test'],
    ['127.0.0.2', '127.0.0.2'],
    ['127.0.0.2:1', '127.0.0.2'],
    ['126.0.0.0-127.0.0.9', '127.0.0.2'],
    ['126.0.0.0 - 127.0.0.2', '127.0.0.2'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['[::1]:1', '::1'],
    ['::-::2', '::1'],
  ] as const
  for (const [list, endpoint] of direct)
    test(`${list} has ${endpoint} connected to directly`, async () => {
      await using proxy = await startHttpProxy()
      process.env.NO_PROXY = list
      await connectTo({ endpoint }, at(proxy))
      assert.equal(proxy.connections, 0)
    })

  for (const [list, endpoint] of [
    ['', 'a.test'],
    ['a.test', 'b.a.test'],
    ['a.test:2', 'a.test'],
    ['.a.test', 'not-a.test'],
    ['*.a.test', 'a.test'],
    ['a.*', 'a.test'],
    ['127.0.0.0/8', '127.0.0.2'],
    ['127.0.0.3-127.0.0.9', '127.0.0.2'],
    ['127.0.0.9-127.0.0.1', '127.0.0.2'],
    ['.0.0.2', '127.0.0.2'],
  ] as const)
    test(`${list || 'nothing'} does not speak of ${endpoint}`, async () => {
      await using proxy = await startHttpProxy()
      process.env.NO_PROXY = list
      await connectTo({ endpoint }, at(proxy))
      assert.deepEqual([...hosts(proxy)], [endpoint])
    })

  test('counts for socks_proxy, and not for via-socks5', async () => {
    await using peer = await startRaw()
    await using proxy = await startSocks5()
    const via = `127.0.0.1:${proxy.port}`
    const policy = policyOf({ it: streamtype('raw', peer) })
    Object.assign(process.env, { socks_proxy: via, NO_PROXY: `localhost:${peer.port}` })
    await connectTo({ port: peer.port }, '')
    assert.equal(proxy.proxied.length, 0)
    await connectTo({ port: peer.port, endpoint: '127.0.0.1' }, '')
    assert.equal(proxy.proxied.length, 1)
    await using context = await openContext({ policy: { 'via-socks5': via, ...policy } })
    await context.stream('it').connect()
    assert.equal(proxy.proxied.length, 2)
  })

  test('an HTTP proxy counts before socks_proxy, which is for what that does not do', async () => {
    await using peer = await startRaw()
    await using secure = await startRaw({ tls: await authority.issue() })
    await using socks = await startSocks5()
    await using proxy = await startHttpProxy()
    process.env.socks_proxy = `127.0.0.1:${socks.port}`
    process.env.http_proxy = at(proxy)
    await connectTo({ port: peer.port })
    assert.deepEqual([proxy.tunnels.length, socks.proxied.length], [1, 0])
    await connectTo({ port: secure.port, tls: true })
    assert.deepEqual([proxy.tunnels.length, socks.proxied.length], [1, 1])
  })
})
