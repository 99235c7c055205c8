import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { type Context, openContext, type SecureStream, type Sendable } from 'lws-secure-streams'
import { patternBytes, startRaw, starts } from '../peers/index.js'
import {
  ownTopic,
  type ProtocolName,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'

const BYTES = patternBytes(700_001)

/** In pieces of a size that is nobody's. */
async function* piecesOf(bytes: Buffer, size = 30_011) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const sources: Record<string, (bytes: Buffer) => Sendable> = {
  'an async generator': piecesOf,
  'a Readable': (bytes) => Readable.from(piecesOf(bytes)),
  'a web stream': (bytes) => new Blob([bytes]).stream(),
  'a Blob': (bytes) => new Blob([bytes]),
}

/** As many bytes as were sent, in however many messages they come. */
async function received(stream: SecureStream, length: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let got = 0
  for await (const { data } of stream) {
    chunks.push(data)
    got += data.length
    if (got >= length) break
  }
  return Buffer.concat(chunks)
}

async function withStream(
  protocol: ProtocolName,
  use: (stream: SecureStream, context: Context) => Promise<void>,
): Promise<void> {
  await using peer = await starts[protocol]({})
  await using context = await openContext({
    policy: policyOf({ it: streamtype(protocol, peer, { opportunistic: false }) }),
  })
  const stream = context.stream('it', ownTopic(protocol))
  await use(stream, context)
  stream.destroy()
}

for (const protocol of protocols)
  describe(`send() of what is read as it leaves, on ${protocol}`, { timeout: 60_000 }, () => {
    for (const [name, sourceOf] of Object.entries(sources))
      test(`${name} arrives whole, in its place among other messages`, () =>
        withStream(protocol, async (stream) => {
          const sent = [stream.send('before'), stream.send(sourceOf(BYTES)), stream.send('behind')]
          const expected = Buffer.concat([Buffer.from('before'), BYTES, Buffer.from('behind')])
          assert.ok((await received(stream, expected.length)).equals(expected))
          await Promise.all(sent)
        }))

    test('one that gives nothing is an empty message', () =>
      withStream(protocol, async (stream) => {
        const sent = [stream.send(Readable.from([])), stream.send('behind')]
        assert.equal(String(await received(stream, 6)), 'behind')
        await Promise.all(sent)
      }))

    for (const [when, given] of [
      ['at once', []],
      ['amid its message', [BYTES.subarray(0, 300_000)]],
    ] as const)
      test(`one that fails ${when} rejects alone, and the next message arrives`, () =>
        withStream(protocol, async (stream) => {
          const failure = new Error('no more')
          const failing = async function* () {
            yield* given
            throw failure
          }
          const failed = stream.send(failing())
          await assert.rejects(failed, failure)
          const sent = stream.send('next')
          for await (const message of stream) if (message.text().endsWith('next')) break
          await sent
        }))

    test('an abort amid it rejects, leaves it unread, and the next message arrives', () =>
      withStream(protocol, async (stream) => {
        const controller = new AbortController()
        let isLeft = false
        const endless = async function* () {
          try {
            for (let n = 0; ; n++) {
              yield BYTES.subarray(0, 1000)
              if (n === 5) controller.abort(new Error('enough'))
            }
          } finally {
            isLeft = true
          }
        }
        const { signal } = controller
        await assert.rejects(stream.send(endless(), { signal }), { message: 'enough' })
        const sent = stream.send('next')
        for await (const message of stream) if (message.text().endsWith('next')) break
        await sent
        assert.ok(isLeft)
      }))

    test('what cannot be sent is refused with a TypeError', () =>
      withStream(protocol, async (stream) => {
        // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
        const wrong: any[] = [5, null, {}, [], new Map()]
        for (const data of wrong)
          assert.throws(() => stream.send(data), { code: 'ERR_INVALID_ARG_TYPE' })
        const numbers = Readable.from([1, 2])
        // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
        await assert.rejects(stream.send(numbers as any), { code: 'ERR_INVALID_ARG_TYPE' })
        const read = Readable.from(['a'])
        for await (const _ of read);
        assert.throws(() => stream.send(read), { code: 'ERR_INVALID_STATE' })
      }))
  })

describe('send() of what is read as it leaves', { timeout: 30_000 }, () => {
  test('is no faster than its peer', async () => {
    let socket: Socket | undefined
    await using peer = await startRaw({
      accept: (accepted) => {
        socket = accepted.pause()
      },
    })
    await using context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    const stream = context.stream('it')
    await stream.connect()
    let given = 0
    const stalled = new Promise<void>((resolve) => {
      let timer: NodeJS.Timeout | undefined
      void stream
        .send(
          (async function* () {
            for (;;) {
              clearTimeout(timer)
              timer = setTimeout(resolve, 500)
              given += BYTES.length
              yield BYTES
            }
          })(),
        )
        .catch(() => {})
    })
    await stalled
    assert.ok(given < 32 * 1024 * 1024, `${given} bytes were read for a peer that takes none`)
    const more = given
    socket?.resume()
    await once(socket as Socket, 'data')
    stream.destroy()
    assert.ok(given >= more)
  })

  test('of text on ws is checked over the ends of its pieces', async () => {
    await using peer = await starts.ws({})
    const it = streamtype('ws', peer, { ws_binary: false })
    await using context = await openContext({ policy: policyOf({ it }) })
    const stream = context.stream('it')
    const euro = Buffer.from('€')
    const halves = [euro.subarray(0, 1), euro.subarray(1)]
    const sent = stream.send(Readable.from(halves))
    assert.equal(String(await received(stream, euro.length)), '€')
    await sent
    for (const wrong of [[Buffer.from([0xff])], [euro.subarray(0, 1)]]) {
      const refused = { code: 'ERR_INVALID_ARG_VALUE', message: /not text in UTF-8/ }
      await assert.rejects(stream.send(Readable.from(wrong)), refused)
    }
    const again = stream.send('fine')
    for await (const message of stream) if (message.text() === 'fine') break
    await again
  })
})
