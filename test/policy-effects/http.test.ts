import assert from 'node:assert/strict'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { openContext, type PolicyInput } from 'lws-secure-streams'
import { startRaw, starts } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { effectOf } from './effect-of.js'
import { compared } from './transactions.js'

type Streamtype = NonNullable<PolicyInput['s']>[number][string]

const REFUSED = { code: 'ERR_SS_ALL_RETRIES_FAILED' }

for (const protocol of ['h1', 'h2'] as const)
  describe(`keys of transactions on ${protocol}`, { timeout: 30_000 }, () => {
    effectOf('s.http_method', 'is the method', async () => {
      for (const http_method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
        const [plain, keyed] = await compared(protocol, { http_method })
        assert.equal(plain.method, 'POST')
        assert.equal(keyed.method, http_method)
      }
    })

    effectOf('s.http_url', 'is the path and query, with metadata in it', async () => {
      const [plain, keyed] = await compared(
        protocol,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
        { http_url: '/${where}/b?c=${what}' },
        {
          both: { metadata: [{ where: '' }, { what: '' }] },
          metadata: { where: 'a', what: 'd%20e' },
        },
      )
      assert.equal(plain.url, '/echo')
      assert.equal(keyed.url, '/a/b?c=d%20e')
    })

    effectOf('s.metadata', 'names the headers that values go into and come from', async () => {
      const [plain, keyed] = await compared(
        protocol,
        { metadata: [{ out: 'x-out:' }, { in: 'content-type:' }] },
        { both: { metadata: [{ out: '' }, { in: '' }] }, metadata: { out: 'a value' } },
      )
      assert.equal(plain.headers['x-out'], undefined)
      assert.equal(keyed.headers['x-out'], 'a value')
      assert.equal(plain.reply.metadata.in, undefined)
      assert.equal(keyed.reply.metadata.in, 'text/x-test')
    })

    effectOf('s.http_expect', 'is the only status that is a success', async () => {
      for (const [status, http_expect, before, after] of [
        [404, 404, false, true],
        [200, 204, true, false],
        [204, 204, true, true],
      ] as const) {
        const both = { http_url: `/status/${status}` }
        const [plain, keyed] = await compared(protocol, { http_expect }, { both })
        assert.deepEqual([plain.reply.acked, keyed.reply.acked], [before, after])
      }
    })

    effectOf('s.http_resp_map', 'gives statuses states of their own', async () => {
      const http_resp_map = [{ 404: 1404 }, { 530: 1530 }]
      for (const status of [404, 530]) {
        const both = { http_url: `/status/${status}` }
        const [plain, keyed] = await compared(protocol, { http_resp_map }, { both })
        assert.equal(plain.reply.state, 'QOS_NACK_REMOTE')
        assert.equal(keyed.reply.state, 1000 + status)
        assert.equal(keyed.reply.acked, false)
      }
    })

    /** Whether a request of the streamtype is answered, and what was asked for. */
    async function outcome(definition: Streamtype) {
      await using peer = await starts[protocol]()
      const it = streamtype(protocol, peer, { http_method: 'GET', ...definition, retry: '' })
      const { retry: _, ...once } = it
      await using context = await openContext({ policy: policyOf({ it: once }) })
      const reply = await context.request('it').catch((error) => {
        assert.equal(error.code, REFUSED.code)
      })
      await reply?.bytes()
      return { reply, urls: peer.requests.map(({ url }) => url) }
    }

    for (const status of [429, 503])
      test(`${status} is an answer where the policy has a meaning for it`, async () => {
        const http_url = `/status/${status}`
        const plain = await outcome({ http_url })
        assert.deepEqual([plain.reply?.acked, plain.reply?.state], [false, 'ALL_RETRIES_FAILED'])
        const expected = await outcome({ http_url, http_expect: status })
        assert.equal(expected.reply?.acked, true)
        const mapped = await outcome({ http_url, http_resp_map: [{ [status]: 1000 + status }] })
        assert.equal(mapped.reply?.state, 1000 + status)
      })

    const http_url = '/redirect/302/to'
    const followed = [http_url, '/to']
    effectOf('s.allow_redirects', 'has redirects followed', async () => {
      const plain = await outcome({ http_url })
      assert.deepEqual([plain.reply?.acked, plain.urls], [false, [http_url]])
      const keyed = await outcome({ http_url, allow_redirects: true })
      assert.equal(keyed.reply?.acked, true)
      assert.deepEqual(keyed.urls, followed)
    })

    effectOf('s.http_fail_redirect', 'has redirects fail all the same', async () => {
      const both = { http_url, allow_redirects: true }
      assert.deepEqual((await outcome(both)).urls, followed)
      const keyed = await outcome({ ...both, http_fail_redirect: true })
      assert.deepEqual([keyed.reply, keyed.urls], [undefined, [http_url]])
    })
  })

