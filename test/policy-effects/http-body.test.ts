import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext, Return } from 'lws-secure-streams'
import { patternBytes, starts } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { effectOf } from './effect-of.js'
import { compared } from './transactions.js'

interface Sent {
  headers: NodeJS.Dict<string | string[]>
  body: Buffer
}

/** The form in the body of a request, as undici reads it. */
function formOf({ headers, body }: Sent): Promise<FormData> {
  const type = String(headers['content-type'])
  return new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
}

async function fileOf(sent: Sent, name: string): Promise<File> {
  const file = (await formOf(sent)).get(name)
  assert.ok(file instanceof File, `${name} is no file`)
  return file
}

for (const protocol of ['h1', 'h2'] as const)
  describe(`bodies on ${protocol}`, { timeout: 30_000 }, () => {
    test('of no length have the length 0, and one that the program gives counts', async () => {
      for (const [key, metadata, length] of [
        [{ http_method: 'POST' }, {}, '0'],
        [{ http_method: 'PUT' }, {}, '0'],
        [{ http_method: 'PATCH' }, {}, '0'],
        [{ http_method: 'DELETE' }, {}, undefined],
        [{ http_method: 'GET' }, {}, undefined],
        [{ direct_proto_str: true }, { 'content-length:': '0' }, '0'],
      ] as const) {
        await using peer = await starts[protocol]()
        const policy = policyOf({ it: streamtype(protocol, peer, key) })
        await using context = await openContext({ policy })
        await context.request('it', { metadata })
        assert.equal(peer.requests[0]?.headers['content-length'], length)
      }
    })

    effectOf('s.http_multipart_name', 'the payload is the field of a form', async () => {
      const [plain, form] = await compared(
        protocol,
        { http_multipart_name: 'field' },
        { body: 'hello' },
      )
      assert.equal(plain.body.toString(), 'hello')
      assert.equal(plain.headers['content-length'], '5')
      assert.match(String(form.headers['content-type']), /^multipart\/form-data; boundary=/)
      assert.equal(form.headers['content-length'], undefined)
      assert.deepEqual(Array.from(await formOf(form)), [['field', 'hello']])
    })

    effectOf('s.http_multipart_filename', 'the field is a file of that name', async () => {
      const [field, file] = await compared(
        protocol,
        { http_multipart_filename: 'hello.txt' },
        { both: { http_multipart_name: 'field' }, body: 'hello' },
      )
      assert.equal((await formOf(field)).get('field'), 'hello')
      assert.equal((await fileOf(file, 'field')).name, 'hello.txt')
    })

    effectOf('s.http_mime_content_type', 'the file is of that type', async () => {
      const http_multipart_name = 'field'
      const http_multipart_filename = 'hello.html'
      const [plain, typed] = await compared(
        protocol,
        { http_mime_content_type: 'text/html' },
        { both: { http_multipart_name, http_multipart_filename }, body: '<p>' },
      )
      assert.ok(!plain.body.includes('Content-Type:'))
      const file = await fileOf(typed, 'field')
      assert.equal(file.type, 'text/html')
      assert.equal(await file.text(), '<p>')
    })

    effectOf('s.http_www_form_urlencoded', 'the payload is said to be a form', async () => {
      const [plain, form] = await compared(
        protocol,
        { http_www_form_urlencoded: true },
        { body: 'a=1&b=c+d' },
      )
      assert.equal(plain.headers['content-type'], undefined)
      assert.equal(form.headers['content-type'], 'application/x-www-form-urlencoded')
      assert.equal(form.headers['content-length'], '9')
      assert.equal((await formOf(form)).get('b'), 'c d')
    })

    effectOf('s.http_no_content_length', 'the length is not told beforehand', async () => {
      const body = patternBytes(200_000)
      const [plain, open] = await compared(protocol, { http_no_content_length: true }, { body })
      assert.equal(plain.headers['content-length'], `${body.length}`)
      assert.equal(open.headers['content-length'], undefined)
      assert.equal(open.headers['transfer-encoding'], protocol === 'h1' ? 'chunked' : undefined)
      assert.ok(open.body.equals(body))
    })

    test('names of fields and files may have quotation marks', async () => {
      const http_multipart_name = '"'.repeat(253)
      const [, form] = await compared(
        protocol,
        { http_multipart_name, http_multipart_filename: 'a "b" c' },
        { body: 'hello' },
      )
      assert.equal((await fileOf(form, http_multipart_name)).name, 'a "b" c')
    })

    test('a large file of a form arrives whole, and one without bytes, again and again', async () => {
      await using peer = await starts[protocol]()
      const http_multipart_filename = 'bytes'
      const it = streamtype(protocol, peer, { http_multipart_name: 'it', http_multipart_filename })
      await using context = await openContext({ policy: policyOf({ it }) })
      const large = patternBytes(3_000_000)
      const bodies = [large, Buffer.alloc(0), undefined, large.subarray(0, 16_384), large]
      for (const body of bodies) {
        const reply = await context.request('it', body ? { body } : {})
        assert.equal(reply.acked, true)
        await reply.bytes()
        const file = await fileOf(peer.requests.at(-1) as Sent, 'it')
        assert.ok(Buffer.from(await file.arrayBuffer()).equals(body ?? Buffer.alloc(0)))
      }
      if (protocol === 'h1') assert.equal(peer.connections, 1)
    })

    for (const status of [303, 307])
      test(`a form ${status === 303 ? 'stays behind at' : 'goes along with'} a redirect ${status}`, async () => {
        await using peer = await starts[protocol]()
        const it = streamtype(protocol, peer, {
          http_url: `/redirect/${status}/to`,
          allow_redirects: true,
          http_multipart_name: 'field',
        })
        await using context = await openContext({ policy: policyOf({ it }) })
        const reply = await context.request('it', { body: 'hello' })
        assert.equal(await reply.text(), `${status === 303 ? 'GET' : 'POST'} /to`)
        const request = peer.requests.at(-1) as Sent
        if (status === 307) assert.equal((await formOf(request)).get('field'), 'hello')
        else assert.equal(request.headers['content-type'], undefined)
      })

    test('a handler sends a body whose length nobody knows', async () => {
      await using peer = await starts[protocol]()
      const it = streamtype(protocol, peer, { http_no_content_length: true })
      await using context = await openContext({ policy: policyOf({ it }) })
      const pieces = ['one, ', 'two, ', 'three']
      await new Promise<void>((resolve) => {
        const stream = context.stream('it', {
          state(_, state) {
            if (state === 'QOS_ACK_REMOTE') resolve()
          },
          tx() {
            const data = pieces.shift()
            if (data === undefined) return Return.TX_DONT_SEND
            if (pieces.length > 0) stream.requestTx()
            return { data, som: pieces.length === 2, eom: pieces.length === 0 }
          },
        })
        stream.requestTx()
      })
      assert.equal(peer.requests.at(-1)?.body.toString(), 'one, two, three')
    })
  })
