// Bodies that clients of HTTP were given twice, or in vain: a stream that is used again was sent as an empty
// body, with a status of success (axios/axios #4307, sindresorhus/got #1382, jonbern/fetch-retry #99); the
// file of a request that was aborted stayed open (Azure/azure-sdk-for-js #4021).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, type RequestBody } from 'lws-secure-streams'
import { type Http1Peer, startHttp1 } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

async function* generated() {
  yield 'text'
}

describe('bodies that others met, given twice or in vain', { timeout: 60_000 }, () => {
  let peer: Http1Peer
  let context: Context

  before(async () => {
    peer = await startHttp1()
    const echo = streamtype('h1', peer)
    context = await openContext({
      policy: policyOf({ echo, get: { ...echo, http_method: 'GET' } }),
    })
  })
  after(async () => {
    await context.close()
    await peer.close()
  })

  const streams: Record<string, () => RequestBody> = {
    'a Readable': () => Readable.from(['text']),
    'a web stream': () => new Blob(['text']).stream(),
    'an async generator': generated,
  }
  for (const [what, make] of Object.entries(streams))
    test(`${what} that is given again is refused, before and after it was read`, async () => {
      const body = make()
      const before = peer.requests.length
      const first = context.request('echo', { body })
      const again = () => context.request('echo', { body })
      assert.throws(again, { code: 'ERR_INVALID_STATE' })
      assert.equal(await (await first).text(), 'text')
      assert.throws(again, { code: 'ERR_INVALID_STATE' })
      assert.equal(peer.requests.length, before + 1)
    })

  test('what begins anew each time may be given again', async () => {
    const body = { [Symbol.asyncIterator]: generated }
    for (let time = 0; time < 2; time++)
      assert.equal(await (await context.request('echo', { body })).text(), 'text')
  })

  const refused = {
    'aborted before it began': ['echo', { signal: AbortSignal.abort(new Error('no')) }],
    'for a streamtype without bodies': ['get', {}],
    'for a streamtype that there is not': ['none', {}],
  } as const
  for (const [why, [name, options]] of Object.entries(refused))
    test(`the file of a request that is refused is closed: ${why}`, async () => {
      const file = createReadStream(__filename)
      const closed = once(file, 'close')
      await assert.rejects(context.request(name, { ...options, body: file }))
      await closed
      const missing = createReadStream('/no/such/file')
      const gone = new Promise<void>((close) => missing.on('close', close))
      await assert.rejects(context.request(name, { ...options, body: missing }))
      await gone
      const cancelled = new Promise((cancel) => {
        const body = new ReadableStream({ cancel })
        assert.rejects(context.request(name, { ...options, body }))
      })
      await cancelled
    })

  test('a form of a package is refused in words that say what to do', () => {
    // As the package form-data, which axios and node-fetch are used with, says what it is.
    const form = { [Symbol.toStringTag]: 'FormData', getHeaders: () => ({}), pipe() {} }
    assert.throws(() => context.request('echo', { body: form as never }), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /the FormData of Node\.js.*form\.pipe\(new PassThrough\(\)\)/,
    })
  })

  test('JSON is made once', async () => {
    let times = 0
    const json = { toJSON: () => ++times }
    assert.equal(await (await context.request('echo', { json })).json(), 1)
  })
})
