/** The tracing channels: what they tell, when, and what a subscriber can have sent. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { afterEach, describe, it } from 'node:test'
import { type Context, openContext, type PolicyInput } from 'lws-secure-streams'
import { WebSocket } from 'ws'
import { startHandling, startHttp1, startMosquitto, startWebSocket } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
const metadata = [{ traceparent: 'traceparent:' }, { region: 'x-region:' }]
const get = { http_method: 'GET', http_url: 'weather', metadata }

// biome-ignore lint/suspicious/noExplicitAny: the members of all operations
type Told = any

const undo: (() => void)[] = []
afterEach(() => {
  for (const unsubscribe of undo.splice(0)) unsubscribe()
})

/** What a channel tells, in order; `began` sees each operation at its start. */
function follow(name: string, began: (operation: Told) => void = () => {}) {
  const channel = tracingChannel<Told, Told>(`lws-secure-streams:${name}`)
  const told: { event: string; operation: Told }[] = []
  for (const event of EVENTS) {
    const listener = (operation: Told) => {
      told.push({ event, operation })
      if (event === 'start') began(operation)
    }
    channel[event].subscribe(listener)
    undo.push(() => channel[event].unsubscribe(listener))
  }
  return told
}

/** That all of it was one operation, which had these events. */
function only(told: ReturnType<typeof follow>, ...events: string[]): Told {
  assert.deepEqual(
    told.map(({ event }) => event),
    events,
  )
  assert.equal(new Set(told.map(({ operation }) => operation)).size, 1)
  return told[0]?.operation
}

const SUCCEEDED = ['start', 'end', 'asyncStart', 'asyncEnd']
const FAILED = ['start', 'end', 'error', 'asyncStart', 'asyncEnd']

const open = (policy: PolicyInput): Promise<Context> => openContext({ policy })

