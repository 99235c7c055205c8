import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { describe, test } from 'node:test'
import { startTargets } from '../peers/index.js'
import { ask, asking, openAsking } from '../support/asking.js'

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')
const HERE = '127.0.0.1'

// With THIS and THAT for hosts and ports.
const TARGETS = [
  '/x',
  'x',
  './y',
  '../x',
  '../../../x',
  '/a/../b/./c',
  'a/b/..',
  '/%2e%2e/x',
  '?code=1&state=2',
  '/x?u=http://y:1/../z',
  '#part',
  '/x#part?of',
  '/a b?c d',
  '/"<>`{}|\\^%zz',
  '/a\\b',
  '//THAT/x',
  '//THIS/x',
  'http://THAT',
  'http://THAT?code=1&state=2',
  'http://THAT#part',
  'http://THAT//key',
  'HTTP://THAT/X',
  'http://user@THAT/x',
  'http://user:secret@THAT/x',
  'http://THIS@THAT/x',
  'http://THAT@THIS/x',
  'http://THAT/a/../b c?d=e f',
  '\thttp://THAT/x',
]

const REFUSED = [
  ['ftp://THAT/x', /not HTTP/],
  ['mailto:it', /not HTTP/],
  ['javascript:alert(1)', /not HTTP/],
  ['file:///etc/passwd', /no valid URL|not HTTP/],
  ['http://', /no valid URL/],
  ['http:///x', /no valid URL/],
  ['///x', /no valid URL/],
  ['http://:80/', /no valid URL/],
  ['http://127.0.0.1:0/', /no valid URL/],
  ['http://127.0.0.1:99999/', /no valid URL/],
  ['http://127.0.0.1:x/', /no valid URL/],
  ['http://a b/', /no valid URL/],
  ['http://[::1/', /no valid URL/],
  ['http://+@socket/', /no valid URL/],
  ['http://+/socket', /no valid URL/],
] as const

for (const protocol of asking)
  describe(`where redirects lead on ${protocol}`, { timeout: 60_000 }, () => {
    async function redirected(
      to: string,
      from: { endpoint?: string; http_url?: string; host?: string } = {},
    ) {
      const { host = HERE, endpoint = HERE, http_url = '/d/e?k=/1' } = from
      await using here = await startTargets(protocol, { host })
      await using there = await startTargets(protocol, { host })
      const name = host === HERE ? HERE : `[${host}]`
      const at = (peer: { port: number }) => `${name}:${peer.port}`
      const location = to.replaceAll('THIS', at(here)).replaceAll('THAT', at(there))
      here.redirects.push(location)
      const more = { endpoint, http_url, allow_redirects: true }
      await using context = await openAsking(protocol, here, more)
      await ask(context)
      const [last] = [...here.asked.slice(1), ...there.asked]
      assert.equal(here.asked.length + there.asked.length, 2)
      assert.equal(last?.headers.authorization, undefined)
      const wanted = new URL(location, `http://${at(here)}${http_url}`)
      const seen = { host: last?.host, target: last?.target }
      return { seen, wanted: { host: wanted.host, target: wanted.pathname + wanted.search } }
    }

    for (const to of TARGETS)
      test(`${to} is what a browser takes it for`, async () => {
        const { seen, wanted } = await redirected(to)
        assert.deepEqual(seen, wanted)
      })

    test('what is no ASCII goes on in UTF-8', async () => {
      // In h1 each character is a byte; in h2 node encodes them itself.
      const text = protocol === 'h2' ? 'caf\u00e9' : Buffer.from('caf\u00e9').toString('latin1')
      const { seen } = await redirected(`/${text}?${text}`)
      assert.equal(seen.target, protocol === 'h2' ? seen.target : '/caf%C3%A9?caf%C3%A9')
      assert.match(String(seen.target), /^\/[\x21-\x7e]+$/)
    })

    test('a host of IPv6', { skip: !hasIpv6 && 'there is no ::1 here' }, async () => {
      const host = '::1'
      for (const endpoint of ['::1', '[::1]'])
        for (const to of ['http://THAT/x', 'http://THIS/x', '//THAT/x', 'x', '?q']) {
          const { seen, wanted } = await redirected(to, { host, endpoint })
          assert.deepEqual(seen, wanted)
        }
    })

    test('a target that begins with //, and one that is nothing', async () => {
      for (const http_url of ['//a/b', '/', '']) {
        const { seen, wanted } = await redirected('x', { http_url })
        assert.deepEqual(seen, wanted)
      }
    })

    test('the scheme of a WebSocket', async () => {
      const { seen, wanted } = await redirected('ws://THAT/x?y')
      assert.deepEqual(seen, wanted)
    })

    for (const [to, message] of REFUSED)
      test(`${to} leads nowhere`, async () => {
        await using here = await startTargets(protocol)
        here.redirects.push(to.replaceAll('THAT', `${HERE}:${here.port}`))
        const more = { http_url: '/', allow_redirects: true }
        await using context = await openAsking(protocol, here, more)
        await assert.rejects(ask(context), { code: 'ERR_SS_ALL_RETRIES_FAILED', message })
        assert.equal(here.asked.length, 1)
        await ask(context)
      })

    test('more than four in a row are too many', async () => {
      await using here = await startTargets(protocol)
      const more = { http_url: '/', allow_redirects: true }
      await using context = await openAsking(protocol, here, more)
      here.redirects.push('/1', '2', '?3', '//127.0.0.1:PORT/4'.replace('PORT', `${here.port}`))
      await ask(context)
      assert.equal(here.asked.splice(0).length, 5)
      here.redirects.push('/1', '/2', '/3', '/4', '/5')
      await assert.rejects(ask(context), { message: /redirected too often/ })
    })
  })
