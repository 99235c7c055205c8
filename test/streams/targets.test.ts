import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startRaw, startTargets } from '../peers/index.js'
import { ask, asking, openAsking } from '../support/asking.js'
import { policyOf, streamtype } from '../support/policies.js'

const use = (name: string) => `\${${name}}`
const kept = '/!$&\'()*+,;=:@-._~[]%20%zz"<>\\^`{|}?a=b&c=d?/e'

const accepts = (key: string) =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

for (const protocol of asking)
  describe(`what ${protocol} asks for`, { timeout: 60_000 }, () => {
    for (const [http_url, target] of [
      ['key', '/key'],
      ['/key', '/key'],
      ['//key', '//key'],
      ['///key', '///key'],
      ['/a//b/', '/a//b/'],
      ['/', '/'],
      ['//', '//'],
      ['?q', '/?q'],
      ['/a/../b/./c', '/a/../b/./c'],
      ['/a b?c d', '/a%20b?c%20d'],
      ['/caf\u00e9?\u65e5\u672c=\ud83d\ude00', '/caf%C3%A9?%E6%97%A5%E6%9C%AC=%F0%9F%98%80'],
      ['/caf%C3%A9', '/caf%C3%A9'],
      [kept, kept],
      ['items/?q=^x$', '/items/?q=^x$'],
    ] as const)
      test(`${http_url} is ${target}`, async () => {
        await using peer = await startTargets(protocol)
        await using context = await openAsking(protocol, peer, { http_url })
        await ask(context)
        assert.deepEqual(
          peer.asked.map((asked) => asked.target),
          [target],
        )
      })

    test('is / when the policy does not say', async () => {
      await using peer = await startTargets(protocol)
      const more = protocol === 'ws' ? { ws_subprotocol: 'mine' } : {}
      const get = protocol === 'ws' ? {} : { http_method: 'GET' }
      const { retry, http_url, ...it } = streamtype(protocol, peer, { ...get, ...more })
      await using context = await openContext({ policy: policyOf({ it }) })
      await ask(context)
      assert.equal(peer.asked[0]?.target, '/')
      if (protocol === 'ws') assert.equal(peer.asked[0]?.headers['sec-websocket-protocol'], 'mine')
    })

    test('takes values as they are, but for what no URI has', async () => {
      await using peer = await startTargets(protocol)
      const whole = { http_url: use('v'), metadata: [{ v: '' }] }
      const part = { http_url: `/${use('v')}?${use('v')}`, metadata: [{ v: '' }] }
      await using wholes = await openAsking(protocol, peer, whole)
      await using parts = await openAsking(protocol, peer, part)
      for (const [value, target, twice] of [
        ['x', '/x', '/x?x'],
        ['/x', '/x', '//x?/x'],
        ['//x', '//x', '///x?//x'],
        ['', '/', '/?'],
        ['a b', '/a%20b', '/a%20b?a%20b'],
        ['\u00e9', '/%C3%A9', '/%C3%A9?%C3%A9'],
        [
          'a HTTP/1.1\r\nx: y\r\n\r\n',
          '/a%20HTTP/1.1%0D%0Ax:%20y%0D%0A%0D%0A',
          '/a%20HTTP/1.1%0D%0Ax:%20y%0D%0A%0D%0A?a%20HTTP/1.1%0D%0Ax:%20y%0D%0A%0D%0A',
        ],
        [Buffer.from([0, 9, 0x1f, 0x7f, 0x80, 0xff]), '/%00%09%1F%7F%80%FF', undefined],
        [use('v'), `/${use('v')}`, undefined],
        ['%2F', '/%2F', '/%2F?%2F'],
      ] as const) {
        await ask(wholes, { v: value })
        await ask(parts, { v: value })
        const [first, second] = peer.asked.splice(0)
        assert.equal(first?.target, target)
        if (twice !== undefined) assert.equal(second?.target, twice)
      }
    })

    test('a value that goes into a header as well may not end that', async () => {
      await using context = await openAsking(
        protocol,
        { port: 1 },
        { http_url: use('v'), metadata: [{ v: 'x-v:' }] },
      )
      const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
      assert.throws(() => context.stream('it', { metadata: { v: 'a\r\nb: c' } }), wrong)
    })

    test('is the path of an endpoint that is a URL, which is not expanded twice', async () => {
      await using peer = await startTargets(protocol)
      const scheme = protocol === 'ws' ? 'ws' : 'http'
      const at = `${scheme}://localhost:${peer.port}`
      const metadata = [{ where: '' }, { other: '' }]
      const more = { endpoint: use('where'), http_url: '/of/the/policy', metadata }
      await using context = await openAsking(protocol, peer, more)
      for (const [path, target] of [
        ['/key', '/key'],
        ['//key', '//key'],
        ['/a b', '/a%20b'],
        [`/${use('other')}$`, `/${use('other')}$`],
        [`/${use('nobody')}`, `/${use('nobody')}`],
        ['/', '/'],
        ['', '/of/the/policy'],
      ] as const) {
        await ask(context, { where: at + path, other: 'x' })
        assert.equal(peer.asked.shift()?.target, target)
      }
    })

    test('is refused when it does not fit, however it grows', async () => {
      await using peer = await startTargets(protocol)
      const more = { http_url: use('v'), metadata: [{ v: '' }] }
      await using context = await openAsking(protocol, peer, more)
      const length = 11_000
      await ask(context, { v: 'x'.repeat(length) })
      assert.equal(peer.asked.shift()?.target.length, length + 1)
      const failed = ask(context, { v: ' '.repeat(length) })
      await assert.rejects(failed, { code: 'ERR_SS_ALL_RETRIES_FAILED', message: /too long/ })
      assert.deepEqual(peer.asked, [])
    })

    test('values of headers go without the whitespace around them', async () => {
      await using peer = await startTargets(protocol)
      const metadata = [{ a: 'x-a:' }, { b: 'x-b:' }, { c: 'origin:' }]
      const more = { http_url: '/', metadata, direct_proto_str: true }
      await using context = await openAsking(protocol, peer, more)
      await ask(context, { a: ' \t a b\t ', b: ' \t', c: 'it ', 'x-direct:': ' d ' })
      const { headers } = peer.asked[0] ?? {}
      assert.deepEqual(
        [headers?.['x-a'], headers?.['x-b'], headers?.origin, headers?.['x-direct']],
        ['a b', '', 'it', 'd'],
      )
    })
  })