describe('tracing channels', { timeout: 60_000 }, () => {
  it('tell of a request, with what is known of it', async () => {
    await using peer = await startHandling('h1', (_, response) => response.end('fine'))
    await using context = await open(policyOf({ it: streamtype('h1', peer, get) }))
    const told = follow('request')
    const reply = await context.request('it', { metadata: { region: 'uk' } })
    const { stream, ...operation } = only(told, ...SUCCEEDED)
    assert.equal(stream.streamtype, 'it')
    assert.deepEqual(operation, {
      streamtype: 'it',
      protocol: 'h1',
      endpoint: `localhost:${peer.port}`,
      metadataNames: ['traceparent', 'region'],
      metadata: { region: 'uk' },
      method: 'GET',
      url: `http://localhost:${peer.port}/weather`,
      status: 200,
      reply,
      result: reply,
    })
  })

  for (const body of [undefined, 'a body'])
    it(`send what a subscriber adds to ${body ? 'a request with a body' : 'a request'}`, async () => {
      await using peer = await startHttp1()
      const post = body && { http_method: 'POST' }
      const definition = streamtype('h1', peer, { ...get, http_url: 'echo', ...post })
      await using context = await open(policyOf({ it: definition }))
      follow('request', (operation) => {
        operation.metadata.traceparent = 'added'
        operation.metadata.unknown = 'left out'
      })
      // Neither counts: the message and the connection are the request's.
      const sent = follow('send', (operation) =>
        Object.assign(operation.metadata, { region: 'no' }),
      )
      follow('connect', (operation) => Object.assign(operation.metadata, { traceparent: 'no' }))
      const options = { metadata: { region: 'uk' }, ...(body && { body }) }
      await context.request('it', options)
      assert.deepEqual(sent, [])
      assert.equal(peer.requests[0]?.headers.traceparent, 'added')
      assert.equal(peer.requests[0]?.headers['x-region'], 'uk')
      assert.deepEqual(options.metadata, { region: 'uk' })
    })

  it('leave errors of the program as they are', async () => {
    await using peer = await startHttp1()
    await using context = await open(policyOf({ it: streamtype('h1', peer, get) }))
    const told = follow('request')
    await assert.rejects(context.request('it', { metadata: { unknown: 'x' } }), {
      code: 'ERR_SS_UNKNOWN_METADATA',
    })
    const wrong = { metadata: { region: 1 as unknown as string } }
    assert.throws(() => context.request('it', wrong), { code: 'ERR_INVALID_ARG_TYPE' })
    await assert.rejects(context.request('none'), { code: 'ERR_SS_UNKNOWN_STREAMTYPE' })
    assert.deepEqual(told, [])
  })

  it('tell why a request failed, whose stack names its caller', async () => {
    await using nobody = await deadPort()
    await using context = await open(policyOf({ it: streamtype('h1', nobody, get) }))
    const told = follow('request')
    const connecting = follow('connect')
    async function theCaller() {
      return await context.request('it')
    }
    const error = await theCaller().then(
      () => assert.fail(),
      (error) => error,
    )
    assert.match(error.stack, /theCaller/)
    assert.equal(only(told, ...FAILED).error, error)
    const connect = only(connecting, ...FAILED)
    assert.equal(connect.attempts, 3)
    assert.equal(connect.error.code, 'ERR_SS_ALL_RETRIES_FAILED')
  })

  it('tell of each message on its own, and send what a subscriber adds to it', async () => {
    await using peer = await startHttp1()
    const definition = streamtype('h1', peer, { http_method: 'POST', metadata })
    await using context = await open(policyOf({ it: definition }))
    let number = 0
    const told = follow('send', ({ metadata }) =>
      Object.assign(metadata, { region: `${number++}` }),
    )
    const stream = context.stream('it')
    await Promise.all([stream.send('one'), stream.send('second'), stream.send('x')])
    const seen = peer.requests.map(({ headers }) => headers['x-region'])
    assert.deepEqual(seen, ['0', '1', '2'])
    const ends = told.filter(({ event }) => event === 'asyncEnd')
    assert.deepEqual(
      ends.map(({ operation }) => operation.bytes),
      [3, 6, 1],
    )
    assert.ok(ends.every(({ operation }) => operation.stream === stream))
  })

  it('leave out what a subscriber has no value for', async () => {
    await using peer = await startHttp1()
    const definition = streamtype('h1', peer, { http_method: 'POST', metadata })
    await using context = await open(policyOf({ it: definition }))
    const nothing = ({ metadata }: Told) => Object.assign(metadata, { traceparent: undefined })
    for (const name of ['request', 'send', 'connect']) follow(name, nothing)
    await context.request('it', { body: 'x', metadata: { region: 'uk' } })
    const stream = context.stream('it')
    await stream.connect()
    await stream.send('y', { metadata: { region: 'uk' } })
    const [first, ...others] = peer.requests.map(({ headers }) => headers)
    assert.equal(first?.['x-region'], 'uk')
    assert.equal(others.at(-1)?.['x-region'], 'uk')
  })

  it('report a value that cannot be sent, and have the connection made all the same', async () => {
    await using peer = await startWebSocket()
    await using context = await open(policyOf({ it: streamtype('ws', peer, { metadata }) }))
    follow('connect', ({ metadata }) => Object.assign(metadata, { traceparent: 'a\r\nb' }))
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const caught = once(process, 'uncaughtException')
    const stream = context.stream('it')
    const sent = stream.send('one')
    const [error] = await caught
    for (const listener of listeners) process.on('uncaughtException', listener)
    assert.equal(error.code, 'ERR_INVALID_ARG_VALUE')
    await sent
    await stream.close()
  })

  it('tell of a publish until the broker has it', async () => {
    await using broker = await startMosquitto()
    await using context = await open(policyOf({ it: streamtype('mqtt', broker) }))
    const told = follow('send', ({ metadata }) => Object.assign(metadata, { topic: 'traced' }))
    const stream = context.stream('it', { metadata: { topic: 'traced' } })
    await stream.send('hello')
    assert.equal(only(told, ...SUCCEEDED).endpoint, `localhost:${broker.port}`)
  })

  for (const how of ['connect', 'send', 'read'] as const)
    it(`send what a subscriber adds to a connection of ws that ${how} makes`, async () => {
      await using peer = await startWebSocket()
      const upgraded = once(peer.webSockets, 'connection')
      const definition = streamtype('ws', peer, { metadata, nailed_up: false })
      await using context = await open(policyOf({ it: definition }))
      const told = follow('connect', (operation) => {
        operation.metadata.traceparent = 'added'
        operation.metadata.unknown = 'left out'
      })
      const stream = context.stream('it')
      const connected = nextState(stream, 'CONNECTED')
      if (how === 'connect') stream.connect()
      if (how === 'send') stream.send('x')
      if (how === 'read') stream[Symbol.asyncIterator]().next()
      const [, request] = await upgraded
      assert.equal(request.headers.traceparent, 'added')
      await connected
      const operation = only(told, ...SUCCEEDED)
      assert.equal(operation.attempts, 1)
      assert.equal(operation.stream, stream)
    })

  it('tell of a connection that was given up', async () => {
    await using nobody = await deadPort()
    const retry = [{ quick: { backoff: [60_000], conceal: 5 } }]
    const policy = policyOf({ it: streamtype('ws', nobody) })
    await using context = await open({ ...policy, retry })
    const told = follow('connect')
    const stream = context.stream('it')
    stream.connect().catch(() => {})
    await nextState(stream, 'UNREACHABLE')
    stream.destroy()
    await nextState(stream, 'DESTROYING')
    assert.equal(only(told, ...FAILED).error.code, 'ERR_SS_DESTROYED')
  })

  it('tell of what is served, and what is done for it', async () => {
    await using peer = await startHandling('h1', (_, response) => response.end('sunny'))
    const server = { server: true, endpoint: '127.0.0.1', port: 0, http_url: '' }
    const policy = policyOf({
      it: streamtype('h1', peer, get),
      site: { protocol: 'h1', ...server, metadata: [{ mime: 'content-type:' }] },
    })
    await using context = await open(policy)
    const store = new AsyncLocalStorage<string>()
    const { start } = tracingChannel<string, Told>('lws-secure-streams:serve')
    start.bindStore(store, ({ url }) => `served ${url}`)
    undo.push(() => start.unbindStore(store))
    const parents: unknown[] = []
    const over = withResolvers()
    const told = follow('serve')
    tracingChannel('lws-secure-streams:serve').asyncEnd.subscribe(over.resolve)
    undo.push(() => tracingChannel('lws-secure-streams:serve').asyncEnd.unsubscribe(over.resolve))
    follow('request', () => parents.push(store.getStore()))
    follow('connect', () => parents.push(store.getStore()))
    const site = await context.serve('site', {
      async transaction(txn) {
        await null
        const reply = await context.request('it')
        txn.ack({ mime: 'text/plain' }, { status: 203 }).end(await reply.text())
      },
    })
    const at = `127.0.0.1:${site.port}`
    const answer = await fetch(`http://${at}/a?b`, { headers: { traceparent: 'theirs' } })
    assert.equal(await answer.text(), 'sunny')
    await over.promise
    const { headers, stream, transaction, ...operation } = only(told, ...SUCCEEDED)
    assert.equal(headers.get('traceparent'), 'theirs')
    assert.equal(transaction.url, '/a?b')
    assert.equal(transaction.stream, stream)
    assert.deepEqual(operation, {
      streamtype: 'site',
      protocol: 'h1',
      endpoint: at,
      method: 'GET',
      url: '/a?b',
      remoteAddress: '127.0.0.1',
      status: 203,
    })
    assert.deepEqual(parents, ['served /a?b', 'served /a?b'])
  })

  it('tell why what is served failed: by the handler, or by its client', async () => {
    const server = { server: true, endpoint: '127.0.0.1', port: 0, http_url: '' }
    await using context = await open(policyOf({ site: { protocol: 'h1', ...server } }))
    const told = follow('serve')
    const ended = () => told.filter(({ event }) => event === 'asyncEnd')
    const asked = withResolvers()
    const gone = withResolvers()
    const site = await context.serve('site', {
      transaction(txn) {
        if (txn.url === '/throws') throw new Error('by the handler')
        asked.resolve()
        txn.body.pipeTo(new WritableStream()).catch(() => {})
        return txn.write('a part').then(() => gone.promise)
      },
    })
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const caught = once(process, 'uncaughtException')
    const answer = await fetch(`http://127.0.0.1:${site.port}/throws`)
    assert.equal(answer.status, 500)
    await caught
    for (const listener of listeners) process.on('uncaughtException', listener)
    assert.equal(ended()[0]?.operation.error.message, 'by the handler')
    assert.equal(ended()[0]?.operation.status, 500)

    const aborting = new AbortController()
    const left = new Promise<void>((resolve) => {
      const { asyncEnd } = tracingChannel('lws-secure-streams:serve')
      const listener = () => resolve()
      asyncEnd.subscribe(listener)
      undo.push(() => asyncEnd.unsubscribe(listener))
    })
    fetch(`http://127.0.0.1:${site.port}/slow`, { signal: aborting.signal }).catch(() => {})
    await asked.promise
    aborting.abort()
    await left
    gone.resolve()
    assert.equal(ended()[1]?.operation.error.code, 'ERR_SS_DISCONNECTED')
  })

  it('tell of an upgrade', async () => {
    const definition = { protocol: 'h1', server: true, endpoint: '127.0.0.1', port: 0 } as const
    const policy = policyOf({ site: { ...definition, ws_subprotocol: 'chat' } })
    await using context = await open(policy)
    const told = follow('serve')
    const site = await context.serve('site', {
      upgrade: (stream) => stream.send('hello'),
    })
    const client = new WebSocket(`ws://127.0.0.1:${site.port}/room`, 'chat')
    await once(client, 'message')
    client.close()
    await once(client, 'close')
    const operation = only(told, ...SUCCEEDED)
    assert.equal(operation.status, 101)
    assert.equal(operation.url, '/room')
    assert.equal(operation.headers.get('sec-websocket-protocol'), 'chat')
  })
})

function withResolvers() {
  let resolve!: () => void
  const promise = new Promise<void>((resolves) => {
    resolve = resolves
  })
  return { promise, resolve }
}
