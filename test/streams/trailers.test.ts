import assert from 'node:assert/strict'
import http from 'node:http'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  type Peer,
  startFrames,
  startRaw,
  startSessions,
} from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'
import { traceStates } from '../support/states.js'

const OK = Buffer.of(0x88)
const literal = (name: string, value: string) =>
  Buffer.concat([
    Buffer.of(0, name.length),
    Buffer.from(name),
    Buffer.of(value.length),
    Buffer.from(value),
  ])

/** What node:http and node:http2 answer: `hello`, and `trailers`. */
const starts = {
  async h1(status: number, trailers: Record<string, string | string[]>): Promise<Peer> {
    const server = http.createServer((request, response) => {
      request.resume()
      response.writeHead(status, { 'x-a': 'header', trailer: 'x-sum' })
      response.write('hel')
      response.addTrailers(trailers as NodeJS.Dict<string>)
      response.end('lo')
    })
    return ServerPeer.listen(server)
  },
  h2: (status: number, trailers: Record<string, string | string[]>): Promise<Peer> =>
    startSessions((stream) => {
      stream.respond({ ':status': status, 'x-a': 'header' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers(trailers))
      stream.end('hello')
    }),
}

function contextFor(protocol: 'h1' | 'h2', peer: Peer): Promise<Context> {
  const more = {
    metadata: [{ a: 'x-a:' }, { sum: 'x-sum:' }, { tag: 'etag:' }],
    http_resp_map: [{ 404: 1404 }],
    direct_proto_str: true,
  }
  const { retry: _, ...it } = streamtype(protocol, peer, more)
  return openContext({ policy: policyOf({ it }) })
}

for (const protocol of ['h1', 'h2'] as const)
  describe(`the trailers of an answer on ${protocol}`, { timeout: 30_000 }, () => {
    test('are read apart from its headers', async () => {
      const trailers = { 'x-sum': '1', 'x-a': 'trailer', etag: '"2"', 'x-empty': '' }
      await using peer = await starts[protocol](200, trailers)
      await using context = await contextFor(protocol, peer)
      for (let n = 0; n < 3; n++) {
        const reply = await context.request('it', { body: 'x' })
        assert.equal(await reply.text(), 'hello')
        assert.ok(reply.trailers instanceof Headers)
        assert.deepEqual(Object.fromEntries(reply.trailers), trailers)
        assert.equal(reply.headers.get('x-a'), 'header')
        assert.equal(reply.headers.get('x-sum'), null)
        assert.equal(reply.metadata.a, 'header')
        assert.ok(!reply.metadata.sum && !reply.metadata.tag)
      }
    })

    test('that come several times are all there', async () => {
      await using peer = await starts[protocol](200, { 'x-sum': ['1', '2'], 'set-cookie': 'a=b' })
      await using context = await contextFor(protocol, peer)
      const reply = await context.request('it', { body: 'x' })
      await reply.bytes()
      assert.equal(reply.trailers.get('x-sum'), '1, 2')
      assert.equal(reply.trailers.get('set-cookie'), 'a=b')
    })

    test('are none where there are none, and until they come', async () => {
      await using peer = await starts[protocol](200, {})
      await using context = await contextFor(protocol, peer)
      const reply = await context.request('it', { body: 'x' })
      assert.deepEqual([...reply.trailers], [])
      assert.equal(await reply.text(), 'hello')
      assert.deepEqual([...reply.trailers], [])
    })

    test('change nothing for a stream of messages', async () => {
      await using peer = await starts[protocol](404, { 'x-sum': '1', 'x-a': 'trailer' })
      await using context = await contextFor(protocol, peer)
      await using stream = context.stream('it')
      const states = traceStates(stream)
      const messages = stream[Symbol.asyncIterator]()
      await assert.rejects(stream.send('x'), { code: 'ERR_SS_NACK', state: 1404 })
      const { value } = await messages.next()
      assert.equal(value?.text(), 'hello')
      assert.equal(value?.metadata.a, 'header')
      assert.equal(stream.getMetadata('a'), 'header')
      assert.ok(!stream.getMetadata('sum'))
      assert.ok(!Object.hasOwn(stream.metadata, 'x-sum:'))
      assert.equal(states.filter((state) => state === 1404).length, 1)
      assert.equal(states.filter((state) => state === 'CONNECTED').length, 1)
    })
  })

describe('trailers of h2', { timeout: 30_000 }, () => {
  const length = Buffer.from('\x88\x0f\x0d\x015', 'latin1')
  const blocks: Record<string, [flags: number, block: Buffer, text: string | undefined]> = {
    'after all that the content-length says': [END_STREAM, literal('x-sum', '1'), 'hello'],
    'after less than the content-length says': [END_STREAM, literal('x-sum', '1'), undefined],
    'with a content-length of their own': [END_STREAM, literal('content-length', '77'), 'hello'],
    'without any': [END_STREAM, Buffer.alloc(0), 'hello'],
    'with a status': [END_STREAM, OK, undefined],
    'with a status among them': [END_STREAM, Buffer.concat([literal('x-sum', '1'), OK]), undefined],
    'that are not the end': [0, literal('x-sum', '1'), undefined],
  }
  for (const [what, [flags, block, text]] of Object.entries(blocks))
    test(`${what} are ${text ? 'right' : 'none'}`, async () => {
      await using peer = await startFrames((socket, stream) => {
        const sent = what.includes('less') ? 'hell' : 'hello'
        socket.write(frame(HEADERS, END_HEADERS, stream, length))
        socket.write(frame(DATA, 0, stream, Buffer.from(sent)))
        socket.write(frame(HEADERS, END_HEADERS | flags, stream, block))
      })
      await using context = await contextFor('h2', peer)
      const reply = await context.request('it', { body: 'x' })
      if (text) assert.equal(await reply.text(), text)
      else await assert.rejects(reply.text(), { code: 'ERR_SS_DISCONNECTED' })
    })

  test('may follow the headers at once', async () => {
    await using peer = await startFrames((socket, stream) => {
      socket.write(frame(HEADERS, END_HEADERS, stream, OK))
      socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, literal('grpc-status', '5')))
    })
    await using context = await contextFor('h2', peer)
    const reply = await context.request('it', { body: 'x' })
    assert.equal(await reply.text(), '')
    assert.equal(reply.trailers.get('grpc-status'), '5')
    assert.equal(reply.headers.get('grpc-status'), null)
  })
})

