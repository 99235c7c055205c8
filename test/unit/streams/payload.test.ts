/** What becomes of messages that are sent and received, without libwebsockets. */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, test } from 'node:test'
import type { Chunk, SecureStreamError } from 'lws-secure-streams'
import { internal } from '../../support/internals.js'
import { flush, kinds, openStream, watch } from './life-session.js'
import { NativeDouble } from './native-double.js'

const { Kind } = internal<typeof import('../../../dist/streamtypes/kind.js')>('streamtypes/kind.js')

const { BlobSource } =
  internal<typeof import('../../../dist/messages/blob-like.js')>('messages/blob-like.js')

const get = new Kind('get', { endpoint: 'host', protocol: 'h1', http_method: 'GET' })
const MiB = 1024 * 1024
const PIECE = { perf: false, binary: false }

class ProvidedDouble extends NativeDouble {
  readonly provided: unknown[] = []
  disconnects = 0
  listens = 0
  override listen(): void {
    this.listens++
  }
  override disconnect(): void {
    this.disconnects++
  }
  override answerNames(): string[] {
    return ['name']
  }
  override getMetadata(): undefined {
    return Buffer.from('value') as unknown as undefined
  }
  override provide(...given: unknown[]): void {
    this.provided.push(given)
  }
}

function open(exchange: keyof typeof kinds, kind = kinds[exchange]) {
  const double = new ProvidedDouble(exchange)
  const warnings: string[] = []
  const stream = openStream(double, kind, (text) => warnings.push(text))
  const { sending, receiving, life } = double.events
  return {
    ...{ stream, double, sending, life, receiving, warnings },
    receive: (text: string, som: boolean, eom: boolean) =>
      receiving.received(Buffer.from(text), { ...PIECE, som, eom }),
  }
}