describe('quirks of h2 servers', { timeout: 30_000 }, () => {
  effectOf('s.nghttp2_quirk_end_stream', 'false leaves a request open', async () => {
    const ended: boolean[] = []
    const server = http2.createServer()
    server.on('stream', (stream) => {
      ended.push(stream.endAfterHeaders)
      stream.on('error', () => {})
      stream.respond({ ':status': 200 }, { endStream: true })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const peer = server.address() as AddressInfo
    const plain = streamtype('h2', peer, { http_method: 'GET' })
    const open = { ...plain, nghttp2_quirk_end_stream: false }
    const context = await openContext({ policy: policyOf({ plain, open }) })
    for (const name of ['plain', 'open']) assert.equal((await context.request(name)).acked, true)
    assert.deepEqual(ended, [true, false])
    await context.close()
    await new Promise((resolve) => server.close(resolve))
  })

  effectOf('s.h2q_oflow_txcr', 'a window that opens too far is put up with', async () => {
    await using peer = await startRaw({ accept: overflowingServer })
    const { retry: _, ...once } = streamtype('h2', peer, { http_method: 'GET' })
    await using plain = await openContext({ policy: policyOf({ it: once }) })
    await assert.rejects(plain.request('it'), REFUSED)
    const policy = policyOf({ it: { ...once, h2q_oflow_txcr: true } })
    await using patient = await openContext({ policy })
    assert.equal((await patient.request('it')).acked, true)
  })
})

const HEADERS = 1
const SETTINGS = 4
const WINDOW_UPDATE = 8
const FRAME_HEADER = 9
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length

function frame(type: number, flags: number, stream: number, payload: number[] = []): Buffer {
  const header = Buffer.alloc(FRAME_HEADER)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, Buffer.from(payload)])
}

/** Opens the window of each stream beyond what HTTP/2 allows, and then answers 200. */
function overflowingServer(socket: NodeJS.ReadWriteStream): void {
  let received = Buffer.alloc(0)
  let at = PREFACE
  // SETTINGS_INITIAL_WINDOW_SIZE is as large as can be.
  socket.write(frame(SETTINGS, 0, 0, [0, 4, 0x7f, 0xff, 0xff, 0xff]))
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    while (received.length >= at + FRAME_HEADER) {
      const end = at + FRAME_HEADER + received.readUIntBE(at, 3)
      if (received.length < end) return
      const stream = received.readUInt32BE(at + 5)
      if (received[at + 3] === SETTINGS && !(received[at + 4] as number)) {
        socket.write(frame(SETTINGS, 1, 0))
      } else if (received[at + 3] === HEADERS) {
        socket.write(frame(WINDOW_UPDATE, 0, stream, [0, 0, 0xff, 0xff]))
        // END_STREAM and END_HEADERS; 0x88 is :status 200.
        socket.write(frame(HEADERS, 5, stream, [0x88]))
      }
      at = end
    }
  })
}
