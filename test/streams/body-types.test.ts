// What a body says it is; forms and JSON as bodies.

import assert from 'node:assert/strict'
import { openAsBlob } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type RequestOptions } from 'lws-secure-streams'
import type { SeenRequest } from '../peers/http-handler.js'
import {
  type Http1Peer,
  type Http2Peer,
  patternBytes,
  startHttp1,
  startHttp2,
} from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { temporaryFolder } from '../support/temporary-folder.js'

for (const protocol of ['h1', 'h2'] as const)
  describe(`types of bodies on ${protocol}`, { timeout: 60_000 }, () => {
    const { put } = temporaryFolder()
    let peer: Http1Peer | Http2Peer
    let context: Context

    before(async () => {
      peer = await (protocol === 'h1' ? startHttp1() : startHttp2())
      const echo = streamtype(protocol, peer)
      context = await openContext({
        policy: policyOf({
          echo,
          declared: {
            ...echo,
            metadata: [{ kind: 'Content-Type:' }, { codings: 'accept-encoding:' }],
          },
          direct: { ...echo, direct_proto_str: true },
          encoded: { ...echo, http_www_form_urlencoded: true },
          multipart: { ...echo, http_multipart_name: 'field' },
          ranged: { ...echo, metadata: [{ range: 'range:' }] },
        }),
      })
    })
    after(async () => {
      await context.close()
      await peer.close()
    })

    async function send(options: RequestOptions, name = 'echo'): Promise<SeenRequest> {
      const reply = await context.request(name, options)
      assert.equal(reply.acked, true)
      await reply.bytes()
      return peer.requests.at(-1) as SeenRequest
    }
    const typeOf = async (options: RequestOptions, name?: string) =>
      (await send(options, name)).headers['content-type']

    /** What the platform's own decoder finds in it. */
    const formOf = ({ headers, body }: SeenRequest) =>
      new Response(Uint8Array.from(body), {
        headers: { 'content-type': String(headers['content-type']) },
      }).formData()

    test('text and bytes have none, others their own', async () => {
      assert.equal(await typeOf({ body: 'x' }), undefined)
      assert.equal(await typeOf({ body: Buffer.from('x') }), undefined)
      assert.equal(await typeOf({ body: new Blob(['x']) }), undefined)
      assert.equal(await typeOf({ body: new Blob(['x'], { type: 'image/png' }) }), 'image/png')
      assert.equal(await typeOf({ json: 1 }), 'application/json')
      assert.equal(await typeOf({ body: new Blob(['x']).stream() }), undefined)
    })

    test('JSON of any value', async () => {
      for (const json of [{ a: [1, 'ü'] }, [], 'text', 0, false, null]) {
        const { body, headers } = await send({ json })
        assert.deepEqual(JSON.parse(body.toString()), json)
        assert.equal(headers['content-length'], String(body.length))
      }
    })

    test('URLSearchParams', async () => {
      const params = new URLSearchParams({ q: 'a&b=ü', empty: '' })
      const { headers, body } = await send({ body: params })
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded;charset=UTF-8')
      assert.deepEqual([...new URLSearchParams(body.toString())], [...params])
    })

    test('a form with files, whose length is told', async () => {
      const bytes = patternBytes(300_000)
      const file = await openAsBlob(put('photo', bytes))
      const form = new FormData()
      form.append('text', 'a\nb\r\n--not the end')
      form.append('photo', file, 'pho"to\n.png')
      form.append('quote"d', 'ü')
      form.append('empty', new File([], 'nothing', { type: 'text/plain' }))
      form.append('photo', new File([bytes], 'second.bin'))
      const seen = await send({ body: form })
      assert.equal(seen.headers['content-length'], String(seen.body.length))
      const received = await formOf(seen)
      assert.deepEqual([...received.keys()], [...form.keys()])
      assert.equal(received.get('text'), 'a\r\nb\r\n--not the end')
      assert.equal(received.get('quote"d'), 'ü')
      for (const photo of received.getAll('photo') as File[])
        assert.ok(Buffer.from(await photo.arrayBuffer()).equals(bytes))
      const [first, second] = received.getAll('photo') as File[]
      assert.deepEqual([first?.name, second?.name], ['pho"to\n.png', 'second.bin'])
      assert.deepEqual([first?.type, second?.type], Array(2).fill('application/octet-stream'))
      assert.equal((received.get('empty') as File).type, 'text/plain')
    })

    test('a form without fields', async () => {
      assert.deepEqual([...(await formOf(await send({ body: new FormData() })))], [])
    })

    test('metadata says another', async () => {
      const metadata = { kind: 'application/ld+json' }
      assert.equal(await typeOf({ json: {}, metadata }, 'declared'), 'application/ld+json')
      assert.equal(await typeOf({ json: {} }, 'declared'), 'application/json')
      const own = { metadata: { 'Content-Type:': 'application/ld+json' } }
      assert.equal(await typeOf({ json: {}, ...own }, 'direct'), 'application/ld+json')
      assert.equal(await typeOf({ json: {} }, 'direct'), 'application/json')
    })

    test('the policy says another', async () => {
      const urlencoded = 'application/x-www-form-urlencoded'
      assert.equal(await typeOf({ json: {} }, 'encoded'), urlencoded)
      assert.match(String(await typeOf({ json: {} }, 'multipart')), /^multipart\/form-data/)
    })

    test('accept-encoding goes by decode, metadata, and ranges', async () => {
      const acceptOf = async (options: RequestOptions, name?: string) =>
        (await send({ body: '', ...options }, name)).headers['accept-encoding']
      assert.match(String(await acceptOf({})), /^gzip, deflate, br(, zstd)?$/)
      assert.equal(await acceptOf({ decode: false }), undefined)
      assert.equal(await acceptOf({ metadata: { codings: 'br' } }, 'declared'), 'br')
      assert.match(String(await acceptOf({}, 'declared')), /^gzip/)
      const own = { metadata: { 'Accept-Encoding:': 'identity' } }
      assert.equal(await acceptOf(own, 'direct'), 'identity')
      assert.equal(await acceptOf({ metadata: { range: 'bytes=0-9' } }, 'ranged'), undefined)
      await using stream = context.stream('echo')
      await stream.send('x')
      assert.equal(peer.requests.at(-1)?.headers['accept-encoding'], undefined)
    })

    test('a reply has no metadata of what the request said by itself', async () => {
      const reply = await context.request('echo', { json: {} })
      assert.deepEqual({ ...reply.metadata }, {})
      await reply.bytes()
    })
  })

test('wrong bodies are refused at once', async () => {
  const echo = streamtype('h1', { port: 1 })
  await using context = await openContext({ policy: policyOf({ echo }) })
  const circle: { circle?: object } = {}
  circle.circle = circle
  const request = (options: object) => () => context.request('echo', options)
  for (const body of [1, null, {}, ['x'], new ArrayBuffer(1), () => {}])
    assert.throws(request({ body }), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  for (const json of [circle, 1n, () => {}, Symbol('x')])
    assert.throws(request({ json }), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(request({ json: 1, body: 'x' }), { code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(request({ decode: 1 }), { code: 'ERR_INVALID_ARG_TYPE' })
})
