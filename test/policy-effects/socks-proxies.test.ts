import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, type Peer, startRaw, startSocks5, starts } from '../peers/index.js'
import { hasProgram } from '../peers/program.js'
import { startDante, startMicrosocks, startSshProxy } from '../peers/socks-programs.js'
import { deadPort } from '../support/dead-port.js'
import { ownTopic, policyOf, protocols, streamtype } from '../support/policies.js'
import { receiveBytes } from '../support/states.js'

const LOGIN = { user: 'someone', password: 'p%:@word' }
const missing = (program: string) => !hasProgram(program) && `${program} is not installed`
const isRoot = process.getuid?.() === 0

let authority: CertificateAuthority
before(async () => {
  authority = await CertificateAuthority.create()
})

/** What became of sending something there and back by each protocol, half of them with TLS. */
async function converseBy(viaSocks5: string, endpoint: string, host: string): Promise<void> {
  const identity = await authority.issue({ names: ['localhost', '127.0.0.1', '::1'] })
  for (const [place, protocol] of protocols.entries()) {
    const tls = place % 2 === 1
    await using peer = await starts[protocol]({ host, ...(tls && { tls: identity }) })
    const policy = policyOf({ it: streamtype(protocol, peer, { endpoint, tls }) }, authority)
    await using context = await openContext({ policy: { 'via-socks5': viaSocks5, ...policy } })
    const stream = context.stream('it', ownTopic(protocol))
    await stream.send('hello')
    assert.equal(String(await receiveBytes(stream, 5)), 'hello')
  }
}

/** Why `endpoint` is not reached. */
async function failure(viaSocks5: string, endpoint: string, port: number, more = {}) {
  const policy = policyOf({ it: streamtype('raw', { port }, { endpoint, ...more }) })
  await using context = await openContext({ policy: { 'via-socks5': viaSocks5, ...policy } })
  const error = await context
    .stream('it')
    .connect()
    .catch((error) => error)
  return error.message.replace(/^.*?(?=socks5 proxy)|, 3 attempts$/g, '')
}

const proxies = {
  microsocks: { program: 'microsocks', start: () => startMicrosocks(LOGIN), login: LOGIN },
  Dante: { program: 'danted', start: () => startDante(1), login: undefined },
  'ssh -D': {
    program: isRoot ? 'sshd' : 'sshd (as root)',
    start: startSshProxy,
    login: undefined,
  },
}

for (const [name, { program, start, login }] of Object.entries(proxies))
  describe(`through ${name}`, { timeout: 60_000, skip: missing(program) }, () => {
    let proxy: Peer
    let via: string
    before(async () => {
      proxy = await start()
      via = `${login ? `${login.user}:${login.password}@` : ''}127.0.0.1:${proxy.port}`
    })
    after(() => proxy.close())

    test('a name', () => converseBy(via, 'localhost', '127.0.0.1'))
    test('an address of IPv4', () => converseBy(via, '127.0.0.1', '127.0.0.1'))
    test('an address of IPv6', () => converseBy(via, '[::1]', '::1'))

    test('an endpoint that is not there is told by the proxy', async () => {
      await using nobody = await deadPort()
      const why = await failure(via, '127.0.0.1', nobody.port)
      // What ssh says to that, and how Dante sees it.
      assert.match(why, /^socks5 proxy 127\.0\.0\.1:\d+: (connection refused|hung up|general fail)/)
    })
  })

test('Dante that does not allow it says so', { skip: missing('danted') }, async () => {
  await using peer = await startRaw()
  await using proxy = await startDante(peer.port)
  const why = await failure(`127.0.0.1:${proxy.port}`, '127.0.0.1', peer.port)
  assert.equal(why, `socks5 proxy 127.0.0.1:${proxy.port}: connection not allowed`)
})

test('microsocks that wants another login says so', { skip: missing('microsocks') }, async () => {
  await using proxy = await startMicrosocks(LOGIN)
  const via = `someone:else@127.0.0.1:${proxy.port}`
  const why = await failure(via, '127.0.0.1', 1)
  assert.equal(why, `socks5 proxy 127.0.0.1:${proxy.port}: login refused`)
})

test('a proxy at an address of IPv6', async () => {
  await using peer = await startRaw()
  await using proxy = await startSocks5({ listen: '::1' })
  const policy = policyOf({ it: streamtype('raw', peer) })
  await using context = await openContext({
    policy: { 'via-socks5': `[::1]:${proxy.port}`, ...policy },
  })
  await context.stream('it').connect()
  assert.equal(proxy.proxied.length, 1)
  await using nobody = await deadPort()
  const why = await failure(`[::1]:${proxy.port}`, '127.0.0.1', nobody.port)
  assert.equal(why, `socks5 proxy [::1]:${proxy.port}: connection refused`)
})

test('a proxy that cannot be reached is not taken for the endpoint', async () => {
  await using nobody = await deadPort()
  const at = `127.0.0.1:${nobody.port}`
  assert.equal(await failure(at, 'localhost', 1), `socks5 proxy ${at}: connection refused`)
  assert.match(
    await failure('nobody.invalid:1', 'localhost', 1),
    /^socks5 proxy nobody.invalid:1: no host/,
  )
})

test('an address of too many parts is none', async () => {
  await using proxy = await startSocks5()
  const endpoint = '[1:2:3:4:5:6:7:8:9:a:b:c:d:e:f]'
  const why = await failure(`127.0.0.1:${proxy.port}`, endpoint, 1, { tls: true })
  assert.match(why, /^socks5 proxy/)
})

describe('the environment variable socks_proxy', () => {
  const withProxy = async (value: string, use: () => Promise<void>) => {
    process.env.socks_proxy = value
    try {
      await use()
    } finally {
      delete process.env.socks_proxy
    }
  }

  for (const form of ['', 'socks5://', 'socks5h://'])
    test(`may have the form ${form}address:port`, async () => {
      await using peer = await startRaw()
      await using proxy = await startSocks5()
      await withProxy(`${form}127.0.0.1:${proxy.port}`, async () => {
        await using context = await openContext({
          policy: policyOf({ it: streamtype('raw', peer) }),
        })
        await context.stream('it').connect()
        assert.equal(proxy.proxied.length, 1)
      })
    })

  for (const value of ['127.0.0.1', 'http://127.0.0.1:1', 'socks4://127.0.0.1:1', '::1:1', 'a:0'])
    test(`is an error, not a direct connection: ${value}`, async () => {
      await withProxy(value, async () => {
        const policy = policyOf({ it: streamtype('raw', { port: 1 }) })
        await assert.rejects(openContext({ policy }), { code: 'ERR_SS_SOCKS_PROXY' })
        // A policy that has its own does not look at it.
        await using context = await openContext({ policy: { 'via-socks5': 'a:1', ...policy } })
        assert.equal(context.policy['via-socks5'], 'a:1')
      })
    })

  test('does not show the password', async () => {
    await withProxy('me:secret@nowhere', async () => {
      await assert.rejects(openContext({ policy: { s: [] } }), (error: Error) => {
        assert.doesNotMatch(error.message, /secret/)
        return true
      })
    })
  })
})
