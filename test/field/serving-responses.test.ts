// Responses as clients of other servers did not get them. Statuses without a body were sent in chunks, which broke the
// next response on the connection, in amphp (http-server #393) and HTTP.jl (#261); what was written for HEAD hung in
// Kestrel (KestrelHttpServer #1202), or was sent, in HTTP.jl (#1112); a connection was not kept behind 204 in Netty
// (#6549). Cookies were folded into one field by h2o (#3120) and adapters of SvelteKit. The head of a silent stream
// waited for its first bytes in Bun (#33660) and Hono's server on Node (#244). A response was dropped when its client
// had half closed in Kestrel (aspnetcore #13188). A proxy went on to read from behind it in Bun (#35552), streams of
// clients that had left were never cancelled there (#41011), and the signal of a request whose body had been read was
// not aborted in SvelteKit (#16793). A response that was accessed behind the departure of its client ended programs
// on uWebSockets.js (#123). Requests ran, and were not answered, when express-graceful-exit closed a server (#14);
// "connection: close" was not said by Elasticsearch (#127984). A length that the program had set came beside that of the
// server in elli (#59), oak (#587), Deno (#18046) and NanoHttpd (#87).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Transaction } from 'lws-secure-streams'
import { serveHttp } from '../serving/servers.js'
import { exchange } from '../support/native-http-server.js'

