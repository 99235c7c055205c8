import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { type Context, DestroyedError, openContext, PolicyError } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Http1Peer,
  startHttp1,
  startHttp2,
  startMosquitto,
  startRaw,
  startWebSocket,
} from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import {
  ownTopic,
  type ProtocolName,
  perProtocol,
  policyOf,
  streamtype,
} from '../support/policies.js'
import { fixtureReports } from '../support/run-fixture.js'
import { nextState, receiveBytes } from '../support/states.js'

const GET = { http_method: 'GET', http_url: '/' }

describe('context.overlay()', { timeout: 60_000 }, () => {
  let first: Http1Peer
  let second: Http1Peer

  before(async () => {
    first = await startHttp1()
    second = await startHttp1()
  })
  after(async () => {
    await first.close()
    await second.close()
  })

  const open = (more = {}, streamtypeMore = {}) =>
    openContext({
      policy: policyOf({ get: streamtype('h1', first, { ...GET, ...streamtypeMore }) }),
      ...more,
    })
  const to = (peer: { port: number }, more = {}) => ({ s: [{ get: { port: peer.port, ...more } }] })

  test('is in force when it settles, and told by the event', async () => {
    await using context = await open()
    const told = once(context, 'policy')
    await context.overlay(to(second))
    const [policy] = await told
    assert.equal(policy.s[0].get.port, second.port)
    assert.deepEqual(context.policy, policy)
    const before = second.requests.length
    assert.equal(await (await context.request('get')).text(), 'GET /')
    assert.equal(second.requests.length, before + 1)
  })

  test('adds streamtypes, with all that they refer to', async () => {
    await using context = await open()
    await context.overlay({
      retry: [{ soon: { backoff: [5], conceal: 1 } }],
      s: [{ other: streamtype('h1', second, { ...GET, http_url: '/other', retry: 'soon' }) }],
    })
    assert.deepEqual(context.streamtypes, ['get', 'other'])
    assert.equal(await (await context.request('other')).text(), 'GET /other')
    assert.equal(await (await context.request('get')).text(), 'GET /')
  })

  test('is laid over the overlays before it', async () => {
    await using context = await open({ overlays: [{ s: [{ get: { http_url: '/opened' } }] }] })
    await context.overlay(to(second))
    await context.overlay({ s: [{ get: { http_expect: 200 } }] })
    assert.equal(await (await context.request('get')).text(), 'GET /opened')
    assert.equal(context.policy.s[0]?.get?.http_expect, 200)
  })

  for (const [what, fragment, place] of [
    ['is no JSON', '{ "s": [', undefined],
    ['has a wrong type', '{ "s": [ { "get":\n  { "port": true } } ] }', 's[0].get.port'],
    ['refers to nothing', { s: [{ get: { retry: 'unheard-of' } }] }, 's[0].get.retry'],
  ] as const)
    test(`changes nothing when the fragment ${what}`, async () => {
      await using context = await open()
      const before = context.policy
      context.on('policy', () => assert.fail('nothing has changed'))
      await assert.rejects(context.overlay(fragment), (error) => {
        assert.ok(error instanceof PolicyError)
        const found = error.diagnostics.filter(({ severity }) => severity === 'error')
        assert.ok(found.length > 0)
        if (place)
          assert.ok(
            found.some(({ path }) => path === place),
            error.message,
          )
        if (typeof fragment === 'string') assert.ok(found.every(({ line }) => line !== undefined))
        return true
      })
      assert.deepEqual(context.policy, before)
      assert.equal(await (await context.request('get')).text(), 'GET /')
    })

  test('can follow any number of others, while a stream goes by the first policy', async () => {
    await using peer = await startWebSocket()
    const reports = await fixtureReports('overlay-often', {
      argument: { port: peer.port, times: 20_000 },
      shell: 'ulimit -s 1024',
      flags: ['--stack-size=500'],
    })
    assert.deepEqual(reports, ['closed'])
  })

  test('refuses at once what is no policy, and on a closed context', async () => {
    const context = await open()
    for (const wrong of [undefined, null, 1, true])
      assert.throws(() => context.overlay(wrong as never), { code: 'ERR_INVALID_ARG_TYPE' })
    await context.close()
    await assert.rejects(context.overlay({}), DestroyedError)
  })

  test('can be called by a handler, whose stream goes by it when it connects again', async () => {
    await using context = await open()
    const stream = context.stream('get', {
      state(_, state) {
        if (state === 'CONNECTED' && context.streamtypes.length === 1) {
          context.overlay({ s: [{ get: { http_url: '/handled' } }, { added: { endpoint: 'x' } }] })
          context.stream('added').destroy()
        }
      },
    })
    const asked = first.requests.length
    stream.requestTx()
    await nextState(stream, 'QOS_ACK_REMOTE')
    stream.requestTx()
    await nextState(stream, 'QOS_ACK_REMOTE')
    assert.deepEqual(
      first.requests.slice(asked).map(({ url }) => url),
      ['/', '/handled'],
    )
  })

  test('metadata comes and goes under live streams, and values keep their names', async () => {
    await using context = await open(
      {},
      { metadata: [{ agent: 'user-agent:' }, { type: 'content-type:' }] },
    )
    const stream = context.stream('get', { metadata: { agent: 'mine' } })
    const seen = async () => {
      stream.requestTx()
      await nextState(stream, 'QOS_ACK_REMOTE')
      return first.requests.at(-1)?.headers ?? {}
    }
    assert.equal((await seen())['user-agent'], 'mine')
    assert.equal(stream.getMetadata('type'), 'text/x-test')

    const many = Array.from({ length: 100 }, (_, n) => ({ [`extra${n}`]: `x-extra-${n}:` }))
    await context.overlay({ s: [{ get: { metadata: many } }] })
    stream.setMetadata('extra99', 'last')
    assert.equal(stream.getMetadata('extra99'), 'last')
    const headers = await seen()
    assert.equal(headers['x-extra-99'], 'last')
    assert.equal(headers['user-agent'], 'mine')
    assert.equal(stream.metadata.type, 'text/x-test')

    await context.overlay({ s: [{ get: { metadata: [{ agent: 'x-agent:' }] } }] })
    const later = await seen()
    assert.equal(later['x-agent'], 'mine')
    assert.equal(later['x-extra-99'], 'last')
    assert.equal(stream.getMetadata('agent'), 'mine')
  })

  test('a stream that cannot send any more gives up what has not left', async () => {
    const asking = new EventEmitter()
    await using silent = await startRaw({
      accept: (socket) => socket.once('data', () => asking.emit('asked', socket)),
    })
    await using context = await openContext({
      policy: policyOf({ post: streamtype('h1', silent) }),
    })
    const stream = context.stream('post')
    const asked = once(asking, 'asked')
    const over = [stream.send('one'), stream.send('two')].map((sent) =>
      assert.rejects(sent, { code: 'ERR_SS_DISCONNECTED' }),
    )
    const [socket] = await asked
    await context.overlay({ s: [{ post: { http_method: 'GET' } }] })
    await assert.rejects(stream.send('three'), { code: 'ERR_SS_CANNOT_SEND' })
    socket.destroy()
    await Promise.all(over)
  })

  test('and connects all the same where it was asked to', async () => {
    await using nobody = await deadPort()
    const policy = policyOf({ post: streamtype('h1', nobody, { retry: 'soon' }) })
    policy.retry = [{ soon: { backoff: [50], conceal: 100 } }]
    await using context = await openContext({ policy })
    await using stream = context.stream('post')
    const connected = stream.connect()
    const given = assert.rejects(stream.send('x'), { code: 'ERR_SS_DISCONNECTED' })
    await nextState(stream, 'UNREACHABLE')
    await context.overlay({ s: [{ post: { http_method: 'GET' } }] })
    await given
    await context.overlay({ s: [{ post: { http_method: 'POST', port: first.port } }] })
    await connected
  })

  test('a stream whose protocol has changed ends with the reason', async () => {
    await using context = await open()
    const stream = context.stream('get')
    const over = assert.rejects(stream[Symbol.asyncIterator]().next(), {
      code: 'ERR_SS_STREAMTYPE_GONE',
    })
    await context.overlay({ s: [{ get: { protocol: 'raw' } }] })
    await over
    assert.equal(stream.destroyed, true)
    await assert.rejects(stream.connect(), (error: Error) => {
      assert.ok(error instanceof DestroyedError)
      assert.equal((error.cause as { code: string }).code, 'ERR_SS_STREAMTYPE_GONE')
      return true
    })
  })

  test('many of them, with streams of all ages, keep nothing but what is used', async () => {
    await using context = await open()
    const streams = []
    for (let n = 0; n < 50; n++) {
      const stream = context.stream('get')
      streams.push(stream)
      await context.overlay(to(n % 2 ? first : second, { metadata: [{ [`name${n}`]: '' }] }))
      if (n % 3 === 0) streams.shift()?.destroy()
      if (n % 5 === 0) stream.requestTx()
    }
    await context.overlay(to(second))
    const asked = second.requests.length
    await Promise.all(
      streams.map(async (stream) => {
        const idle = nextState(stream, 'QOS_ACK_REMOTE')
        stream.requestTx()
        await idle
      }),
    )
    assert.ok(second.requests.length >= asked + streams.length)
  })
})

