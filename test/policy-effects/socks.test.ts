import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type PolicyInput } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Http1Peer,
  startHttp1,
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
import { effectOf } from './effect-of.js'

const GET = { http_method: 'GET', http_url: '/' }
const LOGIN = { username: 'someone', password: 'a:secret' }

function through(proxy: { port: number }, policy: PolicyInput, login = ''): PolicyInput {
  return { 'via-socks5': `${login}127.0.0.1:${proxy.port}`, ...policy }
}

/** Sends something there and back, twice. */
async function converse(context: Context, protocol: ProtocolName): Promise<void> {
  const stream = context.stream('it', ownTopic(protocol))
  for (const text of ['hello', 'again']) {
    await stream.send(text)
    assert.equal(String(await receiveBytes(stream, text.length)), text)
  }
}

describe('a socks5 proxy', () => {
  let authority: CertificateAuthority
  before(async () => {
    authority = await CertificateAuthority.create()
  })

  for (const protocol of protocols)
    for (const tls of [false, true])
      effectOf('via-socks5', `${protocol}${tls ? ' in TLS' : ''} goes through it`, async () => {
        await using peer = await starts[protocol](tls ? { tls: await authority.issue() } : {})
        await using proxy = await startSocks5()
        const policy = policyOf({ it: streamtype(protocol, peer, { tls }) }, authority)
        for (const [given, proxied] of [
          [policy, 0],
          [through(proxy, policy), 1],
        ] as const) {
          await using context = await openContext({ policy: given })
          await converse(context, protocol)
          assert.equal(proxy.proxied.length, proxied)
        }
        assert.equal(proxy.proxied[0]?.to, `localhost:${peer.port}`)
      })

  for (const protocol of protocols)
    test(`${protocol}: its replies may come in any pieces`, async () => {
      await using peer = await starts[protocol]()
      await using proxy = await startSocks5({ login: LOGIN })
      await using relay = await startOneByteRelay(proxy)
      const policy = policyOf({ it: streamtype(protocol, peer) })
      await using context = await openContext({
        policy: through(relay, policy, `${LOGIN.username}:${LOGIN.password}@`),
      })
      await converse(context, protocol)
    })

  test('what the peer says at once is not lost with the reply that it comes with', async () => {
    const welcome = 'welcome'
    await using peer = await startRaw({ accept: (socket) => socket.write(welcome) })
    await using proxy = await startSocks5()
    // The choice of a login; then the reply to CONNECT, which has an IPv4 address, and the welcome.
    await using relay = await startPiecesRelay(proxy, [2, 10 + welcome.length])
    await using context = await openContext({
      policy: through(relay, policyOf({ it: streamtype('raw', peer) })),
    })
    const stream = context.stream('it')
    await stream.connect()
    assert.equal(String(await nextMessage(stream)), welcome)
  })

  test('is given the user and the password of the policy', async () => {
    await using peer = await startRaw()
    await using proxy = await startSocks5({ login: LOGIN })
    const policy = policyOf({ it: streamtype('raw', peer) })
    for (const [login, refused] of [
      ['someone:a:secret@', undefined],
      ['someone:another@', /login refused/],
      ['', /takes no login that we have/],
    ] as const) {
      await using context = await openContext({ policy: through(proxy, policy, login) })
      if (refused) await failsFor(context, refused)
      else await converse(context, 'raw')
    }
    assert.deepEqual(proxy.proxied, [{ to: `localhost:${peer.port}`, ...LOGIN }])
  })

  for (const protocol of protocols)
    test(`${protocol}: says why it does not connect`, async () => {
      await using nobody = await deadPort()
      await using proxy = await startSocks5()
      await using context = await openContext({
        policy: through(proxy, policyOf({ it: streamtype(protocol, nobody) })),
      })
      await failsFor(context, /socks5 proxy 127.0.0.1:\d+: connection refused/, protocol)
    })

  for (const [when, answers, reason] of [
    ['before it answers', [], /socks5 proxy 127.0.0.1:\d+: hung up/],
    ['instead of a login', ['0502'], /socks5 proxy 127.0.0.1:\d+: hung up on the login/],
    ['instead of connecting', ['0500'], /socks5 proxy 127.0.0.1:\d+: hung up/],
    ['after half a reply', ['0500', '050000'], /socks5 proxy 127.0.0.1:\d+: hung up/],
    ['having understood nothing', ['4854'], /does not speak socks5/],
    ['with no login that it takes', ['05ff'], /takes no login that we have/],
    ['with a short refusal', ['0500', '0503'], /socks5 proxy 127.0.0.1:\d+: network unreachable/],
  ] as const)
    for (const protocol of protocols)
      test(`${protocol}: fails at once when it hangs up ${when}`, async () => {
        await using proxy = await startRaw({
          accept(socket) {
            const left = [...answers]
            const answer = () => {
              const next = left.shift()
              if (next === undefined) socket.end()
              else socket.write(Buffer.from(next, 'hex'))
              if (left.length === 0 && next !== undefined) socket.end()
            }
            socket.on('data', answer)
          },
        })
        await using context = await openContext({
          policy: through(proxy, policyOf({ it: streamtype(protocol, { port: 1 }) }), 'u:p@'),
        })
        await failsFor(context, reason, protocol)
      })

  test('of the environment is that of policies without one', async (t) => {
    await using peer = await startRaw()
    await using ours = await startSocks5()
    await using theirs = await startSocks5()
    process.env.socks_proxy = `127.0.0.1:${theirs.port}`
    t.after(() => delete process.env.socks_proxy)
    const policy = policyOf({ it: streamtype('raw', peer) })
    for (const [given, proxied] of [
      [through(ours, policy), [1, 0]],
      [policy, [1, 1]],
    ] as const) {
      await using context = await openContext({ policy: given })
      await converse(context, 'raw')
      assert.deepEqual([ours.proxied.length, theirs.proxied.length], proxied)
    }
  })

  test('is not asked for Unix sockets', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'socks-'))
    const file = path.join(folder, 'socket')
    await using _peer = await startRaw({ path: file })
    await using proxy = await startSocks5()
    const policy = policyOf({ it: { ...perProtocol.raw, endpoint: `+${file}`, port: 0 } })
    await using context = await openContext({ policy: through(proxy, policy) })
    await converse(context, 'raw')
    assert.equal(proxy.connections, 0)
    await rm(folder, { recursive: true })
  })
})

