import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import {
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  type RawPeer,
  startFrames,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

/** Answers the transactions of all its connections with these header blocks, one after the other. */
async function startBlocks(blocks: Buffer[]): Promise<RawPeer> {
  let answered = 0
  return startFrames((socket, stream) => {
    const block = blocks[answered++ % blocks.length] as Buffer
    socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, block))
  })
}

function open(peer: RawPeer): Promise<Context> {
  const metadata = [{ a: 'x-a:' }, { b: 'x-b:' }, { type: 'content-type:' }]
  const { retry: _, ...it } = streamtype('h2', peer, { http_method: 'GET', metadata })
  return openContext({ policy: policyOf({ it }) })
}

const ok = Buffer.of(0x88)
const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)])
/** A header that is added to the table, named by itself or by an index. */
const added = (name: string | number, value: string) =>
  typeof name === 'number'
    ? Buffer.concat([name < 63 ? Buffer.of(0x40 | name) : Buffer.of(0x7f, name - 63), text(value)])
    : Buffer.concat([Buffer.of(0x40), text(name), text(value)])
/** A value in Huffman code. */
const coded = (...bytes: number[]) =>
  Buffer.concat([Buffer.of(0x40), text('x-a'), Buffer.of(0x80 | bytes.length, ...bytes)])
const indexed = (index: number) => Buffer.of(0x80 | index)
/** The first that was added last. */
const DYNAMIC = 62
const sized = (size: number) => Buffer.of(0x20 | size)
const long = Buffer.concat([Buffer.of(0x40), text('x-b'), Buffer.of(0x7f, 0xff, 0xff, 0x03)])

describe('the compression of h2 headers', { timeout: 60_000 }, () => {
  const transactions: Record<string, [block: Buffer[], metadata: object | undefined][]> = {
    'names by index, with other values and none': [
      [[ok, added('x-a', '1'), added('x-b', '2')], { a: '1', b: '2' }],
      [[ok, added(DYNAMIC + 1, '3'), added(DYNAMIC + 1, '')], { a: '3', b: '' }],
      [[ok, indexed(DYNAMIC), indexed(DYNAMIC + 1)], { a: '3', b: '' }],
      [[ok, indexed(DYNAMIC + 2), indexed(DYNAMIC + 3)], { a: '1', b: '2' }],
    ],
    'headers that lws knows among them': [
      [[ok, added(31, 'text/a'), added('x-a', '1')], { type: 'text/a', a: '1' }],
      [[ok, added(DYNAMIC + 1, ''), indexed(DYNAMIC + 1)], { type: '', a: '1' }],
    ],
    'a table that becomes none, and one again': [
      [[ok, added('x-a', '1')], { a: '1' }],
      [[sized(0), ok, added('x-a', '2')], { a: '2' }],
      [[sized(30), ok, added('x-a', '3')], { a: '3' }],
      [[Buffer.of(0x3f, 0xe1, 0x1f), ok, added('x-a', '4'), added('x-b', '5')], { a: '4', b: '5' }],
      [[ok, indexed(DYNAMIC), indexed(DYNAMIC + 1)], { a: '4', b: '5' }],
    ],
    'a table that becomes too small for the oldest': [
      [[ok, added('x-a', '1'), added('x-b', '2')], { a: '1', b: '2' }],
      [[Buffer.of(0x3f, 0x05), ok, indexed(DYNAMIC)], { b: '2' }],
      [[ok, indexed(DYNAMIC + 1)], undefined],
    ],
    'an index of what is not there': [[[ok, indexed(DYNAMIC)], undefined]],
    'an index that is too large': [[[ok, Buffer.of(0xff, 0xff, 0xff, 0xff, 0x7f)], undefined]],
    'an integer without an end': [[[ok, Buffer.alloc(20, 0xff)], undefined]],
    'the index 65535': [[[ok, Buffer.of(0xff, 0x80, 0xff, 0x03)], undefined]],
    'a name of the index 65535': [[[ok, Buffer.of(0x7f, 0xc0, 0xff, 0x03, 0x01, 0x61)], undefined]],
    'a header without a name': [[[ok, Buffer.of(0x40, 0x00, 0x01, 0x61)], undefined]],
    'a value that is longer than a frame': [[[ok, long], undefined]],
    'values in Huffman code': [
      [[ok, coded(0x64, 0x02)], { a: '302' }],
      [[ok, coded(0x1f)], { a: 'a' }],
      [
        [ok, coded(0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff)],
        { a: 'www.example.com' },
      ],
    ],
    'Huffman code that ends in zeros': [[[ok, coded(0x18)], undefined]],
    'Huffman code that ends in a whole byte of ones': [[[ok, coded(0x1f, 0xff)], undefined]],
    'Huffman code with an end amid it': [[[ok, coded(0xff, 0xff, 0xff, 0xff)], undefined]],
    'a name in capitals': [[[ok, added('X-A', '1')], undefined]],
  }

  for (const [name, blocks] of Object.entries(transactions))
    test(name, async () => {
      await using peer = await startBlocks(blocks.map(([block]) => Buffer.concat(block)))
      const context = await open(peer)
      for (const [, metadata] of blocks) {
        const request = context.request('it', { timeout: 30_000 })
        if (metadata) assert.deepEqual({ ...(await request).metadata }, metadata)
        else await assert.rejects(request, { code: 'ERR_SS_ALL_RETRIES_FAILED' })
      }
      assert.equal(peer.connections, 1)
      context.destroy()
      await context.close()
    })

  test('in Huffman code, of all characters that a header may have', async () => {
    const codes = Array.from({ length: 0xff - 0x20 + 1 }, (_, n) => 0x20 + n).filter(
      (code) => code !== 0x7f,
    )
    // Others in between make the code shorter than the text, without which nghttp2 sends that.
    const values = codes.map((code) => `${'e'.repeat(20)}${String.fromCharCode(code)}t`)
    const server = createServer((_, response) => {
      for (const [n, value] of values.entries()) response.setHeader(`x-${n}`, value)
      response.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const it = streamtype('h2', { port }, { http_method: 'GET', endpoint: '127.0.0.1' })
    await using context = await openContext({ policy: policyOf({ it }) })
    const { headers } = await context.request('it')
    assert.deepEqual(
      values.map((_, n) => headers.get(`x-${n}`)),
      values,
    )
    context.destroy()
    server.close()
  })

  test('that is damaged ends the transaction, whatever it says', async () => {
    const parts = [
      ok,
      added('x-a', '1'),
      added(31, 'text/a'),
      added(DYNAMIC, 'other'),
      indexed(DYNAMIC),
      sized(0),
      Buffer.of(0x3f, 0xe1, 0x1f),
    ]
    const random = (n: number, part: string) =>
      createHash('sha256').update(`${part} ${n}`).digest().readUInt16BE()
    const damaged = Array.from({ length: 400 }, (_, n) => {
      const chosen = Array.from({ length: 1 + (n % 6) }, (_, k) => parts[random(n, `p${k}`) % 7])
      const block = Buffer.concat(chosen as Buffer[])
      for (let k = 0; k < 1 + (n % 3); k++)
        block.writeUInt8(random(n, `v${k}`) & 0xff, random(n, `a${k}`) % block.length)
      return block
    })
    await using peer = await startBlocks(damaged)
    const context = await open(peer)
    for (const _ of damaged) {
      const reply = await context.request('it', { timeout: 1000 }).catch((error) => error)
      assert.ok(reply.acked !== undefined || reply.code.startsWith('ERR_SS_'), reply)
    }
    context.destroy()
    await context.close()
  })
})
