import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { type RawPeer, startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState } from '../support/states.js'

const CONNACK = Buffer.of(0x20, 2, 0, 0)
const SUBACK = Buffer.of(0x90, 3, 0, 1, 1)
const PUBLISH = 0x30
const QOS1 = 0x02

/** A packet of `type`, flags included, shorter than 128 bytes. */
function packet(type: number, ...content: (number | string)[]): Buffer {
  const bytes = Buffer.concat(
    content.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
  )
  return Buffer.concat([Buffer.of(type, bytes.length), bytes])
}
const HELLO = packet(PUBLISH, 0, 6, 'test/t', 'hello')

describe('MQTT packets', { timeout: 30_000 }, () => {
  let peer: RawPeer
  let accepted: (socket: Socket) => void
  before(async () => {
    // A broker that agrees to everything; the client's first packet id is 1.
    peer = await startRaw({
      accept: (socket) => {
        // What is written apart is to be read apart.
        socket.setNoDelay()
        socket.once('data', () => {
          socket.write(CONNACK)
          socket.once('data', () => {
            socket.write(SUBACK)
            socket.resume()
            accepted(socket)
          })
        })
      },
    })
  })
  after(() => peer.close())

  async function withStream(
    use: (stream: SecureStream, socket: Socket) => Promise<void>,
  ): Promise<void> {
    const connection = new Promise<Socket>((resolve) => {
      accepted = resolve
    })
    // Streams of one context would share the connection.
    await using context: Context = await openContext({
      policy: policyOf({ it: streamtype('mqtt', peer, { opportunistic: true }) }),
    })
    const stream = context.stream('it', { metadata: { topic: 't' } })
    await stream.connect()
    await use(stream, await connection)
  }

  const harmless: [what: string, bytes: Buffer][] = [
    ['nothing special', Buffer.alloc(0)],
    ['an answer to no ping', packet(0xd0)],
    ['an acknowledgement of no message', packet(0x40, 0, 77)],
    ['an acknowledgement of no subscription', packet(0x90, 0, 77, 0)],
    ['an acknowledgement of no cancellation', packet(0xb0, 0, 77)],
    ['a message of a topic that nobody wants', packet(PUBLISH, 0, 5, 'other', 'x')],
    ['a message without payload of such a topic', packet(PUBLISH, 0, 5, 'other')],
    ['a message of QoS 2', packet(PUBLISH | 0x04, 0, 5, 'other', 0, 9, 'x')],
  ]
  for (const [what, bytes] of harmless)
    test(`that are no reason to hang up: ${what}`, () =>
      withStream(async (stream, socket) => {
        socket.write(Buffer.concat([bytes, HELLO]))
        assert.equal(String(await nextMessage(stream)), 'hello')
        for (const byte of Buffer.concat([bytes, HELLO])) {
          socket.write(Buffer.of(byte))
          await new Promise(setImmediate)
        }
        assert.equal(String(await nextMessage(stream)), 'hello')
      }))

  test('have lengths that may be split, also those that need not be so long', () =>
    withStream(async (stream, socket) => {
      const topic = Buffer.from('test/t')
      for (const bytes of [
        Buffer.of(0x40, 0x82, 0, 0, 77),
        Buffer.of(0xb0, 0x82, 0, 0, 77),
        Buffer.of(0x90, 0x83, 0, 0, 77, 0),
        Buffer.concat([Buffer.of(PUBLISH, 0x89, 0x80, 0, 0, 6), topic, Buffer.from('x')]),
      ]) {
        for (const byte of bytes) {
          socket.write(Buffer.of(byte))
          await new Promise(setImmediate)
        }
      }
      assert.equal(String(await nextMessage(stream)), 'x')
    }))

  test('have lengths that may be split, too', () =>
    withStream(async (stream, socket) => {
      const payload = 'x'.repeat(20_000)
      const length = 2 + 'test/t'.length + payload.length
      const header = Buffer.of(
        PUBLISH,
        0x80 | (length & 0x7f),
        0x80 | ((length >> 7) & 0x7f),
        length >> 14,
      )
      for (const byte of header) {
        socket.write(Buffer.of(byte))
        await new Promise(setImmediate)
      }
      socket.write(Buffer.concat([Buffer.of(0, 6), Buffer.from(`test/t${payload}`), HELLO]))
      const messages = stream[Symbol.asyncIterator]()
      assert.equal((await messages.next()).value?.text(), payload)
      assert.equal((await messages.next()).value?.text(), 'hello')
    }))

  const violations: [what: string, bytes: Buffer][] = [
    ['type 0', packet(0x00)],
    ['type 15', packet(0xf0)],
    ['a second CONNACK', CONNACK],
    ['CONNECT', packet(0x10, 0, 4, 'MQTT', 4, 2, 0, 0, 0, 1, 'x')],
    ['SUBSCRIBE', packet(0x82, 0, 1, 0, 1, 'x', 0)],
    ['UNSUBSCRIBE', packet(0xa2, 0, 1, 0, 1, 'x')],
    ['PINGREQ', packet(0xc0)],
    ['DISCONNECT', packet(0xe0)],
    ['flags that PUBACK has not', packet(0x4f, 0, 1)],
    ['flags that PINGRESP has not', packet(0xd1)],
    ['a PINGRESP with more in it', packet(0xd0, 1, 2)],
    ['a PUBACK of no bytes', packet(0x40)],
    ['a PUBACK of one byte', packet(0x40, 0)],
    ['a SUBACK without an answer', packet(0x90, 0, 1)],
    ['a SUBACK with an answer that does not exist', packet(0x90, 0, 1, 3)],
    ['a length of five bytes', Buffer.of(PUBLISH, 0xff, 0xff, 0xff, 0xff, 1)],
    ['a message of QoS 3', packet(PUBLISH | 0x06, 0, 6, 'test/t', 0, 1, 'x')],
    ['a message of no bytes', packet(PUBLISH)],
    ['a message of one byte', packet(PUBLISH, 0)],
    ['a message without topic', packet(PUBLISH, 0, 0, 'x')],
    ['a topic that is longer than the packet', packet(PUBLISH, 0xff, 0xff, 'x')],
    ['a topic that ends with the packet, without a packet id', packet(PUBLISH | QOS1, 0, 1, 'x')],
    ['a packet id of 0', packet(PUBLISH | QOS1, 0, 6, 'test/t', 0, 0, 'x')],
    ['a topic with a NUL', packet(PUBLISH, 0, 6, 'test\0t', 'x')],
  ]
  for (const [what, bytes] of violations)
    test(`that break the protocol end it: ${what}`, () =>
      withStream(async (stream, socket) => {
        const messages: string[] = []
        stream.on('message', (message) => messages.push(message.text()))
        const disconnected = nextState(stream, 'DISCONNECTED')
        const closed = once(socket, 'close')
        socket.write(Buffer.concat([bytes, HELLO]))
        await Promise.all([disconnected, closed])
        assert.deepEqual(messages, [])
        assert.match(stream.lastError?.message ?? '', /breaks the MQTT protocol/)
      }))

  test('of any kind at all do no harm', async () => {
    let state = 7
    const random = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return state >>> 16
    }
    const types = [0x20, 0x30, 0x32, 0x34, 0x36, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xd0]
    for (let n = 0; n < 300; n++) {
      await withStream(async (stream, socket) => {
        const disconnected = nextState(stream, 'DISCONNECTED')
        const pieces = Array.from({ length: 10 }, () => {
          const noise = Array.from({ length: random() % 12 }, () => random() % 8)
          const type = types[random() % types.length] as number
          return random() % 8 === 0 ? Buffer.from(noise) : packet(type, ...noise)
        })
        socket.end(Buffer.concat([...pieces, HELLO]))
        await disconnected
      })
    }
  })
})

