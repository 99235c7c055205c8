import assert from 'node:assert/strict'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, test } from 'node:test'
import vm from 'node:vm'
import { type Context, openContext, Return, type SecureStream } from 'lws-secure-streams'
import {
  type Http1Peer,
  patternBytes,
  startHttp1,
  startWebSocket,
  type WebSocketPeer,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState } from '../support/states.js'

describe('messages', { timeout: 60_000 }, () => {
  let peer: WebSocketPeer
  let context: Context
  before(async () => {
    peer = await startWebSocket()
    context = await openContext({
      policy: policyOf({
        it: streamtype('ws', peer),
        text: streamtype('ws', peer, { ws_binary: false }),
        nailed: streamtype('ws', peer, { nailed_up: true, opportunistic: false }),
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        path: streamtype('ws', peer, { http_url: '/${path}', metadata: [{ path: '' }] }),
      }),
    })
  })
  after(async () => {
    await context.close()
    await peer.close()
  })

  test('of 0 bytes to 32 MiB arrive as they were sent', async () => {
    await using stream = context.stream('it')
    const messages = stream[Symbol.asyncIterator]()
    for (const size of [0, 1, 125, 126, 1400, 1401, 65_535, 65_536, 32 * 1024 * 1024]) {
      const bytes = patternBytes(size)
      await stream.send(bytes)
      const { value } = await messages.next()
      assert.ok(value?.data.equals(bytes), `${size} bytes`)
    }
  })

  test('are what the bytes were at send(), in whichever memory', async () => {
    await using stream = context.stream('it')
    await stream.connect()
    const messages = stream[Symbol.asyncIterator]()
    const resizable = Reflect.construct(ArrayBuffer, [100_000, { maxByteLength: 200_000 }])
    const makes: Record<string, () => Uint8Array> = {
      'of another realm': () => vm.runInNewContext('new Uint8Array(100_000)'),
      shared: () => new Uint8Array(new SharedArrayBuffer(100_000)),
      resizable: () => new Uint8Array(resizable),
      'of a subclass': () => new (class extends Uint8Array {})(100_000),
    }
    for (const [kind, make] of Object.entries(makes)) {
      const bytes = make().fill(1)
      const sent = stream.send(bytes)
      bytes.fill(2)
      if (kind === 'resizable') resizable.resize(0)
      await sent
      const { value } = await messages.next()
      assert.ok(value?.data.equals(Buffer.alloc(100_000, 1)), kind)
    }
  })

  test('are text or binary as the policy says, and can be read as either', async () => {
    await using stream = context.stream('text')
    const connection = once(peer.webSockets, 'connection')
    await stream.connect()
    const [socket] = await connection
    const received = once(socket, 'message')
    await stream.send('{"grüße":"∞"}')
    const [, binary] = await received
    assert.equal(binary, false)
    const { value } = await stream[Symbol.asyncIterator]().next()
    assert.equal(value?.text(), '{"grüße":"∞"}')
    assert.deepEqual(value?.json(), { grüße: '∞' })
  })

  test('what the program does with its buffer after send() changes nothing', async () => {
    await using stream = context.stream('it')
    const small = Buffer.from('small')
    const large = Buffer.alloc(1024 * 1024, 1)
    const sent = [stream.send(small), stream.send(large)]
    small.fill(0)
    structuredClone(large.buffer, { transfer: [large.buffer] })
    await Promise.all(sent)
    const messages = stream[Symbol.asyncIterator]()
    assert.equal((await messages.next()).value?.text(), 'small')
    assert.ok((await messages.next()).value?.data.equals(Buffer.alloc(1024 * 1024, 1)))
  })

  test('views of all kinds are sent as their bytes', async () => {
    await using stream = context.stream('it')
    const memory = new Uint8Array(new SharedArrayBuffer(8)).fill(7)
    const views = [memory, new Uint8Array([9, 1, 2, 3]).subarray(1), Buffer.from('x').subarray(0)]
    const messages = stream[Symbol.asyncIterator]()
    for (const view of views) {
      await stream.send(view)
      assert.deepEqual([...((await messages.next()).value?.data ?? [])], [...view])
    }
  })

  test('a signal takes back what has not begun to leave', async () => {
    await using stream = context.stream('it')
    const aborting = new AbortController()
    const first = stream.send('first')
    const second = stream.send('second', { signal: aborting.signal })
    const third = stream.send('third')
    const reason = new Error('second thoughts')
    aborting.abort(reason)
    await assert.rejects(second, (error) => error === reason)
    await assert.rejects(stream.send('x', { signal: aborting.signal }), (e) => e === reason)
    await Promise.all([first, third])
    const messages = stream[Symbol.asyncIterator]()
    assert.equal((await messages.next()).value?.text(), 'first')
    assert.equal((await messages.next()).value?.text(), 'third')
  })

  for (const [way, end] of [
    ['disconnect()', (stream: SecureStream) => stream.disconnect()],
    ['destroy()', (stream: SecureStream) => stream.destroy()],
  ] as const)
    test(`${way} closes a WebSocket as it should be closed`, async () => {
      await using stream = context.stream('it')
      const connection = once(peer.webSockets, 'connection')
      await stream.connect()
      const [socket] = await connection
      const closed = once(socket, 'close')
      end(stream)
      assert.equal((await closed)[0], 1000)
    })

  test('what is sent after disconnect() goes out on the next connection', async () => {
    await using stream = context.stream('it')
    await stream.connect()
    const before = stream.send('before')
    stream.disconnect()
    const after = stream.send('after')
    await assert.rejects(before, { code: 'ERR_SS_DISCONNECTED' })
    await after
    assert.equal((await nextMessage(stream)).toString(), 'after')
    assert.equal(stream.stats.connections, 2)
  })

  test('a timeout of the program rejects what waits', async () => {
    await using stream = context.stream('it')
    await stream.connect()
    stream.startTimeout(1)
    await nextState(stream, 'TIMEOUT')
    assert.equal(stream.destroyed, false)
    await stream.send('still there')
    assert.equal((await nextMessage(stream)).toString(), 'still there')

    stream.startTimeout(10)
    stream.cancelTimeout()
    await stream.send('not timed out')
  })

  test('duplex() is a Node stream', async () => {
    const stream = context.stream('it')
    const duplex = stream.duplex()
    const pieces = ['one', 'two', 'three']
    const received: string[] = []
    duplex.on('data', (data) => {
      received.push(String(data))
      if (received.join('').length === pieces.join('').length) duplex.end()
    })
    for (const piece of pieces) duplex.write(piece)
    await once(duplex, 'finish')
    assert.equal(received.join(''), pieces.join(''))
    duplex.destroy()
    await once(duplex, 'close')
    await stream[Symbol.asyncDispose]()

    const broken = context.stream('it')
    const failing = broken.duplex()
    const cause = new Error('no more')
    broken.destroy(cause)
    await assert.rejects(
      pipeline(failing, async function* (source) {
        yield* source
      }),
      (error) => error === cause,
    )
  })

  test('nailed_up streams connect by themselves, and again when cut off', async () => {
    const states: unknown[] = []
    const connectedTwice = new Promise<SecureStream>((resolve) => {
      context.stream('nailed', {
        state: (stream, state) => {
          states.push(state)
          if (state === 'CONNECTED') {
            if (states.filter((state) => state === 'CONNECTED').length === 2) resolve(stream)
            else setImmediate(() => peer.dropConnections())
          }
        },
      })
    })
    const stream = await connectedTwice
    assert.ok(states.includes('DISCONNECTED'))
    stream.destroy()
  })

  test('metadata can change between connections', async () => {
    await using stream = context.stream('path', { metadata: { path: 'first' } })
    await stream.connect()
    assert.equal(peer.urls.at(-1), '/first')
    assert.deepEqual({ ...stream.metadata }, { path: 'first' })
    const disconnected = nextState(stream, 'DISCONNECTED')
    stream.disconnect()
    await disconnected
    stream.setMetadata('path', Buffer.from('second'))
    assert.equal(stream.getMetadata('path'), 'second')
    assert.deepEqual(stream.getMetadata('path', 'buffer'), Buffer.from('second'))
    await stream.connect()
    assert.equal(peer.urls.at(-1), '/second')
    stream.setMetadata('path', '')
    assert.equal(stream.getMetadata('path'), '')
  })

  test('a stream is destroyed as soon as it is told to be', async () => {
    const stream = context.stream('it')
    stream.destroy()
    assert.equal(stream.destroyed, true)
    await assert.rejects(stream.send('x'), { code: 'ERR_SS_DESTROYED' })
    await assert.rejects(stream.connect(), { code: 'ERR_SS_DESTROYED' })
    await stream[Symbol.asyncDispose]()
  })

  test('stats count what passes', async () => {
    await using stream = context.stream('it')
    await stream.send('12345')
    await nextMessage(stream)
    assert.deepEqual(stream.stats, {
      messagesSent: 1,
      messagesReceived: 1,
      bytesSent: 5,
      bytesReceived: 5,
      connections: 1,
    })
  })

  test('handlers can be replaced', async () => {
    const heard: string[] = []
    const done = new Promise<void>((resolve) => {
      context
        .stream('it', {
          state: (stream, state) => {
            if (state === 'CONNECTED') stream.requestTx()
            if (state === 'DESTROYING') resolve()
          },
          tx: () => ({ data: 'x', som: true, eom: true }),
          rx: (stream) => {
            heard.push('first')
            // As in stream(), what is undefined is not given.
            stream.changeHandlers({ state: undefined, rx: undefined, tx: undefined } as object)
            stream.changeHandlers({
              rx: () => {
                heard.push('second')
                return Return.DESTROY_ME
              },
            })
            stream.requestTx()
          },
        })
        .connect()
    })
    await done
    assert.deepEqual(heard, ['first', 'second'])
  })

  test('a stream with handlers has no messages, and says so', async () => {
    const stream = context.stream('it', { rx: () => {} })
    const refused = { name: 'SecureStreamError', code: 'ERR_SS_HAS_HANDLERS' }
    await assert.rejects(stream.send('x'), refused)
    for (const receive of [
      () => stream[Symbol.asyncIterator](),
      () => stream.chunks(),
      () => stream.duplex(),
      () => stream.on('message', () => {}),
      () => stream.prependOnceListener('message', () => {}),
    ])
      assert.throws(receive, refused)
    await assert.rejects(once(stream, 'message'), refused)
    assert.equal(stream.listenerCount('message'), 0)
    stream.destroy()
  })
})

describe('a perf streamtype', { timeout: 60_000 }, () => {
  test('tells its times as an event, not as payload', async () => {
    const peer: Http1Peer = await startHttp1()
    const context = await openContext({
      policy: policyOf({ it: streamtype('h1', peer, { perf: true }) }),
    })
    const stream = context.stream('it')
    const perf = once(stream, 'perf')
    await stream.send('x')
    const [times] = (await perf) as [{ peer: string; sockconn_us: number }]
    assert.equal(times.peer, '127.0.0.1')
    assert.equal(typeof times.sockconn_us, 'number')
    assert.equal((await nextMessage(stream)).toString(), 'x')
    await context.close()
    await peer.close()
  })
})
