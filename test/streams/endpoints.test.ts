import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startHttp1, startHttp2, startRaw, startWebSocket } from '../peers/index.js'
import { policyOf, protocols, streamtype } from '../support/policies.js'

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')

describe('an endpoint', { timeout: 60_000 }, () => {
  /** What is asked for, by `protocol` at `endpoint`. */
  async function asksFor(protocol: 'h1' | 'h2' | 'ws', endpoint: (port: number) => string) {
    const host = endpoint(1).includes('::1') ? '::1' : '127.0.0.1'
    const starts = { h1: startHttp1, h2: startHttp2, ws: startWebSocket }
    await using peer = await starts[protocol]({ host })
    const more = { endpoint: endpoint(peer.port), http_url: 'from/the/policy?x=1' }
    await using context = await openContext({
      policy: policyOf({ it: streamtype(protocol, peer, more) }),
    })
    if ('urls' in peer) {
      await using stream = context.stream('it')
      await stream.connect()
      return peer.urls[0]
    }
    await (await context.request('it', { body: 'x' })).bytes()
    return peer.requests[0]?.url
  }

  const withoutPath = { '::1': () => '::1', '[::1]': () => '[::1]', 'host:port': atPort }
  function atPort(port: number) {
    return `localhost:${port}`
  }

  for (const protocol of ['h1', 'h2', 'ws'] as const)
    for (const [what, endpoint] of Object.entries(withoutPath)) {
      const skip = what.includes('::1') && !hasIpv6 && 'there is no ::1 here'
      test(`${what} leaves the path of ${protocol} to the policy`, { skip }, async () => {
        assert.equal(await asksFor(protocol, endpoint), '/from/the/policy?x=1')
      })
    }

  test('that is a URL has a path of its own', async () => {
    const endpoint = (port: number) => `http://localhost:${port}/its/own`
    assert.equal(await asksFor('h1', endpoint), '/its/own')
    assert.equal(await asksFor('h1', (port) => `http://localhost:${port}/`), '/')
    assert.equal(await asksFor('h1', (port) => `http://localhost:${port}`), '/from/the/policy?x=1')
  })

  const plain = { h1: 'http', h2: 'http', ws: 'ws', mqtt: 'mqtt', raw: 'http' } as const
  const secure = { h1: 'https', h2: 'https', ws: 'wss', mqtt: 'mqtts', raw: 'https' } as const
  for (const protocol of protocols)
    test(`does not say whether ${protocol} has TLS, the policy does`, async () => {
      await using peer = await startRaw()
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      const more = { endpoint: '${where}', metadata: [{ where: '' }, { topic: '' }] }
      await using context = await openContext({
        policy: policyOf({
          plain: streamtype(protocol, peer, more),
          secure: streamtype(protocol, peer, { ...more, tls: true }),
        }),
      })
      const failure = async (name: string, where: string) => {
        await using stream = context.stream(name, { metadata: { where, topic: 't' } })
        await assert.rejects(stream.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
        return stream.lastError?.message
      }
      const at = `localhost:${peer.port}`
      assert.match(
        String(await failure('secure', `${plain[protocol]}://${at}`)),
        /URL without TLS, and the policy has tls/,
      )
      assert.match(
        String(await failure('plain', `${secure[protocol]}://${at}`)),
        /URL with TLS, and the policy has no tls/,
      )
      assert.match(String(await failure('plain', '')), /endpoint is empty/)
      assert.equal(peer.connections, 0)
    })

  test('that is in part metadata leads nowhere else', async () => {
    await using context = await openContext({
      policy: policyOf({
        it: streamtype(
          'h1',
          { port: 9 },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
          { endpoint: '${region}.example.com', metadata: [{ region: '' }] },
        ),
      }),
    })
    for (const region of ['http://evil/', 'evil:80', 'evil/', 'me@evil', '+/tmp/socket', 'evil?'])
      assert.throws(
        () => context.stream('it', { metadata: { region } }),
        { code: 'ERR_INVALID_ARG_VALUE', message: /host's name/ },
        region,
      )
    context.stream('it', { metadata: { region: 'eu-west-1' } }).destroy()
  })

  test('that is all metadata leads to no Unix socket', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
    const more = { endpoint: '${where}', metadata: [{ where: '' }] }
    await using context = await openContext({
      policy: policyOf({ it: streamtype('raw', { port: 9 }, more) }),
    })
    await using stream = context.stream('it', { metadata: { where: 'a+b' } })
    for (const where of ['+/tmp/socket', '+@socket', '+'])
      assert.throws(() => stream.setMetadata('where', where), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /Unix socket/,
      })
  })
})

describe('a request has', { timeout: 20_000 }, () => {
  const asked = { 'cache-control': 'max-age=5', origin: 'https://example.com' }
  const metadata = [{ cache: 'cache-control:' }, { from: 'origin:' }]
  const values = { cache: asked['cache-control'], from: asked.origin }
  const picked = ({ headers }: { headers: NodeJS.Dict<string | string[]> }) =>
    [headers.pragma, headers['cache-control'], headers.origin] as const

  test('no header on h1 that nobody asked for, and those of metadata once', async () => {
    await using peer = await startHttp1()
    const it = streamtype('h1', peer, { http_method: 'GET', metadata })
    await using context = await openContext({ policy: policyOf({ it }) })
    for (const options of [{}, { metadata: values }])
      await (await context.request('it', options)).bytes()
    assert.deepEqual(peer.requests.map(picked), [
      [undefined, undefined, undefined],
      [undefined, ...Object.values(asked)],
    ])
  })

  test('what HTTP needs, and the codings that are undone', async () => {
    const get = { http_method: 'GET' }
    await using h1 = await startHttp1()
    await using h2 = await startHttp2()
    await using context = await openContext({
      policy: policyOf({
        asks1: streamtype('h1', h1, get),
        sends1: streamtype('h1', h1),
        asks2: streamtype('h2', h2, get),
        sends2: streamtype('h2', h2),
      }),
    })
    const headers = async (name: string, body?: string) => {
      await (await context.request(name, body === undefined ? {} : { body })).bytes()
      return Object.keys((name.endsWith('1') ? h1 : h2).requests.at(-1)?.headers ?? {}).sort()
    }
    const pseudo = [':authority', ':method', ':path', ':scheme']
    assert.deepEqual(await headers('asks1'), ['accept-encoding', 'host'])
    assert.deepEqual(await headers('sends1', 'x'), ['accept-encoding', 'content-length', 'host'])
    assert.deepEqual(await headers('asks2'), [...pseudo, 'accept-encoding'])
    assert.deepEqual(await headers('sends2', 'x'), [...pseudo, 'accept-encoding', 'content-length'])
  })

  test('the origin that its host has, with WebSockets, or that of metadata', async () => {
    await using peer = await startWebSocket()
    const it = streamtype('ws', peer, { metadata })
    await using context = await openContext({ policy: policyOf({ it }) })
    const seen: unknown[] = []
    peer.webSockets.on('connection', (_, request) => seen.push(picked(request)))
    for (const options of [{}, { metadata: values }]) {
      await using stream = context.stream('it', options)
      await stream.connect()
    }
    assert.deepEqual(seen, [
      [undefined, undefined, `http://localhost:${peer.port}`],
      [undefined, ...Object.values(asked)],
    ])
  })
})