describe('what is no SUBACK', { timeout: 30_000 }, () => {
  const answers: [what: string, bytes: Buffer, why: RegExp][] = [
    ['more answers than questions', packet(0x90, 0, 1, 1, 1), /breaks the MQTT protocol/],
    ['a refusal', packet(0x90, 0, 1, 0x80), /refused the subscription/],
    [
      'a refusal of MQTT 5',
      packet(0x90, 0, 1, 0x81),
      /refused the subscription \(0x81, Malformed packet\)/,
    ],
    ['an answer that does not exist', packet(0x90, 0, 1, 0x03), /breaks the MQTT protocol/],
    ['no packet id', packet(0x90, 0), /breaks the MQTT protocol/],
  ]
  for (const [what, bytes, why] of answers)
    for (const split of [false, true])
      test(`fails the attempt: ${what}${split ? ', split' : ''}`, async () => {
        await using peer = await startRaw({
          accept: (socket) => {
            socket.setNoDelay().once('data', () => {
              socket.write(CONNACK)
              // Another attempt may be made on the same connection.
              socket.on('data', async (subscribe: Buffer) => {
                const answer = Buffer.from(bytes)
                if (answer.length > 4) subscribe.copy(answer, 2, 2, 4)
                if (!split) socket.write(answer)
                for (const byte of split ? answer : []) {
                  socket.write(Buffer.of(byte))
                  await new Promise(setImmediate)
                }
              })
            })
          },
        })
        await using context = await openContext({
          policy: policyOf({ it: streamtype('mqtt', peer) }),
        })
        await using stream: SecureStream = context.stream('it', { metadata: { topic: 't' } })
        await assert.rejects(
          stream.connect(),
          ({ code, message }) => code === 'ERR_SS_ALL_RETRIES_FAILED' && why.test(message),
        )
      })
})

describe('what is no CONNACK', { timeout: 30_000 }, () => {
  const answers: [what: string, bytes: Buffer, why?: RegExp][] = [
    ['a return code that does not exist', packet(0x20, 0, 6)],
    ['flags that do not exist', packet(0x20, 2, 0)],
    ['a session of a client that begins anew', packet(0x20, 1, 0)],
    ['too short', packet(0x20, 0)],
    ['too long', packet(0x20, 0, 0, 0)],
    ['another packet', packet(0xd0), /no CONNACK of MQTT/],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /speaks HTTP/],
  ]
  for (const [what, bytes, why = /breaks the MQTT protocol/] of answers)
    test(`fails the attempt: ${what}`, async () => {
      await using peer = await startRaw({
        accept: (socket) => socket.once('data', () => socket.write(bytes)),
      })
      await using context = await openContext({
        policy: policyOf({ it: streamtype('mqtt', peer) }),
      })
      await using stream: SecureStream = context.stream('it', { metadata: { topic: 't' } })
      await assert.rejects(
        stream.send('x'),
        ({ code, message }) => code === 'ERR_SS_ALL_RETRIES_FAILED' && why.test(message),
      )
      assert.equal(peer.connections, 3)
    })
})