const request = (method: string, target: string, ...fields: string[]) =>
  [`${method} ${target} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n')
const get = (target: string) => request('GET', target)
const last = request('GET', '/last', 'Connection: close')

/** What was answered, without the dates. */
const undated = (response: string) => response.replaceAll(/date: .*\r\n/g, '')

const LAST = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\n/last'

const ways: Record<string, (txn: Transaction) => Promise<void>> = {
  'is ended': (txn) => txn.end(),
  'is written': async (txn) => {
    await txn.write('no')
    await txn.end('body')
  },
}

describe('a connection is kept, and its next response intact, behind', { timeout: 30_000 }, () => {
  for (const status of [204, 304])
    for (const [name, answer] of Object.entries(ways))
      test(`a ${status} that ${name}`, async () => {
        await using site = await serveHttp({
          transaction: (txn) =>
            txn.url === '/last' ? txn.end(txn.url) : answer(txn.ack(undefined, { status })),
        })
        const response = undated(await exchange(site.server.port, get('/1') + get('/2') + last))
        const [first, second, third, ...more] = response.split('\r\n\r\n')
        assert.match(first ?? '', new RegExp(`^HTTP/1.1 ${status} [A-Za-z ]*$`))
        assert.equal(second, first)
        assert.equal([third, ...more].join('\r\n\r\n'), LAST)
      })

  test('a Response without a body', async () => {
    await using site = await serveHttp({
      transaction: (txn) =>
        txn.url === '/last' ? txn.end(txn.url) : txn.respond(new Response(null, { status: 204 })),
    })
    const response = undated(await exchange(site.server.port, get('/1') + last))
    assert.equal(response, `HTTP/1.1 204 No Content\r\n\r\n${LAST}`)
  })

  for (const [name, answer] of Object.entries(ways))
    test(`one to HEAD that ${name}`, async () => {
      await using site = await serveHttp({
        transaction: (txn) => (txn.method === 'HEAD' ? answer(txn) : txn.end(txn.url)),
      })
      const response = undated(await exchange(site.server.port, request('HEAD', '/') + last))
      const [head, ...rest] = response.split('\r\n\r\n')
      assert.match(
        head ?? '',
        /^HTTP\/1.1 200 OK\r\n(content-length: 0|transfer-encoding: chunked)$/,
      )
      assert.equal(rest.join('\r\n\r\n'), LAST)
    })
})

test('cookies stay fields of their own, with the commas that they have', async () => {
  const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2']
  const headers = new Headers(cookies.map((cookie) => ['set-cookie', cookie]))
  await using site = await serveHttp({
    transaction: (txn) => txn.respond(new Response('x', { headers })),
  })
  assert.deepEqual((await fetch(site.url)).headers.getSetCookie(), cookies)
})

for (const [header, value] of [
  ['content-length', '5'],
  ['transfer-encoding', 'gzip'],
  ['connection', 'upgrade'],
  ['date', 'today'],
] as const)
  test(`${header} is not said twice, nor otherwise, by metadata or a Response`, async () => {
    const answers: Record<string, (txn: Transaction) => Promise<void>> = {
      '/ack': (txn) => txn.ack({ said: value }).end('abc'),
      '/set': (txn) => {
        txn.stream.setMetadata('said', value)
        return txn.end('abc')
      },
      '/parts': async (txn) => {
        await txn.ack({ said: value }).write('abc')
        await txn.end()
      },
      '/last': (txn) => txn.ack(undefined, { headers: { [header]: value } }).end('/last'),
    }
    await using site = await serveHttp(
      { transaction: (txn) => answers[txn.url]?.(txn) },
      { metadata: [{ said: `${header}:` }] },
    )
    const asked = get('/ack') + get('/set') + get('/parts') + last
    const answered = await exchange(site.server.port, asked)
    const whole = 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc'
    const chunks = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
    assert.equal(undated(answered), whole + whole + chunks + LAST)
    assert.equal(answered.match(/date: .* GMT/g)?.length, answered.match(/date: /g)?.length)
  })

describe('a client that leaves', { timeout: 30_000 }, () => {
  test('has a proxy stop reading from behind it', async () => {
    const source = http.createServer((_, response) => {
      const pump = () => {
        while (response.write(Buffer.alloc(16_384)));
      }
      response.on('drain', pump)
      pump()
    })
    const closed = new Promise((resolve) => {
      source.once('request', (_, response) => response.once('close', resolve))
    })
    await once(source.listen(0, '127.0.0.1'), 'listening')
    const { port } = source.address() as AddressInfo
    await using site = await serveHttp({
      transaction: async (txn) => txn.respond(await fetch(`http://127.0.0.1:${port}`)),
    })
    const client = net.connect({ port: site.server.port, host: '127.0.0.1' })
    client.write(get('/'))
    await once(client, 'data')
    client.destroy()
    await closed
    source.close()
  })

  test('aborts the signal of a request that was read, and whose answer is on its way', async () => {
    let signal: AbortSignal | undefined
    await using site = await serveHttp({
      async transaction(txn) {
        await txn.request.text()
        signal = txn.request.signal
        await txn.end(Buffer.alloc(50_000_000))
      },
    })
    const client = net.connect({ port: site.server.port, host: '127.0.0.1' })
    client.write(`${request('POST', '/', 'Content-Length: 2')}hi`)
    await once(client, 'data')
    client.resetAndDestroy()
    assert.ok(signal)
    if (!signal.aborted) await once(signal, 'abort')
    assert.equal(signal.reason.code, 'ERR_SS_DISCONNECTED')
  })

  test('leaves a transaction that can still be called, and says so', async () => {
    let left: (txn: Transaction) => void = () => {}
    const leaving = new Promise<Transaction>((resolve) => {
      left = resolve
    })
    await using site = await serveHttp({
      async transaction(txn) {
        await once(txn.request.signal, 'abort')
        left(txn)
      },
    })
    const client = net.connect({ port: site.server.port, host: '127.0.0.1' })
    client.write(request('POST', '/?q', 'Content-Length: 2'))
    while (site.server.clients.size === 0) await turn()
    client.resetAndDestroy()
    const txn = await leaving
    while (site.server.clients.size > 0) await turn()
    const gone = { code: 'ERR_SS_DISCONNECTED' }
    txn.ack({ mime: 'text/plain' }).nack()
    txn.writeEarlyHints({ link: '</a>' })
    txn.stream.serverAck(200)
    txn.stream.requestTx()
    await assert.rejects(txn.write('x'), gone)
    await assert.rejects(txn.end('x'), gone)
    await assert.rejects(txn.respond(new Response('x')), gone)
    await assert.rejects(new Response(txn.body).text(), gone)
    assert.deepEqual([txn.method, txn.url, txn.metadata.query], ['POST', '/?q', 'q'])
    txn.stream.destroy()
  })
})

test('nobody who has all of a response is said to have left before', async () => {
  const signals: AbortSignal[] = []
  await using site = await serveHttp({
    async transaction(txn) {
      signals.push(txn.request.signal)
      await txn.write('some')
      await txn.end('more')
    },
  })
  for (let n = 0; n < 20; n++) {
    await exchange(site.server.port, get('/') + last)
    await exchange(site.server.port, get('/'), last)
  }
  while (site.server.clients.size > 0) await turn()
  assert.deepEqual([signals.length, signals.filter(({ aborted }) => aborted).length], [80, 0])
})
