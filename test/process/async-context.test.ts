import assert from 'node:assert/strict'
import { AsyncLocalStorage, createHook, executionAsyncResource } from 'node:async_hooks'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, Return, type SecureStream } from 'lws-secure-streams'
import { type Peer, startHttp1, startWebSocket } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

const storage = new AsyncLocalStorage<string>()

describe('AsyncLocalStorage', { timeout: 60_000 }, () => {
  const peers: Peer[] = []
  let context: Context

  before(async () => {
    const [ws, h1] = await Promise.all([startWebSocket(), startHttp1()])
    peers.push(ws, h1)
    context = await storage.run('context', () =>
      openContext({
        policy: policyOf({
          ws: streamtype('ws', ws, { timeout_ms: 1 }),
          h1: streamtype('h1', h1),
          refused: streamtype('ws', { port: 1 }),
        }),
      }),
    )
  })
  after(async () => {
    await context.close()
    for (const peer of peers) await peer.close()
  })

  /** What every listener of a stream that sends, receives and is destroyed finds in the storage. */
  async function heardByListeners(value: string): Promise<Set<string | undefined>> {
    const heard = new Set<string | undefined>()
    const stream = storage.run(value, () => context.stream('ws'))
    stream.on('state', () => heard.add(storage.getStore()))
    const message = new Promise<void>((resolve) =>
      stream.on('message', () => {
        heard.add(storage.getStore())
        resolve()
      }),
    )
    await stream.send('hello')
    await message
    await stream[Symbol.asyncDispose]()
    return heard
  }

  test('listeners of a stream have the value that it was made with', async () => {
    assert.deepEqual(await heardByListeners('mine'), new Set(['mine']))
    const several = await Promise.all(['a', 'b', 'c'].map(heardByListeners))
    assert.deepEqual(several, [new Set('a'), new Set('b'), new Set('c')])
  })

  test('handlers of every kind have it, and what they start', async () => {
    const heard = new Map<string, string | undefined>()
    const note = (where: string) => {
      heard.set(where, storage.getStore())
      queueMicrotask(() => heard.set(`microtask of ${where}`, storage.getStore()))
      process.nextTick(() => heard.set(`tick of ${where}`, storage.getStore()))
      setTimeout(() => heard.set(`timer of ${where}`, storage.getStore()), 0)
    }
    const use = (name: 'ws' | 'refused') =>
      new Promise<void>((resolve) => {
        const begin = () =>
          context.stream(name, {
            state(stream, state) {
              note(String(state))
              if (state === 'CREATING') stream.requestTx()
              if (state === 'ALL_RETRIES_FAILED' || state === 'TIMEOUT') stream.destroy()
              if (state === 'DESTROYING') setTimeout(resolve, 0)
            },
            tx() {
              note('tx')
              return heard.has('rx') ? Return.TX_DONT_SEND : { data: 'x', som: true, eom: true }
            },
            rx(stream) {
              note('rx')
              stream.startTimeout()
            },
          })
        storage.run('mine', begin)
      })
    await storage.run('not mine', () => use('ws'))
    await storage.run('not mine', () => use('refused'))

    const places = [
      'CREATING',
      'POLL',
      'CONNECTING',
      'CONNECTED',
      'TIMEOUT',
      'DISCONNECTED',
      'tx',
      'rx',
    ]
    places.push('UNREACHABLE', 'ALL_RETRIES_FAILED', 'DESTROYING')
    for (const place of places)
      for (const where of [place, `microtask of ${place}`, `tick of ${place}`, `timer of ${place}`])
        assert.equal(heard.get(where), 'mine', where)
  })

  test('the caller of send(), connect(), request() and of iteration keeps its own', async () => {
    const stream = storage.run('stream', () => context.stream('ws'))
    await storage.run('caller', async () => {
      await stream.connect()
      assert.equal(storage.getStore(), 'caller')
      await stream.send('hello')
      assert.equal(storage.getStore(), 'caller')
      for await (const message of stream) {
        assert.equal(message.text(), 'hello')
        assert.equal(storage.getStore(), 'caller')
        break
      }
      const reply = await context.request('h1', { body: 'hello' })
      assert.equal(storage.getStore(), 'caller')
      assert.equal(await reply.text(), 'hello')
      assert.equal(storage.getStore(), 'caller')
      const refused = context.stream('refused').send('never mind')
      await assert.rejects(refused, () => {
        assert.equal(storage.getStore(), 'caller')
        return true
      })
    })
    stream.destroy()
  })

  test('listeners of a context have the value that it was opened with', async () => {
    await storage.run('listener', async () => {
      const logged = once(context, 'log')
      const store = new Promise((resolve) => context.once('log', () => resolve(storage.getStore())))
      // Lines are made from the next tick on that somebody listens.
      await null
      await storage.run('stream', () =>
        context
          .stream('refused')
          .connect()
          .catch(() => {}),
      )
      await logged
      assert.equal(await store, 'context')
    })
  })

  test('microtasks of a handler run before lws calls the next', async () => {
    const order: string[] = []
    await new Promise<void>((resolve) => {
      context.stream('ws', {
        state(stream, state) {
          order.push(String(state))
          queueMicrotask(() => order.push(`after ${state}`))
          if (state === 'CREATING') setImmediate(() => stream.requestTx())
          if (state === 'CONNECTED') stream.destroy()
          if (state === 'DESTROYING') setImmediate(resolve)
        },
      })
    })
    // CREATING happens inside stream(), which is the program's own code still.
    const states = ['POLL', 'CONNECTING', 'CONNECTED', 'DISCONNECTED', 'DESTROYING']
    assert.deepEqual(
      order.slice(2),
      states.flatMap((state) => [state, `after ${state}`]),
    )
  })

  test('async_hooks see one resource for each stream, in which its events run', async () => {
    const made: number[] = []
    const hook = createHook({
      init(id, type) {
        if (type === 'SECURESTREAM') made.push(id)
      },
    }).enable()
    const streams = [context.stream('ws'), context.stream('ws')]
    hook.disable()
    assert.equal(made.length, 2)

    const resources = await Promise.all(
      streams.map(async (stream: SecureStream) => {
        const seen = new Set<object>()
        stream.on('state', () => seen.add(executionAsyncResource()))
        const message = nextMessage(stream)
        await stream.send('hello')
        await message
        await stream[Symbol.asyncDispose]()
        assert.equal(seen.size, 1)
        return [...seen][0]
      }),
    )
    assert.notEqual(resources[0], resources[1])
  })
})
