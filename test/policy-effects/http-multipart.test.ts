import assert from 'node:assert/strict'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { openContext, type SecureStream } from 'lws-secure-streams'
import { patternBytes, starts } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { effectOf } from './effect-of.js'

interface Answer {
  type: string
  body: Buffer
}

/** What a stream receives, as messages, of the answers that a server gives one after the other. */
async function messagesOf(protocol: 'h1' | 'h2', key: object, answers: Answer[], piece = 1 << 20) {
  const handle = (response: http.ServerResponse) => {
    const { type, body } = answers.shift() ?? { type: 'text/plain', body: Buffer.alloc(0) }
    response.setHeader('content-type', type)
    for (let at = 0; at < body.length; at += piece) response.write(body.subarray(at, at + piece))
    response.end()
  }
  const server =
    protocol === 'h1'
      ? http.createServer((_, response) => handle(response))
      : http2.createServer((_, response) => handle(response as unknown as http.ServerResponse))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const peer = server.address() as AddressInfo
  const it = streamtype(protocol, peer, { http_method: 'GET', http_url: '/', ...key })
  const context = await openContext({ policy: policyOf({ it }) })
  const stream = context.stream('it')
  const received: Buffer[][] = []
  stream.on('message', ({ data }) => received.at(-1)?.push(data))
  while (answers.length > 0) {
    received.push([])
    await new Promise<void>((resolve) => {
      const onState = (state: string | number) => {
        if (state !== 'DISCONNECTED') return
        stream.off('state', onState)
        resolve()
      }
      stream.on('state', onState)
      stream.requestTx()
    })
  }
  await context.close()
  await new Promise((resolve) => server.close(resolve))
  return received
}

const PARTS = { http_multipart_ss_in: true }

const connecting = (stream: SecureStream) =>
  new Promise<void>((resolve) =>
    stream.on('state', (state) => state === 'CONNECTING' && setImmediate(resolve)),
  )

/** A body as RFC 2046 has it. */
function multipart(boundary: string, parts: readonly (string | Buffer)[], quote = '"'): Answer {
  const pieces = parts.flatMap((part) => [`\r\n--${boundary}\r\n`, part])
  const body = Buffer.concat([...pieces, `\r\n--${boundary}--`].map((piece) => Buffer.from(piece)))
  const type = `multipart/related; charset="a;b"; boundary=${quote}${boundary}${quote}; x=y`
  return { type, body: body.subarray(2) }
}

const TRICKY = [
  '\r\n--bound',
  '\r\n--boundaryX\r\n--boundary-x\r\n--boundary\rx',
  '\r\r\n-\r\n--\r\n\r\n',
  '',
  'a: b\r\n\r\nc',
]