const starts = {
  h1: startHttp1,
  h2: startHttp2,
  ws: startWebSocket,
  raw: startRaw,
  mqtt: startMosquitto,
}
for (const protocol of Object.keys(perProtocol) as ProtocolName[])
  describe(`a stream of ${protocol} under an overlay`, { timeout: 60_000 }, () => {
    test('keeps its connection, and goes by the overlay from the next one on', async () => {
      await using here = await starts[protocol]()
      await using there = await starts[protocol]()
      await using context = await openContext({
        policy: policyOf({ talk: streamtype(protocol, here) }),
      })
      const stream = context.stream('talk', ownTopic(protocol))
      const echo = async (text: string) => {
        await stream.send(text)
        assert.equal((await receiveBytes(stream, text.length)).toString(), text)
      }
      await echo('before')
      const lasting = protocol !== 'h1' && protocol !== 'h2'
      await context.overlay({ s: [{ talk: { port: there.port } }] })
      if (lasting) await echo('still')
      const ended = lasting ? nextState(stream, 'DISCONNECTED') : undefined
      await here.close()
      await ended
      await echo('after')
    })
  })

describe('trust under an overlay', { timeout: 60_000 }, () => {
  let good: CertificateAuthority
  let other: CertificateAuthority
  let peer: Http1Peer

  before(async () => {
    good = await CertificateAuthority.create()
    other = await CertificateAuthority.create()
    peer = await startHttp1({ tls: await good.issue() })
  })
  after(() => peer.close())

  const secure = { ...GET, tls: true }
  const trusting = (authority: CertificateAuthority) => ({
    certs: [{ test_ca: authority.policyCert }],
  })
  const isRefused = (context: Context) =>
    assert.rejects(context.request('get'), (error: Error) => {
      assert.match(error.message, /certificate/)
      return true
    })

  test('a trust store with other certificates is another one', async () => {
    await using context = await openContext({
      policy: policyOf({ get: streamtype('h1', peer, secure) }, other),
    })
    for (let n = 0; n < 3; n++) {
      await isRefused(context)
      await context.overlay(trusting(good))
      assert.equal(await (await context.request('get')).text(), 'GET /')
      await context.overlay(trusting(other))
    }
    await isRefused(context)
  })

  test('a trust store with the same certificates keeps its connections', async () => {
    await using context = await openContext({
      policy: policyOf({ get: streamtype('h1', peer, { ...secure, opportunistic: true }) }, good),
    })
    await (await context.request('get')).text()
    const connections = peer.connections
    await context.overlay({ s: [{ get: { http_url: '/again' } }] })
    assert.equal(await (await context.request('get')).text(), 'GET /again')
    assert.equal(peer.connections, connections)
  })

  test('what the context trusts by default is read when it is first needed', async (t) => {
    const known = process.env.SSL_CERT_FILE
    t.after(() => {
      if (known === undefined) delete process.env.SSL_CERT_FILE
      else process.env.SSL_CERT_FILE = known
    })
    process.env.SSL_CERT_FILE = '/nowhere/ca.pem'
    await using context = await openContext({ policy: {} })
    const fragment = policyOf({ get: streamtype('h1', peer, secure) })
    await assert.rejects(context.overlay(fragment), { code: 'ERR_SS_TRUST' })
    assert.deepEqual(context.streamtypes, [])
  })
})