async function failsFor(context: Context, reason: RegExp, protocol: ProtocolName = 'raw') {
  await assert.rejects(context.stream('it', ownTopic(protocol)).connect(), (error: Error) => {
    assert.match(error.message, reason)
    return true
  })
}

describe('an overlay', () => {
  let peer: Http1Peer
  before(async () => {
    peer = await startHttp1()
  })
  after(() => peer.close())

  const policy = () => policyOf({ get: streamtype('h1', peer, GET) })
  const get = async (context: Context) => (await context.request('get')).text()

  test('brings in another proxy, which takes over with the next connection', async () => {
    await using first = await startSocks5()
    await using second = await startSocks5()
    await using context = await openContext({ policy: policy() })
    const connections = () => [peer.connections, first.proxied.length, second.proxied.length]
    const [direct = 0] = connections()

    await get(context)
    assert.deepEqual(connections(), [direct + 1, 0, 0])
    // No connection that is idle is one of the new way.
    await context.overlay({ 'via-socks5': `127.0.0.1:${first.port}` })
    await get(context)
    assert.deepEqual(connections(), [direct + 2, 1, 0])
    await context.overlay({ 'via-socks5': `127.0.0.1:${second.port}` })
    await get(context)
    assert.deepEqual(connections(), [direct + 3, 1, 1])
    await get(context)
    assert.deepEqual(connections(), [direct + 3, 1, 1])
  })

  test('does not change what has begun to connect', async () => {
    await using proxy = await startSocks5()
    await using context = await openContext({ policy: policy() })
    const stream = context.stream('get')
    // Told when the name is being looked up, before the loop can hear of the answer.
    stream.on('state', (state) => {
      if (state === 'CONNECTING') context.overlay({ 'via-socks5': `127.0.0.1:${proxy.port}` })
    })
    await stream.connect()
    assert.equal(proxy.proxied.length, 0)
    stream.destroy()
    assert.equal(await get(context), 'GET /')
    assert.equal(proxy.proxied.length, 1)
  })

  test('the peer is told its own address, whatever the way', async () => {
    await using proxy = await startSocks5()
    await using context = await openContext({ policy: through(proxy, policy()) })
    await get(context)
    assert.equal(peer.requests.at(-1)?.headers.host, `localhost:${peer.port}`)
  })
})
