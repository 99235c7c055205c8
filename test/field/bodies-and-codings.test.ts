// Bodies that HTTP clients fell over: an error of a file that is sent, which ended the process
// (sindresorhus/got #1046, aws/aws-sdk-js #4333); deflate without the header of zlib, which was refused
// (nodejs/undici #2603, request/request #2197); and a coding that is named where there is no payload
// (kittinunf/fuel #694, influxdata/influxdb #6624).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { type Context, openContext } from 'lws-secure-streams'
import { policyOf, streamtype } from '../support/policies.js'

describe('what other clients of HTTP met', { timeout: 60_000 }, () => {
  let context: Context
  const server = http.createServer(async (request, response) => {
    await request.toArray().catch(() => {})
    if (request.url === '/raw')
      response.setHeader('content-encoding', 'deflate').end(deflateRawSync('plain'))
    else response.writeHead(204, { 'content-encoding': 'gzip' }).end()
  })

  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const to = (http_url: string, at = port) =>
      streamtype('h1', { port: at }, { endpoint: '127.0.0.1', http_url })
    context = await openContext({
      policy: policyOf({ raw: to('/raw'), nothing: to('/nothing'), nobody: to('/', 1) }),
    })
  })
  after(async () => {
    await context.close()
    server.close()
  })

  test('a file that is not there rejects, also where there is no connection yet', async () => {
    for (const name of ['raw', 'nobody'])
      await assert.rejects(context.request(name, { body: createReadStream('/no/such/file') }), {
        code: 'ENOENT',
      })
  })

  test('deflate without the header of zlib is read', async () => {
    assert.equal(await (await context.request('raw', { body: '' })).text(), 'plain')
  })

  test('a coding without a payload is none', async () => {
    const reply = await context.request('nothing', { body: '' })
    assert.deepEqual([reply.status, await reply.text()], [204, ''])
    assert.equal(await (await context.request('nothing', { body: '' })).toResponse().text(), '')
  })
})