for (const protocol of ['h1', 'h2'] as const)
  describe(`multipart answers on ${protocol}`, { timeout: 30_000 }, () => {
    effectOf('s.http_multipart_ss_in', 'each part is a message', async () => {
      const form = new FormData()
      form.set('field', 'a value')
      form.set('file', new File([new Uint8Array(patternBytes(100_000))], 'bytes'))
      const response = new Response(form)
      const type = String(response.headers.get('content-type'))
      const body = Buffer.from(await response.arrayBuffer())
      const [plain] = await messagesOf(protocol, {}, [{ type, body }])
      assert.deepEqual(plain, [body])
      const [keyed] = await messagesOf(protocol, PARTS, [{ type, body }])
      const payloads = keyed?.map((part) => part.subarray(part.indexOf('\r\n\r\n') + 4))
      assert.equal(payloads?.length, 2)
      assert.equal(String(payloads?.[0]), 'a value')
      assert.ok(payloads?.[1]?.equals(patternBytes(100_000)))
    })

    for (const piece of [1, 7, 1 << 20])
      test(`payload that looks like a delimiter is none, in pieces of ${piece}`, async () => {
        const [keyed] = await messagesOf(protocol, PARTS, [multipart('boundary', TRICKY)], piece)
        assert.deepEqual(keyed?.map(String), TRICKY)
      })

    test('what stands around the parts is passed over, and boundaries are of any form', async () => {
      const longest = `'()+_,-./:=?${'b'.repeat(58)}`
      const around = multipart('x', ['1', '2'], '')
      around.body = Buffer.concat([
        Buffer.from('preamble\r\n'),
        around.body,
        Buffer.from(' \t\r\nepilogue\r\n--x\r\nno part'),
      ])
      const padded = multipart('p', ['3'])
      padded.body = Buffer.from(String(padded.body).replace('--p\r\n', '--p \t\r\n'))
      const answers = [around, multipart(longest, ['4', '5']), padded]
      const received = await messagesOf(protocol, PARTS, answers)
      assert.deepEqual(
        received.map((parts) => parts.map(String)),
        [['1', '2'], ['4', '5'], ['3']],
      )
    })

    test('an answer that is not multipart is one message, after one that was', async () => {
      const text = { type: 'text/plain', body: Buffer.from('\r\n--x\r\nnot a part\r\n--x--') }
      const received = await messagesOf(protocol, PARTS, [multipart('x', ['1']), text])
      assert.deepEqual(
        received.map((messages) => messages.map(String)),
        [['1'], [String(text.body)]],
      )
    })

    for (const type of ['multipart/mixed', `multipart/mixed; boundary=${'b'.repeat(72)}`])
      test(`${type.slice(0, 30)} cannot be taken apart, and is no whole answer`, async () => {
        const received = await messagesOf(protocol, PARTS, [{ type, body: Buffer.from('?') }])
        assert.deepEqual(received, [[]])
      })

    effectOf('s.rideshare', 'the next messages travel along', async () => {
      await using peer = await starts[protocol]()
      const part = (http_multipart_name: string, more = {}) =>
        streamtype(protocol, peer, { http_multipart_name, ...more })
      const policy = policyOf({
        alone: part('first'),
        together: part('first', { rideshare: 'second' }),
        second: part('second', { http_mime_content_type: 'text/second', rideshare: 'third' }),
        third: part('third'),
      })
      await using context = await openContext({ policy })
      const texts = ['one', 'two', 'three']
      const forms = () =>
        Promise.all(
          peer.requests.splice(0).map(async ({ headers, body }) => {
            const type = { 'content-type': String(headers['content-type']) }
            const form = await new Response(new Uint8Array(body), { headers: type }).formData()
            return Array.from(form)
          }),
        )
      await using alone = context.stream('alone')
      await Promise.all(texts.map((text) => alone.send(text)))
      assert.deepEqual(
        await forms(),
        texts.map((text) => [['first', text]]),
      )
      await using together = context.stream('together')
      for (let n = 0; n < 2; n++) {
        await Promise.all(texts.map((text) => together.send(text)))
        assert.deepEqual(await forms(), [
          [
            ['first', 'one'],
            ['second', 'two'],
            ['third', 'three'],
          ],
        ])
      }
    })

    test('who shares a ride is decided by the policy that the connection was made by', async () => {
      await using peer = await starts[protocol]()
      const part = (http_multipart_name: string, more = {}) =>
        streamtype(protocol, peer, { http_multipart_name, ...more })
      const policy = policyOf({
        first: part('first', { rideshare: 'second' }),
        second: part('old'),
      })
      await using context = await openContext({ policy })
      await using stream = context.stream('first')
      const one = stream.send('one')
      await connecting(stream)
      await context.overlay({ s: [{ second: { http_multipart_name: 'new' } }] })
      await Promise.all([one, stream.send('two')])
      const names = () =>
        Array.from(
          String(peer.requests.pop()?.body).matchAll(/; name="(.*?)"/g),
          ([, name]) => name,
        )
      assert.deepEqual(names(), ['first', 'old'])
      await Promise.all([stream.send('one'), stream.send('two')])
      assert.deepEqual(names(), ['first', 'new'])
    })

    test('a message that shares a ride may come later, and rejects with the others', async () => {
      await using peer = await starts[protocol]()
      const first = streamtype(protocol, peer, { rideshare: 'second', http_url: '/status/404' })
      const policy = policyOf({ first, second: streamtype(protocol, peer) })
      await using context = await openContext({ policy })
      await using stream = context.stream('first')
      const one = stream.send('one, ')
      await connecting(stream)
      const two = stream.send('two')
      await assert.rejects(one, { code: 'ERR_SS_NACK' })
      await assert.rejects(two, { code: 'ERR_SS_NACK' })
      assert.equal(String(peer.requests.at(-1)?.body), 'one, two')
      const late = stream.send('one')
      late.catch(() => {})
      stream.destroy()
      await assert.rejects(late, { code: 'ERR_SS_DESTROYED' })
    })
  })
