import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { type RawPeer, startRaw, startWebSocket, type WebSocketPeer } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

const { Inbox }: typeof import('../../dist/messages/inbox.js') = require(
  path.join(path.dirname(require.resolve('lws-secure-streams')), 'messages', 'inbox.js'),
)

const over = { done: true, value: undefined }

describe('iterators', { timeout: 20_000 }, () => {
  let echo: WebSocketPeer
  let stalling: RawPeer
  let context: Context
  before(async () => {
    echo = await startWebSocket()
    stalling = await startRaw({
      accept: (socket) =>
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')),
    })
    context = await openContext({
      policy: policyOf({ ws: streamtype('ws', echo), h1: streamtype('h1', stalling) }),
    })
  })
  after(async () => {
    await context.close()
    await echo.close()
    await stalling.close()
  })

  for (const kind of ['messages', 'chunks'] as const)
    test(`of ${kind} that are left end the wait for more`, async () => {
      await using stream = context.stream('ws')
      const iterate = (): AsyncIterator<{ data: Buffer }, void> =>
        kind === 'chunks' ? stream.chunks() : stream[Symbol.asyncIterator]()
      const left = iterate()
      const other = iterate()
      const waiting = [left.next(), left.next()]
      assert.deepEqual(await left.return?.(), over)
      assert.deepEqual(await Promise.all(waiting), [over, over])
      assert.deepEqual(await left.next(), over)

      const next = other.next()
      await stream.send('hello')
      assert.equal(String((await next).value?.data), 'hello')
    })

  test('serve those that wait in the order in which they came', async () => {
    await using stream = context.stream('ws')
    const messages = stream[Symbol.asyncIterator]()
    const waiting = ['1', '2', '3'].map(() => messages.next())
    for (const text of ['1', '2', '3']) await stream.send(text)
    const received = await Promise.all(waiting)
    assert.deepEqual(
      received.map(({ value }) => value?.text()),
      ['1', '2', '3'],
    )
  })

  test('that take messages and chunks serve those that wait in the order in which they came', async () => {
    await using stream = context.stream('ws')
    const messages = stream[Symbol.asyncIterator]()
    const chunks = stream.chunks()
    const waiting = [chunks.next(), messages.next(), messages.next(), chunks.next()]
    for (const text of ['1', '2', '3', '4']) await stream.send(text)
    const received = await Promise.all(waiting)
    assert.deepEqual(
      received.map(({ value }) => String(value?.data)),
      ['1', '2', '3', '4'],
    )
  })

  test('ask for what there is as often as something comes, however many wait', async () => {
    const inbox = new Inbox({ setReading() {} })
    const many = 2000
    let asked = 0
    const take = () => {
      asked++
      return inbox.takeMessage()
    }
    const waiting = Array.from({ length: many }, () => inbox.next({}, 'messages', take))
    const data = Buffer.alloc(1)
    for (let i = 0; i < many; i++) inbox.push({ data, som: true, eom: true, metadata: {} })
    await Promise.all(waiting)
    assert.ok(asked <= 4 * many, `asked ${asked} times`)
  })

  test('of messages leave out one whose beginning was taken as a chunk', async () => {
    await using stream = context.stream('ws')
    const chunks = stream.chunks()
    const first = chunks.next()
    await stream.send(Buffer.alloc(1_000_000))
    assert.equal((await first).value?.eom, false)
    await chunks.return?.()
    const message = stream[Symbol.asyncIterator]().next()
    await stream.send('whole')
    assert.equal((await message).value?.text(), 'whole')
  })

  test('throw the reason of the end once, and are over', async () => {
    const stream = context.stream('ws')
    const messages = stream[Symbol.asyncIterator]()
    const waiting = [messages.next(), messages.next()]
    const reason = new Error('that is it')
    stream.destroy(reason)
    await assert.rejects(waiting[0] as Promise<unknown>, (error) => error === reason)
    assert.deepEqual(await waiting[1], over)
    assert.deepEqual(await messages.next(), over)
  })

  test('of the body of a reply end the transaction when they are left', async () => {
    const reply = await context.request('h1', { body: 'x' })
    const unused = reply.body[Symbol.asyncIterator]()
    const pieces = reply.body[Symbol.asyncIterator]()
    assert.equal(String((await pieces.next()).value), 'abc')
    await unused.return?.()
    const waiting = pieces.next()
    assert.deepEqual(await pieces.return?.(), over)
    assert.deepEqual(await waiting, over)
    await assert.rejects(reply.bytes(), { name: 'TypeError', code: 'ERR_INVALID_STATE' })
    while (context.stats.streams > 0) await new Promise(setImmediate)
  })
})