describe('trailers of h1', { timeout: 30_000 }, () => {
  const HEAD =
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-a: header\r\n\r\n5\r\nhello\r\n0\r\n'
  const answer = (trailers: string) => (socket: Socket) => {
    socket.once('data', () => {
      // Whatever pieces it comes in.
      for (const byte of Buffer.from(`${HEAD}${trailers}`)) socket.write(Buffer.of(byte))
    })
  }

  test('come in any pieces, and with any space', async () => {
    await using peer = await startRaw({ accept: answer('x-sum:1\r\nX-Other: \t two \r\n\r\n') })
    await using context = await contextFor('h1', peer)
    const reply = await context.request('it', { body: 'x' })
    assert.equal(await reply.text(), 'hello')
    assert.deepEqual(Object.fromEntries(reply.trailers), { 'x-sum': '1', 'x-other': 'two' })
  })

  const malformed = {
    'a line that is no header': 'nothing\r\n\r\n',
    'more than there is room for': `x-sum: ${'1'.repeat(40_000)}\r\n\r\n`,
    'no end': `x-sum: ${'1'.repeat(1000)}\r\n`.repeat(50),
    'a zero byte': 'x-sum: a\0b\r\n\r\n',
  }
  for (const [what, trailers] of Object.entries(malformed))
    test(`are no trailers with ${what}`, async () => {
      await using peer = await startRaw({ accept: answer(trailers) })
      await using context = await contextFor('h1', peer)
      const reply = await context.request('it', { body: 'x' })
      await assert.rejects(reply.text(), { code: 'ERR_SS_DISCONNECTED' })
    })
})
