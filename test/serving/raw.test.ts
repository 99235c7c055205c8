/** `context.serve()` on raw, with sockets of node:net as clients. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import {
  DestroyedError,
  type SecureStream,
  type ServeOptions,
  type StateName,
} from 'lws-secure-streams'
import { nextState, traceStates } from '../support/states.js'
import { connectTo, echo, serveRaw } from './servers.js'

/** Serves, and gives the stream of the next client. */
async function serveOne(more: Partial<ServeOptions> = {}) {
  const streams: SecureStream[] = []
  let waiting: (stream: SecureStream) => void = () => {}
  const served = await serveRaw({
    connection(stream) {
      streams.push(stream)
      waiting(stream)
    },
    ...more,
  })
  return Object.assign(served, {
    streams,
    async connect() {
      const accepted = new Promise<SecureStream>((resolve) => {
        waiting = resolve
      })
      const client = await connectTo(served.server)
      return { client, stream: await accepted }
    },
  })
}

describe('a raw server', { timeout: 60_000 }, () => {
  test('sends back what comes, to many clients, and says where it is', async () => {
    await using served = await serveRaw()
    const { server } = served
    assert.equal(server.streamtype, 'served')
    assert.equal(server.address, '127.0.0.1')
    assert.ok(server.port > 0)
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectTo(server)))
    const echoes = await Promise.all(clients.map((client, n) => client.echoes(`client ${n}`)))
    assert.deepEqual(
      echoes,
      clients.map((_, n) => `client ${n}`),
    )
    assert.deepEqual(server.stats, { clients: 20, connections: 20 })
    assert.equal([...server.clients].length, 20)
  })

  test('has streams like any others for its clients', async () => {
    await using served = await serveOne()
    const { client, stream } = await served.connect()
    const states = traceStates(stream)
    assert.equal(stream.state, 'CONNECTED')
    assert.equal(stream.streamtype, 'served')
    assert.equal(stream.remoteAddress, '127.0.0.1')
    assert.equal(stream.remotePort, (client.socket.address() as { port: number }).port)
    assert.deepEqual([...served.server.clients], [stream])

    client.socket.write('first')
    const messages = stream[Symbol.asyncIterator]()
    const { value } = await messages.next()
    assert.equal(value?.text(), 'first')
    await stream.send('answer')
    await client.receives(6)
    assert.equal(client.text, 'answer')
    assert.equal(stream.stats.connections, 1)

    client.socket.end()
    assert.equal((await messages.next()).done, true)
    await nextState(stream, 'DESTROYING')
    assert.deepEqual(states, ['DISCONNECTED', 'DESTROYING'] satisfies StateName[])
    assert.equal(stream.destroyed, true)
    assert.equal(stream.remoteAddress, undefined)
    assert.equal(served.server.clients.size, 0)
  })

  test('gives chunks and duplexes', async () => {
    await using served = await serveOne()
    const first = await served.connect()
    first.client.socket.write('in pieces')
    const { value } = await first.stream.chunks().next()
    assert.deepEqual(value && { ...value, data: String(value.data) }, {
      data: 'in pieces',
      som: true,
      eom: true,
    })

    const second = await served.connect()
    const duplex = second.stream.duplex()
    duplex.pipe(duplex)
    assert.equal(await second.client.echoes('through a duplex'), 'through a duplex')
    second.client.socket.destroy()
    await once(duplex, 'close')
    assert.equal(second.stream.destroyed, true)
  })

  test('has streams that do not connect', async () => {
    await using served = await serveOne()
    const { client, stream } = await served.connect()
    await stream.connect()
    client.socket.destroy()
    await once(stream, 'state', { signal: AbortSignal.timeout(5000) })
    await assert.rejects(stream.connect(), { code: 'ERR_SS_DESTROYED' })
    await assert.rejects(stream.send('too late'), { code: 'ERR_SS_DESTROYED' })
  })

  test('disconnects a client, by its stream, and then has it no more', async () => {
    await using served = await serveOne()
    const { client, stream } = await served.connect()
    const other = await served.connect()
    stream.disconnect()
    assert.equal(await client.closed, false)
    await stream[Symbol.asyncDispose]()
    other.client.socket.write('still here')
    const { value } = await other.stream[Symbol.asyncIterator]().next()
    assert.equal(value?.text(), 'still here')
    other.stream.destroy()
    await other.client.closed
  })

  test('rejects what a client has not taken when it goes', async () => {
    await using served = await serveOne()
    const { client, stream } = await served.connect()
    client.socket.pause()
    const sent = Array.from({ length: 40 }, () => stream.send(Buffer.alloc(1024 * 1024)))
    const settled = Promise.allSettled(sent)
    await sent[0]
    client.socket.resetAndDestroy()
    const reasons = (await settled).flatMap((each) =>
      each.status === 'rejected' ? [each.reason.code] : [],
    )
    assert.ok(reasons.length > 30, `${reasons.length}`)
    assert.deepEqual(new Set(reasons), new Set(['ERR_SS_DISCONNECTED']))
  })

  test('calls handlers', async () => {
    const states: (string | number)[] = []
    const pieces: string[] = []
    const opened = new Set<SecureStream>()
    await using served = await serveRaw({
      state(stream, state) {
        opened.add(stream)
        states.push(state)
      },
      rx(stream, data) {
        pieces.push(String(data))
        stream.requestTx()
      },
      tx: () => ({ data: pieces.shift() ?? '' }),
    })
    const client = await connectTo(served.server)
    assert.equal(await client.echoes('by handlers'), 'by handlers')
    const [stream] = opened
    client.socket.end()
    await stream?.life.closed()
    assert.deepEqual(states, ['CREATING', 'CONNECTING', 'CONNECTED', 'DISCONNECTED', 'DESTROYING'])
    await assert.rejects(served.server.broadcast('x'), { code: 'ERR_SS_HAS_HANDLERS' })
  })

  test('broadcasts to all of its clients', async () => {
    await using served = await serveRaw()
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(served.server)))
    await Promise.all(clients.map((client) => client.echoes('there')))
    await served.server.broadcast('news')
    for (const client of clients) {
      await client.receives(9)
      assert.equal(client.text, 'therenews')
    }
    assert.throws(() => served.server.broadcast(1 as never), { code: 'ERR_INVALID_ARG_TYPE' })
    for (const { stats } of served.server.clients) {
      assert.equal(stats.messagesSent, 2)
      assert.equal(stats.bytesSent, 9)
    }
  })

  test('broadcasts between what it sends, and keeps no more than was given to it', async () => {
    await using served = await serveOne()
    const one = await served.connect()
    const other = await served.connect()
    const news = Buffer.from('news;')
    const sent = [
      one.stream.send('before;'),
      served.server.broadcast(news),
      one.stream.send('behind;'),
      served.server.broadcast('', {}),
    ]
    news.fill('x')
    await Promise.all(sent)
    await one.client.receives(19)
    await other.client.receives(5)
    assert.equal(one.client.text, 'before;news;behind;')
    assert.equal(other.client.text, 'news;')
    await served.server.broadcast('x', { signal: AbortSignal.timeout(60_000) })
    await other.client.receives(6)
  })

  test('has broadcast, although a client that read nothing is gone', async () => {
    await using served = await serveOne()
    const reader = await served.connect()
    const lazy = await served.connect()
    lazy.client.socket.pause()
    const large = Buffer.alloc(16 * 1024 * 1024, 'x')
    const all = served.server.broadcast(large)
    await reader.client.receives(large.length)
    const isEarly = await Promise.race([
      all.then(() => true),
      reader.stream.send('').then(() => {}),
    ])
    assert.equal(isEarly, undefined)
    lazy.client.socket.destroy()
    await all
    await lazy.stream.life.closed()
    await served.server.broadcast('more')
    await reader.client.receives(large.length + 4)
  })
})

