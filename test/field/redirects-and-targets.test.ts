/**
 * What was reported of how other clients of HTTP go from one URL to the next, what they make of a target
 * that they are given, and of answers that lead nowhere.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type net from 'node:net'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startHandling, startRaw, startTargets } from '../peers/index.js'
import { ask, asking, openAsking } from '../support/asking.js'
import { policyOf, streamtype } from '../support/policies.js'
import { waitsOf } from '../support/waits.js'

const use = (name: string) => `\${${name}}`
const transactional = ['h1', 'h2'] as const

describe('a Location', { timeout: 60_000 }, () => {
  // follow-redirects' issues 125 and 246, isahc's 315, wreq-js's 218: a shop, a web store and a wiki send
  // the bytes of UTF-8 as they are. Clients failed, or asked for what each byte is in Latin 1.
  test('in raw UTF-8 leads to where browsers go', async () => {
    for (const protocol of ['h1', 'ws'] as const) {
      await using peer = await startTargets(protocol)
      const more = { http_url: '/start', allow_redirects: true }
      await using context = await openAsking(protocol, peer, more)
      for (const [location, target] of [
        ['/detail/m\u00edstico/caf\u00e9', '/detail/m%C3%ADstico/caf%C3%A9'],
        [
          '/post/1/licoricewall-\u77f3\u7530-sweet#_=_',
          '/post/1/licoricewall-%E7%9F%B3%E7%94%B0-sweet',
        ],
      ] as const) {
        peer.redirects.push(Buffer.from(location).toString('latin1'))
        await ask(context)
        assert.equal(peer.asked.splice(0)[1]?.target, target)
      }
    }
  })

  // hackney's issues 519, 568 and 711: a relative one was put behind the whole path, or lost its query.
  test('that is relative takes the place of what comes after the last slash', async () => {
    for (const protocol of asking) {
      await using peer = await startTargets(protocol)
      const more = { http_url: '/api/page/summary/coffee', allow_redirects: true }
      await using context = await openAsking(protocol, peer, more)
      for (const [location, target] of [
        ['Coffee', '/api/page/summary/Coffee'],
        ['page/uMa8?a=b&c=/d', '/api/page/summary/page/uMa8?a=b&c=/d'],
        ['?code=1&state=a%20b', '/api/page/summary/coffee?code=1&state=a%20b'],
      ] as const) {
        peer.redirects.push(location)
        await ask(context)
        assert.equal(peer.asked.splice(0)[1]?.target, target)
      }
    }
  })

  // curl's issues 5949 and 11410, and Node's follow-redirects after them: an @ or a : in the user's part made
  // another host of it, and what the URL says of users went along to whoever was asked next.
  test('with a user asks the host behind it, and keeps the user to itself', async () => {
    for (const protocol of asking) {
      await using here = await startTargets(protocol)
      await using there = await startTargets(protocol)
      const more = { http_url: '/', allow_redirects: true, endpoint: '127.0.0.1' }
      await using context = await openAsking(protocol, here, more)
      for (const user of ['user:p@ssword', 'localhost:1', `127.0.0.1:${here.port}`, 'a%40b:%3A']) {
        here.redirects.push(`http://${user}@127.0.0.1:${there.port}/path`)
        await ask(context)
        const [asked] = there.asked.splice(0)
        assert.equal(asked?.target, '/path')
        assert.equal(asked?.host, `127.0.0.1:${there.port}`)
        assert.equal(asked?.headers.authorization, undefined)
      }
      assert.equal(here.asked.length, 4)
    }
  })

  // Bun's 43118 and Node's 56703: over h2 a value with a space before or behind it was one with that space,
  // so that a Location led nowhere, or not there at all.
  test('and other values of h2 have no whitespace around them', async () => {
    await using peer = await startHandling('h2', (request, response) => {
      const padded = { 'x-key': ' foo\t', 'retry-after': ' 1', etag: '\t"it" ' }
      if (request.url === '/') response.writeHead(302, { location: ' /to?a ', ...padded }).end()
      else response.writeHead(200, padded).end('it')
    })
    const metadata = [{ key: 'x-key:' }, { tag: 'etag:' }]
    const more = { http_url: '/', allow_redirects: true, metadata }
    await using context = await openAsking('h2', peer, more)
    const reply = await context.request('it')
    assert.equal(await reply.text(), 'it')
    assert.deepEqual(peer.requests, ['GET /', 'GET /to?a'])
    assert.equal(reply.headers.get('x-key'), 'foo')
    assert.deepEqual([reply.metadata.key, reply.metadata.tag], ['foo', '"it"'])
  })
})

describe('an answer that leads nowhere', { timeout: 60_000 }, () => {
  // CycleTLS's issue 406, where Go's net/http fails: a framework answers an action with 303, and says in a header
  // of its own where to go. The client came back with status 0 and no headers.
  for (const protocol of transactional)
    test(`303 without a Location on ${protocol} has status, headers and body`, async () => {
      await using peer = await startHandling(protocol, (request, response) => {
        request.resume().on('end', () => {
          response.writeHead(303, { 'x-action-redirect': '/en-us/;push' }).end('see there')
        })
      })
      const it = streamtype(protocol, peer, { allow_redirects: true })
      await using context = await openContext({ policy: policyOf({ it }) })
      const reply = await context.request('it', { body: 'action' })
      assert.deepEqual([reply.acked, reply.status], [false, 303])
      assert.equal(reply.headers.get('x-action-redirect'), '/en-us/;push')
      assert.equal(await reply.text(), 'see there')
      assert.equal(peer.requests.length, 1)
    })

  // NetX Duo's issue 204: a web server says by a 301 where a folder is, and a device that does not follow
  // redirects never saw the header that says so.
  for (const protocol of transactional)
    test(`301 that is not followed says on ${protocol} where it would lead`, async () => {
      await using peer = await startHandling(protocol, (_, response) => {
        response.writeHead(301, { location: 'http://example.com/folder/' }).end()
      })
      const metadata = [{ to: 'location:' }]
      await using context = await openAsking(protocol, peer, { http_url: '/folder', metadata })
      const reply = await context.request('it')
      assert.deepEqual([reply.acked, reply.status], [false, 301])
      assert.equal(reply.headers.get('location'), 'http://example.com/folder/')
      assert.equal(reply.metadata.to, 'http://example.com/folder/')
      assert.equal(await reply.text(), '')
    })

  // undici's issue 4084 and Supabase's 2634: a Retry-After that is a date was no number, and the server that had
  // asked for a pause was asked again at once.
  for (const protocol of transactional)
    test(`429 with a date is waited for on ${protocol}`, async () => {
      await using peer = await startHandling(protocol, (_, response) => {
        const soon = new Date(Date.now() + 120_000).toUTCString()
        response.writeHead(429, { 'retry-after': soon }).end()
      })
      const it = streamtype(protocol, peer, { http_method: 'GET' })
      await using context = await openContext({ policy: policyOf({ it }) })
      const waits = waitsOf(context)
      await using stream = context.stream('it')
      stream.requestTx()
      while (waits.length === 0) await once(context, 'log')
      assert.ok(Number(waits[0]) > 60_000 && Number(waits[0]) <= 121_000)
    })
})

describe('a target', { timeout: 60_000 }, () => {
  // requests' issue 6711, duckdb-httpfs' 333, ex_aws's 546: keys of S3 may begin with a slash, and a client that
  // makes one of two asks for another object than the one that was signed for.
  test('whose key begins with a slash keeps both', async () => {
    for (const protocol of asking) {
      await using peer = await startTargets(protocol)
      const more = { http_url: `/${use('key')}?X-Amz-Signature=ab`, metadata: [{ key: '' }] }
      await using context = await openAsking(protocol, peer, more)
      await ask(context, { key: '/key_with_leading_slash.txt' })
      assert.equal(peer.asked[0]?.target, '//key_with_leading_slash.txt?X-Amz-Signature=ab')
    }
  })

  // Node's issue 13296: what no byte can hold lost half of itself, and the server saw another path.
  test('in any script arrives as what it is', async () => {
    for (const protocol of asking) {
      await using peer = await startTargets(protocol)
      const metadata = [{ name: '' }]
      await using context = await openAsking(protocol, peer, { http_url: use('name'), metadata })
      await ask(context, { name: '/caf\u00e9\ud83d\udc36' })
      assert.equal(decodeURIComponent(peer.asked[0]?.target ?? ''), '/caf\u00e9\ud83d\udc36')
    }
  })

  // Node's issue 8923: the text of a user in a path could be a second request.
  test('with line ends in it is one target', async () => {
    const metadata = [{ name: '' }]
    const more = { http_url: `/hello/${use('name')}`, metadata, http_method: 'GET' }
    let lines: string[] = []
    await using peer = await startRaw({
      accept: (socket: net.Socket) => {
        socket.on('data', (data) => {
          lines = String(data).split('\r\n')
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        })
      },
    })
    const it = streamtype('h1', peer, more)
    await using context = await openContext({ policy: policyOf({ it }) })
    const name = 'x HTTP/1.1\r\n\r\nDELETE /all HTTP/1.1\r\nHost: y'
    await (await context.request('it', { metadata: { name } })).bytes()
    assert.equal(lines.filter((line) => /^(GET|DELETE) /.test(line)).length, 1)
    assert.equal(
      lines[0],
      'GET /hello/x%20HTTP/1.1%0D%0A%0D%0ADELETE%20/all%20HTTP/1.1%0D%0AHost:%20y HTTP/1.1',
    )
  })
})

describe('a value of a header', { timeout: 60_000 }, () => {
  // hypercorn's issue 348, httpx's 632: a token that was read from a file has a space at its end. On h2 that is malformed, and
  // servers end the connection, under all other streams too.
  for (const protocol of transactional)
    test(`with a space at its end is sent on ${protocol} without it`, async () => {
      await using peer = await startTargets(protocol)
      const metadata = [{ token: 'authorization:' }]
      await using context = await openAsking(protocol, peer, { http_url: '/', metadata })
      await ask(context, { token: 'Bearer abc ' })
      assert.equal(peer.asked[0]?.headers.authorization, 'Bearer abc')
      assert.equal(peer.connections, 1)
    })
})