/** The code of the error that a promise has rejected with, or what else it has come to. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  const watched = watch('', promise)
  await flush()
  const { code, message } = (watched.value ?? {}) as SecureStreamError
  return watched.outcome === 'rejected' ? (code ?? message) : watched.outcome
}

describe('send()', () => {
  test('settles when the socket has the message, where that is all', async () => {
    for (const exchange of ['messages', 'bytes'] as const) {
      const { stream, sending } = open(exchange)
      const sent = stream.send('x')
      assert.equal(await outcome(sent), 'pending')
      sending.sent(1)
      assert.equal(await outcome(sent), 'fulfilled')
    }
  })
  test('settles when the peer has the message, where it says so', async () => {
    for (const exchange of ['publishes', 'requests'] as const) {
      const { stream, sending } = open(exchange)
      const sent = stream.send('x')
      sending.sent(1)
      assert.equal(await outcome(sent), 'pending')
      sending.acknowledged(1)
      assert.equal(await outcome(sent), 'fulfilled')
    }
  })
  test('is refused by a policy that cannot send', async () => {
    const { stream, double } = open('requests', get)
    assert.equal(await outcome(stream.send('x')), 'ERR_SS_CANNOT_SEND')
    assert.equal(double.lastId, undefined)
  })
  test('is refused once the stream is destroyed, or its signal aborted', async () => {
    const { stream, double } = open('messages')
    const signal = AbortSignal.abort(new Error('before'))
    assert.equal(await outcome(stream.send('x', { signal })), 'before')
    stream.destroy()
    assert.equal(await outcome(stream.send('x')), 'ERR_SS_DESTROYED')
    assert.equal(double.lastId, undefined)
  })
  test('counts', () => {
    const { stream } = open('messages')
    for (const text of ['x', 'yz']) stream.send(text).catch(() => {})
    const { messagesSent, bytesSent } = stream.stats
    assert.deepEqual([messagesSent, bytesSent], [2, 3])
  })
})

describe('a blob', () => {
  const blob = new Blob(['x'.repeat(10)])

  test('is read when its pieces are wanted', async () => {
    const { stream, double, sending } = open('requests')
    stream.sending.sendFrom(new BlobSource(blob)).catch(() => {})
    await sending.wanted(1, 0)
    assert.deepEqual(double.provided, [[1, 0, new Uint8Array(Buffer.from('x'.repeat(10)))]])
  })
  test('that cannot be read ends its stream, with the reason', async () => {
    const { stream, sending } = open('requests')
    const broken = {
      size: 10,
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }),
    }
    const sent = stream.sending.sendFrom(new BlobSource(broken))
    await sending.wanted(1, 0)
    assert.equal(await outcome(sent), 'gone')
    assert.ok(stream.destroyed)
  })
})

describe('what is received', () => {
  test('is told of as messages, with all their bytes', () => {
    const told: unknown[] = []
    const listener = (message: unknown) => told.push((message as { bytes: number }).bytes)
    subscribe('lws-secure-streams:message', listener)
    const { receive } = open('messages')
    receive('abc', true, false)
    receive('de', false, true)
    receive('f', true, true)
    unsubscribe('lws-secure-streams:message', listener)
    assert.deepEqual(told, [5, 1])
  })
  test('counts', () => {
    const { stream, receive } = open('messages')
    receive('abc', true, false)
    receive('de', false, true)
    const { messagesReceived, bytesReceived } = stream.stats
    assert.deepEqual([messagesReceived, bytesReceived], [1, 5])
  })
  test('is not a piece when it is empty, and in the middle of a message', async () => {
    const { stream, receive } = open('messages')
    receive('abc', true, false)
    receive('', false, false)
    receive('', false, true)
    const chunks = stream.chunks()
    const pieces: (Chunk | undefined)[] = []
    for (let n = 0; n < 2; n++) pieces.push((await chunks.next()).value ?? undefined)
    assert.deepEqual(
      pieces.map((piece) => [piece?.data.length, piece?.eom]),
      [
        [3, false],
        [0, true],
      ],
    )
  })
  test('is a message each, on a protocol that has none', async () => {
    const { stream, receive } = open('bytes')
    receive('a', false, false)
    receive('b', false, false)
    const texts: (string | undefined)[] = []
    const reader = stream[Symbol.asyncIterator]()
    for (let n = 0; n < 2; n++) texts.push((await reader.next()).value?.text())
    assert.deepEqual(texts, ['a', 'b'])
  })
  test('goes to listeners, also what came before them', async () => {
    const { stream, double, receive } = open('messages')
    const heard: string[] = []
    receive('a', true, true)
    stream.on('message', (message) => heard.push(message.text()))
    await flush()
    assert.deepEqual(heard, ['a'])
    assert.equal(double.listens, 1)
    receive('b', true, true)
    assert.deepEqual(heard, ['a', 'b'])
  })
  test('makes no connection for a listener that has left at once', async () => {
    const { stream, double } = open('messages')
    const listener = () => {}
    stream.on('message', listener).off('message', listener)
    await flush()
    assert.equal(double.listens, 0)
  })
  test('completes its answer with its end', () => {
    const { stream, life, receive } = open('requests')
    life.answerBegins('0http://host/\nname:value\n', 200)
    receive('a', true, false)
    assert.equal(stream.life.head?.complete, false)
    receive('b', false, true)
    assert.equal(stream.life.head?.complete, true)
  })
  test('has the metadata of its answer with its end', async () => {
    const metadata = [{ name: 'x-name:' }]
    const post = { endpoint: 'host', protocol: 'h1', http_method: 'POST' } as const
    const { stream, receive } = open('requests', new Kind('it', { ...post, metadata }))
    receive('a', true, true)
    const { value } = await stream[Symbol.asyncIterator]().next()
    assert.deepEqual({ ...value?.metadata }, { name: 'value' })
  })
  test('ends the connection when it is a message of more than 512 MiB', () => {
    const { stream, double, receiving } = open('messages')
    const bytes = Buffer.alloc(MiB)
    for (let n = 0; n < 512; n++) {
      assert.equal(double.disconnects, 0)
      receiving.received(bytes, { ...PIECE, som: n === 0, eom: false })
    }
    assert.equal(double.disconnects, 1)
    assert.match(String(stream.lastError), /more than 512 MiB/)
  })
  test('is dropped when it may be lost and 32 MiB wait, with one warning until less does', async () => {
    const { stream, receiving, warnings } = open('publishes')
    const bytes = Buffer.alloc(MiB)
    const receive = (mayBeLost: boolean) => {
      receiving.published({ topic: 'topic', qos: mayBeLost ? 0 : 1, retain: false })
      receiving.received(bytes, { ...PIECE, som: true, eom: true })
    }
    const reader = stream.chunks()
    const first = reader.next()
    for (let n = 0; n < 33; n++) receive(false)
    await first
    for (const mayBeLost of [true, true, false]) receive(mayBeLost)
    assert.equal(stream.stats.messagesDropped, 2)
    assert.equal(stream.stats.messagesReceived, 34)
    assert.equal(warnings.length, 1)
    for (let n = 0; n < 5; n++) await reader.next()
    for (let n = 0; n < 5; n++) receive(true)
    assert.equal(stream.stats.messagesDropped, 3)
    assert.equal(warnings.length, 2)
  })
})