describe('the end of a server', { timeout: 60_000 }, () => {
  test('sends what was given to send(), and then leaves nothing', async () => {
    await using served = await serveOne()
    const { client, stream } = await served.connect()
    const idle = await served.connect()
    const length = 8 * 1024 * 1024
    const sent = stream.send(Buffer.alloc(length, 'x'))
    const closed = served.server.close()
    const refused = connectTo(served.server).then(
      (late) => late.closed,
      (error) => error.code,
    )
    await closed
    await sent
    await client.receives(length)
    assert.equal(client.text.length, length)
    assert.equal(await client.closed, false)
    assert.equal(await idle.client.closed, false)
    assert.notEqual(await refused, undefined)
    await assert.rejects(connectTo(served.server), { code: 'ECONNREFUSED' })
    assert.deepEqual(served.server.stats, { clients: 0, connections: 2 })
    // The place is free at once.
    const again = await served.context.serve('served', echo)
    await again.close()
  })

  test('does not wait longer than it may', async () => {
    await using served = await serveOne()
    const { client, stream } = await served.connect()
    client.socket.pause()
    const sent = stream.send(Buffer.alloc(32 * 1024 * 1024))
    const failed = assert.rejects(sent, { code: 'ERR_SS_DESTROYED' })
    await served.server.close({ timeout: 50 })
    await failed
    assert.throws(() => served.server.close({ timeout: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  })

  test('comes at once with destroy(), which says why', async () => {
    await using served = await serveOne()
    const { client, stream } = await served.connect()
    client.socket.pause()
    const why = new Error('enough')
    const sent = stream.send(Buffer.alloc(32 * 1024 * 1024))
    const failed = assert.rejects(sent, (error) => {
      assert.ok(error instanceof DestroyedError)
      return error.cause === why
    })
    served.server.destroy(why)
    await failed
    await served.server.close()
    await assert.rejects(connectTo(served.server), { code: 'ECONNREFUSED' })
  })

  test('comes with its signal, whose reason is told', async () => {
    const controller = new AbortController()
    await using served = await serveOne({ signal: controller.signal })
    const { client, stream } = await served.connect()
    client.socket.pause()
    const failed = assert.rejects(stream.send(Buffer.alloc(32 * 1024 * 1024)), {
      name: 'AbortError',
    })
    controller.abort()
    await failed
    await served.server.close()
    await assert.rejects(served.context.serve('served', { ...echo, signal: controller.signal }), {
      name: 'AbortError',
    })
  })

  test('comes with that of its context', async () => {
    const first = await serveRaw()
    const client = await connectTo(first.server)
    await client.echoes('there')
    await first.context.close()
    assert.equal(await client.closed, false)

    const second = await serveRaw()
    const { server } = second
    const other = await connectTo(server)
    await other.echoes('there')
    second.context.destroy()
    await other.closed
    await second.context.close()
    await assert.rejects(connectTo(server), { code: 'ECONNREFUSED' })
    await assert.rejects(second.context.serve('served', echo), { code: 'ERR_SS_DESTROYED' })
  })
})
