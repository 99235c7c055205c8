/** Messages of ws over h2 that are compressed (RFC 7692 on RFC 8441). */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import zlib from 'node:zlib'
import type { PerMessageDeflateOptions } from 'ws'
import { serveClient } from './h2-site.js'
import { head, openWebSocket, sendBack, sentBack } from './h2-web-socket.js'
import { BINARY, frame, TEXT } from './ws-peer.js'

const LIMIT = 1_000_000
const PMD = 'permessage-deflate'
const RSV1 = 4
const LONG = 'some text that repeats itself, '.repeat(20_000)

const serve = (perMessageDeflate = true) =>
  serveClient(
    {
      perMessageDeflate,
      limits: { messageBytes: LIMIT },
      transaction: (txn) => txn.ack().end('http'),
      upgrade: sendBack,
    },
    { ws_subprotocol: 'chat' },
  )

/** A message as it is sent when it is compressed: without the tail of its last block. */
const deflated = (data: string | Buffer) =>
  zlib.deflateRawSync(data, { level: 9, finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4)

describe('permessage-deflate over h2', { timeout: 60_000 }, () => {
  for (const [name, options, answer] of [
    ['as it is', {}, PMD],
    [
      'without contexts',
      { serverNoContextTakeover: true, clientNoContextTakeover: true },
      `${PMD}; server_no_context_takeover; client_no_context_takeover`,
    ],
    [
      'with a small window',
      { clientMaxWindowBits: 9, serverMaxWindowBits: 9 },
      `${PMD}; server_max_window_bits=9`,
    ],
  ] as [string, PerMessageDeflateOptions, string][])
    test(`is agreed on ${name}, and messages are compressed both ways`, async () => {
      await using site = await serve()
      const agreed = await openWebSocket(site.client, '/', { ...options, threshold: 0 })
      assert.equal(agreed.answer, answer)
      let heard = 0
      agreed.stream.on('data', ({ length }: Buffer) => {
        heard += length
      })
      assert.equal(await sentBack(agreed.socket, LONG), LONG)
      assert.ok(heard < LONG.length / 10, `it came as ${heard} bytes`)
      for (const text of ['', 'a', 'é'.repeat(70_000), 'a'])
        assert.equal(await sentBack(agreed.socket, text), text)
      // Longer than the windows of the streams.
      for (const bytes of [randomBytes(600_000), Buffer.alloc(LIMIT)])
        assert.ok(bytes.equals((await sentBack(agreed.socket, bytes)) as Buffer))
      agreed.socket.close(1000)
      const [code] = await once(agreed.socket, 'close')
      assert.equal(code, 1000)
    })

  test('is for those that offer it, also beside others on one connection', async () => {
    await using site = await serve()
    const plain = await openWebSocket(site.client)
    const agreed = await openWebSocket(site.client, '/', { threshold: 0 })
    assert.deepEqual([plain.answer, agreed.answer], [undefined, PMD])
    let heard = 0
    plain.stream.on('data', ({ length }: Buffer) => {
      heard += length
    })
    const back = await Promise.all([plain, agreed].map(({ socket }) => sentBack(socket, LONG)))
    assert.deepEqual(back, [LONG, LONG])
    assert.ok(heard > LONG.length, `it came as ${heard} bytes`)
    // What is sent to all is compressed for one of them.
    const all = [plain, agreed].map(({ socket }) => once(socket, 'message'))
    await site.server.broadcast('to all')
    assert.deepEqual(
      (await Promise.all(all)).map(([data]) => String(data)),
      ['to all', 'to all'],
    )
    const failed = once(plain.socket, 'close')
    plain.stream.write(frame(TEXT, deflated('a'), { rsv: RSV1 }))
    assert.equal((await failed)[0], 1002)
  })

  test('is not taken when it is another extension, or without the option', async () => {
    await using site = await serve()
    const offer = { 'sec-websocket-extensions': `x-frob, ${PMD}; frob` }
    const stream = site.client.begin('/', { ...head, ...offer }, { endStream: false })
    const [headers] = await once(stream, 'response')
    assert.deepEqual([headers[':status'], headers['sec-websocket-extensions']], [200, undefined])
    await using without = await serve(false)
    const { socket, answer } = await openWebSocket(without.client, '/', {})
    assert.equal(answer, undefined)
    assert.equal(await sentBack(socket, LONG), LONG)
  })

  for (const [name, payload, code] of [
    ['a bomb', deflated(Buffer.alloc(100_000_000)), 1009],
    ['a message that is a byte too long', deflated(Buffer.alloc(LIMIT + 1)), 1009],
    ['what is not deflated', Buffer.from('ffffffffff', 'hex'), 1007],
  ] as const)
    test(`ends by ${code} for ${name}, and other streams go on`, async () => {
      await using site = await serve()
      const [bad, good] = [
        await openWebSocket(site.client, '/', {}),
        await openWebSocket(site.client, '/', { threshold: 0 }),
      ]
      const failed = once(bad.socket, 'close')
      bad.stream.write(frame(BINARY, payload, { rsv: RSV1 }))
      assert.equal((await failed)[0], code)
      assert.equal(await sentBack(good.socket, 'text'), 'text')
      assert.equal(String((await site.client.ask()).body), 'http')
    })

  test('ends with a stream that is reset amid a message', async () => {
    await using site = await serve()
    const { socket, stream } = await openWebSocket(site.client, '/', { threshold: 0 })
    assert.equal(await sentBack(socket, LONG), LONG)
    stream.write(frame(TEXT, deflated(LONG), { rsv: RSV1, fin: false }))
    stream.close(8)
    await once(stream, 'close')
    assert.equal(String((await site.client.ask()).body), 'http')
  })
})