test('whitespace after a value of an answer is no part of it', { timeout: 60_000 }, async () => {
  let redirects = 1
  await using peer = await startRaw({
    accept: (socket) => {
      let text = ''
      socket.on('data', (data) => {
        text += data
        if (!text.endsWith('\r\n\r\n')) return
        const key = /sec-websocket-key: (\S+)/i.exec(text)?.[1]
        const target = text.split(' ')[1]
        text = ''
        if (key && target === '/from')
          socket.end('HTTP/1.1 302 Found \r\nLocation:\t/to \t\r\nContent-Length:  0 \r\n\r\n')
        else if (key)
          socket.end(
            `HTTP/1.1 101 X\r\nUpgrade: websocket \r\nConnection:\tUpgrade\t\r\nSec-WebSocket-Accept: ${accepts(key)} \t\r\nSec-WebSocket-Protocol: mine \r\n\r\n`,
          )
        else if (redirects-- > 0)
          socket.write(
            'HTTP/1.1 302 Found\t\r\nLocation: /to?a \t \r\nContent-Length: 0 \t\r\n\r\n',
          )
        else
          socket.write(
            `HTTP/1.1 200 OK\r\nContent-Type: \t a/b \t \r\nX-Own: c d \t\r\nETag:\t\r\nX-To: ${target} \r\nContent-Length: 2 \r\n\r\nit`,
          )
      })
    },
  })
  const metadata = [{ type: 'content-type:' }, { own: 'x-own:' }, { to: 'x-to:' }]
  const of = { http_url: '/from', allow_redirects: true }
  await using context = await openContext({
    policy: policyOf({
      it: streamtype('h1', peer, { ...of, http_method: 'GET', metadata }),
      socket: streamtype('ws', peer, { ...of, ws_subprotocol: 'mine' }),
    }),
  })
  const reply = await context.request('it')
  assert.equal(await reply.text(), 'it')
  assert.deepEqual(
    [reply.metadata.type, reply.metadata.own, reply.metadata.to, reply.headers.get('etag')],
    ['a/b', 'c d', '/to?a', ''],
  )
  assert.equal(reply.headers.get('content-type'), 'a/b')
  await using stream = context.stream('socket')
  await stream.connect()
})
