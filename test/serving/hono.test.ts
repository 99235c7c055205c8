/** An application of Hono, which knows nothing of policies, on a policy's server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { Hono } from 'hono'
import { getSignedCookie, setCookie, setSignedCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { etag } from 'hono/etag'
import { HTTPException } from 'hono/http-exception'
import { stream, streamSSE, streamText } from 'hono/streaming'
import { exchange } from '../support/native-http-server.js'
import { serveHttp } from './servers.js'

const gone = new AbortController()
const streams = new Map<string, string>()

const app = new Hono()
  .use('/api/*', cors({ origin: 'https://example.com', credentials: true }))
  .use('/page', etag())
  .use(async (c, next) => {
    await next()
    c.header('x-powered-by', 'policy')
  })
  .get('/api/things/:id{[0-9]+}', (c) => c.json({ id: c.req.param('id'), q: c.req.query('q') }))
  .post('/api/things', async (c) => c.json(await c.req.json(), 201))
  .get('/page', (c) => c.html('<p>grüß Gott</p>'))
  .get('/old', (c) => c.redirect('/page', 301))
  .get('/empty', (c) => c.body(null, 204))
  .get('/text', (c) =>
    streamText(c, async (text) => {
      for (const word of ['one', 'two', 'three']) await text.writeln(word)
    }),
  )
  .get('/bytes', (c) =>
    stream(c, async (bytes) => {
      for (let n = 0; n < 64; n++) await bytes.write(new Uint8Array(65_536).fill(n))
    }),
  )
  .get('/events', (c) =>
    streamSSE(c, async (events) => {
      for (let id = 0; id < 3; id++)
        await events.writeSSE({ event: 'tick', id: `${id}`, data: `a\nb${id}` })
    }),
  )
  .get('/forever', (c) =>
    streamSSE(c, async (events) => {
      const { signal } = c.req.raw
      signal.addEventListener('abort', () => streams.set('signal', signal.reason.code))
      events.onAbort(() => {
        streams.set('stream', 'aborted')
        gone.abort()
      })
      await events.writeSSE({ data: 'first' })
      await once(gone.signal, 'abort')
    }),
  )
  .get('/login', async (c) => {
    setCookie(c, 'plain', 'a b', { path: '/' })
    await setSignedCookie(c, 'signed', 'ada', 'secret', { httpOnly: true })
    return c.text('in')
  })
  .get('/who', async (c) => c.text((await getSignedCookie(c, 'secret', 'signed')) || 'nobody'))
  .post('/upload', async (c) => {
    const form = await c.req.formData()
    const file = form.get('file')
    assert.ok(file instanceof File)
    return c.json({ name: file.name, size: file.size, type: file.type, note: form.get('note') })
  })
  .get('/teapot', () => {
    throw new HTTPException(418, { message: 'short and stout' })
  })
  .get('/broken', () => {
    throw new Error('broken')
  })
  .onError((error, c) =>
    error instanceof HTTPException ? error.getResponse() : c.text(`sorry: ${error.message}`, 500),
  )
  .notFound((c) => c.text(`nothing at ${c.req.path}`, 404))

describe('an application of Hono', { timeout: 60_000 }, () => {
  let site: Awaited<ReturnType<typeof serveHttp>>
  before(async () => {
    site = await serveHttp({
      transaction: async (txn) => txn.respond(await app.fetch(txn.request)),
    })
  })
  after(() => site[Symbol.asyncDispose]())
  const ask = (path: string, init?: RequestInit) => fetch(site.url + path, init)

  test('is routed, with parameters and queries', async () => {
    const response = await ask('/api/things/42?q=a%20b')
    assert.equal(response.headers.get('content-type'), 'application/json')
    assert.equal(response.headers.get('x-powered-by'), 'policy')
    assert.deepEqual(await response.json(), { id: '42', q: 'a b' })
  })

  test('takes JSON, and says 201', async () => {
    const init = {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    }
    const response = await ask('/api/things', init)
    assert.equal(response.status, 201)
    assert.deepEqual(await response.json(), { a: 1 })
  })

  test('has its middleware: preflight requests, and entity tags', async () => {
    const preflight = await ask('/api/things', {
      method: 'OPTIONS',
      headers: { origin: 'https://example.com', 'access-control-request-method': 'POST' },
    })
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers.get('access-control-allow-origin'), 'https://example.com')
    const page = await ask('/page')
    assert.equal(await page.text(), '<p>grüß Gott</p>')
    const again = await ask('/page', {
      headers: { 'if-none-match': page.headers.get('etag') ?? '' },
    })
    assert.equal(again.status, 304)
  })

  test('streams text, bytes and events', async () => {
    assert.equal(await (await ask('/text')).text(), 'one\ntwo\nthree\n')
    const bytes = Buffer.from(await (await ask('/bytes')).arrayBuffer())
    assert.equal(bytes.length, 4_194_304)
    assert.equal(bytes[4_194_303], 63)
    const events = await ask('/events')
    assert.equal(events.headers.get('content-type'), 'text/event-stream')
    const event = (id: number) => `event: tick\ndata: a\ndata: b${id}\nid: ${id}\n\n`
    assert.equal(await events.text(), [0, 1, 2].map(event).join(''))
  })

  test('hears that the client of a stream has left', async () => {
    const leaving = new AbortController()
    const response = await ask('/forever', { signal: leaving.signal })
    const reader = response.body?.getReader()
    assert.equal(Buffer.from((await reader?.read())?.value ?? '').toString(), 'data: first\n\n')
    leaving.abort()
    if (!gone.signal.aborted) await once(gone.signal, 'abort')
    assert.deepEqual(Object.fromEntries(streams), {
      stream: 'aborted',
      signal: 'ERR_SS_DISCONNECTED',
    })
  })

  test('sets cookies, and gets them back', async () => {
    const cookies = (await ask('/login')).headers.getSetCookie()
    assert.equal(cookies.length, 2)
    assert.equal(cookies[0], 'plain=a%20b; Path=/')
    const cookie = cookies.map((given) => given.split(';')[0]).join('; ')
    assert.equal(await (await ask('/who', { headers: { cookie } })).text(), 'ada')
    assert.equal(await (await ask('/who')).text(), 'nobody')
  })

  test('takes the files of a form', async () => {
    const body = new FormData()
    body.set('note', 'größer')
    body.set('file', new File([Buffer.alloc(3_000_000, 1)], 'a "b".bin', { type: 'image/x' }))
    const response = await ask('/upload', { method: 'POST', body })
    assert.deepEqual(await response.json(), {
      name: 'a "b".bin',
      size: 3_000_000,
      type: 'image/x',
      note: 'größer',
    })
  })

  test('redirects, and says that there is nothing', async () => {
    const moved = await ask('/old', { redirect: 'manual' })
    assert.deepEqual([moved.status, moved.headers.get('location')], [301, '/page'])
    assert.equal((await ask('/old')).url, `${site.url}/page`)
    const missing = await ask('/no/such')
    assert.deepEqual([missing.status, await missing.text()], [404, 'nothing at /no/such'])
    assert.equal((await ask('/empty')).status, 204)
  })

  test('answers what it throws', async () => {
    const teapot = await ask('/teapot')
    assert.deepEqual([teapot.status, await teapot.text()], [418, 'short and stout'])
    const broken = await ask('/broken')
    assert.deepEqual([broken.status, await broken.text()], [500, 'sorry: broken'])
  })

  test('answers HEAD with the head of GET, also on a connection that goes on', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    for (const path of ['/page', '/bytes', '/page']) {
      const request = http.request(site.url + path, { method: 'HEAD', agent }).end()
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      assert.equal(response.statusCode, 200)
      assert.notEqual(response.headers['content-length'], '0')
      assert.deepEqual(await response.toArray(), [])
    }
    agent.destroy()
  })

  for (const [name, request, status] of [
    ['a method that no Request has', 'TRACE / HTTP/1.1\r\nHost: a', 501],
    ['another one', 'TRACK / HTTP/1.1\r\nHost: a', 501],
    ['a port that is none', 'GET /page HTTP/1.1\r\nHost: a:99999', 400],
    ['an address that is none', 'GET /page HTTP/1.1\r\nHost: 1.2.3.999', 400],
    ['no host', 'GET /page HTTP/1.1\r\nHost:', 200],
    ['a target with a host of its own', 'GET http://b/page HTTP/1.1\r\nHost: a', 200],
    ['a method that nobody knows', 'BREW /page HTTP/1.1\r\nHost: a', 404],
  ] as const)
    test(`answers ${name} with ${status}, and lives on`, async () => {
      const told = await exchange(site.server.port, `${request}\r\nConnection: close\r\n\r\n`)
      assert.match(told, new RegExp(`^HTTP/1.1 ${status} `))
    })
})
