/**
 * Cookies that other clients kept or refused to the surprise of their users, and what curl does with them:
 * this package's jar is curl's, so that both have to agree on what goes into it. Names of hosts do not lead to
 * this machine, so it is asked of what the streams ask; `localhost` is asked by streams as well.
 */
import assert from 'node:assert/strict'
import http from 'node:http'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { ServerPeer } from '../peers/peer.js'
import { curl } from '../support/curl.js'
import { policyOf, streamtype } from '../support/policies.js'
import { temporaryFolder } from '../support/temporary-folder.js'

type Jars = typeof import('../../dist/cookies/cookies.js')

const internals = path.join(path.dirname(require.resolve('lws-secure-streams')), 'cookies')
const { Cookies } = require(path.join(internals, 'cookies.js')) as Jars

const sorted = (header: string) => header.split('; ').sort().join('; ')

describe('cookies as curl keeps them', { timeout: 120_000 }, () => {
  let peer: ServerPeer
  let toSet: readonly string[] = []
  const { file } = temporaryFolder()
  before(async () => {
    peer = await ServerPeer.listen(
      http.createServer((request, response) => {
        if (request.url?.includes('set')) response.setHeader('set-cookie', toSet)
        response.end(request.headers.cookie)
      }),
    )
  })
  after(() => peer.close())

  let jars = 0
  /** What goes to each of `to`, when the response to `from` has set these. */
  const byCurl = async (from: string, set: readonly string[], to: readonly string[]) => {
    const jar = file(`jar${jars++}`)
    const ask = (url: string, ...options: string[]) =>
      curl(
        '-g',
        '--connect-to',
        `${new URL(url).hostname}:80:127.0.0.1:${peer.port}`,
        ...options,
        url,
      )
    toSet = set
    await ask(from, '-c', jar)
    const sent: string[] = []
    for (const url of to) sent.push(sorted(await ask(url, '-b', jar)))
    return sent
  }
  const byOurs = (from: string, set: readonly string[], to: readonly string[]) => {
    const jar = new Cookies(undefined, (error) => {
      throw error
    })
    for (const cookie of set) jar.set(from, cookie)
    return to.map((url) => sorted(jar.get(url)))
  }
  const same = async (host: string, ...set: string[]) => {
    const from = `http://${host}/set/x`
    const to = [`http://${host}/`, `http://${host}/set/y`, `http://${host}/set/x/z`]
    if (!/^[\d[]/.test(host)) to.push(`http://sub.${host}/set/`)
    const sent = await byCurl(from, set, to)
    assert.deepEqual(byOurs(from, set, to), sent, `${host}: ${set.join(' ')}`)
    return sent
  }

  // tough-cookie, issues 215 and 246, and httpie, issue 602: "Domain=localhost" was refused.
  test('with the domain localhost', async () => {
    assert.deepEqual((await same('localhost', 'a=b; Domain=localhost; Path=/'))[0], 'a=b')
    await same('localhost', 'a=b; Domain=.LocalHost')
    await same('a.localhost', 'a=b; Domain=localhost')
  })

  // Names as Docker and company networks have them; tough-cookie refuses all cookies of a host "test", issue 244.
  for (const host of ['intranet', 'test', 'local', 'example', 'invalid', 'onion', 'db-1'])
    test(`of the host ${host}`, async () => {
      assert.equal((await same(host, 'a=b; Path=/'))[0], 'a=b')
      assert.equal((await same(host, `a=b; Domain=${host}; Path=/`))[0], 'a=b')
      await same(host, `a=b; Domain=.${host}`, 'c=d; Domain=', 'e=f; Domain=.')
      await same(host, `a=b; Domain=x.${host}`, 'g=h; Domain=com')
    })

  // curl, issue 6733: servers that run on the developer's machine set cookies with "Secure".
  for (const host of ['localhost', '127.0.0.1', '[::1]'])
    test(`with Secure, of ${host} without TLS`, async () => {
      const set = [
        'a=b; Secure; Path=/',
        '__Secure-c=d; Secure; Path=/',
        '__Host-e=f; Secure; Path=/',
      ]
      assert.equal((await same(host, ...set))[0], '__Host-e=f; __Secure-c=d; a=b')
    })
  test('with Secure, of other hosts, need TLS', async () => {
    for (const host of ['example.com', '127.0.0.2', 'a.localhost', 'intranet'])
      assert.equal((await same(host, 'a=b; Secure; Path=/'))[0], '')
  })

  test('with attributes that say nothing good', async () => {
    for (const host of ['localhost', 'a.example.com'])
      for (const cookie of [
        ...['a=b; Path=', 'a=b; Path=x', 'a=b; Path="/"', 'a=b; Path=/; Path=/set'],
        ...['a=b; Max-Age=abc', 'a=b; Max-Age=', 'a=b; Max-Age="100"', 'a=b; Max-Age=-5'],
        ...[
          'a=b; Expires=',
          'a=b; Expires=never',
          'a=b; Expires=0',
          'a=b; Max-Age=99999999999999999999',
        ],
        ...['a=b; Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT', 'a=b; Unknown=1; HttpOnly=0'],
        ...['a=b; Domain=elsewhere.example', `a=b; Domain=elsewhere.example; Domain=${host}`],
        ...['a', '=b', 'a=', 'a = b ', 'a="b c"', 'a=b;;;', 'a;=b', '__host-a=b; Secure'],
      ])
        await same(host, cookie)
  })

  test('of domains that belong to many, but where the host is that domain', async () => {
    for (const [host, domain] of [
      ['a.co.uk', 'co.uk'],
      ['x.github.io', 'github.io'],
      ['a.example.com', 'com'],
      ['a.b.local', 'local'],
      ['a.b.local', 'b.local'],
      ['a.example.com', 'example.com'],
    ] as const)
      await same(host, `a=b; Domain=${domain}`)
    // Where curl lets such a host set cookies for all the others under it, RFC 6265 does not.
    const set = ['a=b; Domain=co.uk; Path=/']
    assert.deepEqual(byOurs('http://co.uk/', set, ['http://co.uk/', 'http://x.co.uk/']), [
      'a=b',
      '',
    ])
  })

  test('without TLS do not take the place of those with Secure', async () => {
    const jar = new Cookies(undefined, (error) => {
      throw error
    })
    jar.set('https://example.com/', 'a=1; Secure; Domain=example.com')
    for (const cookie of ['a=2', 'a=2; Domain=example.com', 'a=2; Path=/login', 'a=; Max-Age=0'])
      jar.set('http://example.com/', cookie)
    jar.set('http://www.example.com/', 'a=2; Domain=example.com')
    jar.set('http://example.com/', 'b=3')
    assert.equal(jar.get('https://example.com/login'), 'a=1; b=3')
    assert.equal(jar.get('http://example.com/login'), 'b=3')
  })

  for (const attributes of ['', '; Domain=localhost', '; Secure', '; Domain=localhost; Secure'])
    test(`of localhost go with the next request of a stream: a=b${attributes}`, async () => {
      toSet = [`a=b${attributes}; Path=/`]
      const it = streamtype('h1', peer, {
        http_method: 'GET',
        http_url: '/set',
        http_cookies: true,
      })
      await using context = await openContext({ policy: policyOf({ it }) })
      assert.equal(await (await context.request('it')).text(), '')
      assert.equal(await (await context.request('it')).text(), 'a=b')
    })
})
