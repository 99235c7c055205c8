/** Several server streamtypes on one port, told apart by the host that clients ask for. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { describe, test } from 'node:test'
import { type Context, openContext, type Server } from 'lws-secure-streams'
import WebSocket from 'ws'
import { curl } from '../support/curl.js'
import { bound, disposing, naming } from './bound.js'
import { connectTo, httpServer, rawServer, servedPolicy } from './servers.js'

describe('servers on one port', { timeout: 60_000 }, () => {
  async function serve(): Promise<
    { context: Context; site: Server; shop: Server; chat: Server } & AsyncDisposable
  > {
    const context = await openContext({
      policy: servedPolicy({
        site: httpServer(),
        shop_example_com: bound(),
        chat: bound({ ws_subprotocol: 'chat' }),
      }),
    })
    const site = await context.serve('site', naming)
    const shop = await context.serve('shop_example_com', naming)
    const chat = await context.serve('chat', {
      ...naming,
      upgrade: (stream) => stream.send(`ws at ${stream.streamtype}`),
    })
    return { context, site, shop, chat, ...disposing(context) }
  }

  async function ask(
    { port }: Server,
    host: string,
    { agent, body }: { agent?: http.Agent; body?: string } = {},
  ): Promise<string> {
    const headers = { host }
    const request = http.request({
      port,
      headers,
      agent: agent ?? false,
      method: body ? 'POST' : 'GET',
    })
    request.end(body)
    const [response] = await once(request, 'response')
    return String(Buffer.concat(await response.toArray()))
  }

  test('are told apart by the host', async () => {
    await using served = await serve()
    const { site, shop } = served
    assert.equal(shop.port, site.port)
    assert.equal(shop.address, '127.0.0.1')
    for (const [host, streamtype] of [
      ['shop.example.com', 'shop_example_com'],
      ['SHOP.example.COM', 'shop_example_com'],
      [`shop.example.com.:${site.port}`, 'shop_example_com'],
      ['a.b.shop.example.com', 'shop_example_com'],
      ['chat', 'chat'],
      ['shop.example.co', 'site'],
      ['example.com', 'site'],
      ['my-shop.example.com', 'site'],
      ['[::1]:80', 'site'],
      ['127.0.0.1', 'site'],
      ['nowhere.test', 'site'],
    ] as const)
      assert.equal(await ask(site, host), streamtype, host)
    const url = `http://shop.example.com:${site.port}/`
    assert.equal(await curl('--connect-to', '::127.0.0.1:', url), 'shop_example_com')
  })

  test('share connections, too', async () => {
    await using served = await serve()
    const { site, shop } = served
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const clients: unknown[] = []
    for (let n = 0; n < 20; n++) {
      assert.equal(await ask(site, 'shop.example.com', { agent }), 'shop_example_com')
      clients.push(...shop.clients)
      assert.equal(await ask(site, 'any', { agent, body: '!'.repeat(n) }), `site${'!'.repeat(n)}`)
      assert.equal(shop.clients.size, 0)
    }
    assert.equal(new Set(clients).size, 20)
    assert.deepEqual(site.stats, { clients: 1, connections: 20 })
    agent.destroy()
  })

  test('answer requests that come together, each its own', async () => {
    await using served = await serve()
    const client = await connectTo(served.site)
    const hosts = ['chat', 'any', 'shop.example.com', 'chat', 'any', 'any', 'shop.example.com']
    client.socket.end(hosts.map((host) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).join(''))
    await client.closed
    const answers = client.text.match(/(?<=\r\n\r\n)\w+?(?=HTTP|$)/g)
    assert.deepEqual(
      answers,
      hosts.map((host) => ({ any: 'site', chat: 'chat' })[host] ?? 'shop_example_com'),
    )
  })

  test('upgrade to ws by the policy of their own', async () => {
    await using served = await serve()
    const url = `ws://127.0.0.1:${served.site.port}`
    const socket = new WebSocket(url, 'chat', { headers: { host: 'chat' } })
    const [data] = await once(socket, 'message')
    assert.equal(String(data), 'ws at chat')
    assert.equal(served.chat.clients.size, 1)
    socket.terminate()
    const other = new WebSocket(url, 'chat')
    const [error] = await once(other, 'error')
    assert.match(error.message, /Unexpected server response: 200/)
  })

  test('may leave, and come again', async () => {
    await using served = await serve()
    const { context, site, shop } = served
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    await ask(site, 'shop.example.com', { agent })
    await shop.close()
    assert.equal(await ask(site, 'shop.example.com'), 'site')
    await context.serve('shop_example_com', naming)
    assert.equal(await ask(site, 'shop.example.com', { agent }), 'shop_example_com')
    agent.destroy()
  })

  test('end with the one that listens, in an orderly way', async () => {
    await using served = await serve()
    const { context, site, shop } = served
    await shop.close()
    let closed: Promise<void> | undefined
    const slow = await context.serve('shop_example_com', {
      transaction(txn) {
        closed = site.close()
        setImmediate(() => txn.ack().end('to the end'))
      },
    })
    assert.equal(await ask(site, 'shop.example.com'), 'to the end')
    await closed
    await slow.close()
    await assert.rejects(context.serve('shop_example_com', naming), { code: 'ERR_SS_NO_VHOST' })
  })

  test('end with the one that is destroyed, and with the context', async () => {
    await using served = await serve()
    served.site.destroy()
    await served.shop.close()
    await served.chat.close()
    await using other = await serve()
    await other.context.close()
    await other.shop.close()
  })

  test('go by another policy from then on', async () => {
    await using served = await serve()
    const { context, site, shop } = served
    await context.overlay({ s: [{ shop_example_com: { metadata: [{ agent: 'user-agent:' }] } }] })
    await ask(site, 'shop.example.com')
    await context.overlay({ s: [{ shop_example_com: { protocol: 'raw' } }] })
    await shop.close()
    assert.equal(await ask(site, 'shop.example.com'), 'site')
  })

  test('need one that listens, and is of their kind', async () => {
    await using context = await openContext({
      policy: servedPolicy({
        site: httpServer(),
        wire: rawServer(),
        lost: bound({ endpoint: '!house' }),
        odd: rawServer({ endpoint: '!wire' }),
        mixed: bound({ endpoint: '!wire' }),
        secret: bound({ tls: true }),
        plain: bound(),
      }),
    })
    const none = { code: 'ERR_SS_NO_VHOST' }
    await assert.rejects(context.serve('lost', naming), {
      ...none,
      message:
        "'lost' cannot be bound to 'house': there is no virtual host 'house'; there are: none",
    })
    await context.serve('site', naming)
    await context.serve('wire', { connection() {} })
    await assert.rejects(context.serve('lost', naming), {
      ...none,
      message: /there are: site, wire/,
    })
    await assert.rejects(context.serve('odd', { connection() {} }), { ...none, message: /is raw/ })
    await assert.rejects(context.serve('mixed', naming), { ...none, message: /other raw/ })
    await assert.rejects(context.serve('secret', naming), { ...none, message: /"tls": true/ })
    for (const options of [{ reusePort: true }, { limits: {} }])
      await assert.rejects(context.serve('plain', { ...naming, ...options }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /is for 'site', which listens/,
      })
  })
})
