import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type Context, openContext } from 'lws-secure-streams'
import { type RawPeer, startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

/** Header lines, and what is theirs; names that lws has a token for, and that it has not. */
const LINES: readonly [name: string, written: string, value: string][] = [
  ['server', ' it/1.0 (a; b) \t', 'it/1.0 (a; b)'],
  ['server', '', ''],
  ['x-empty', '', ''],
  ['x-blank', ' \t ', ''],
  ['x-tight', 'a', 'a'],
  ['x-inner', '\t a  b\tc \t', 'a  b\tc'],
  ['serve', 'a name that begins another', 'a name that begins another'],
  ['etag', `"${'e'.repeat(1500)}"`, `"${'e'.repeat(1500)}"`],
  ['x-long', 'l'.repeat(1500), 'l'.repeat(1500)],
  ['date', ' Mon, 30 Nov 2026 19:00:00 GMT', 'Mon, 30 Nov 2026 19:00:00 GMT'],
  ['X-Colon', 'a:b: c', 'a:b: c'],
  ['Vary', ' a', 'a'],
]

const END = { CRLF: '\r\n', LF: '\n' }
const PIECES = [1, 2, 3, 7, 64, Number.POSITIVE_INFINITY]

function head(end: string): string {
  const lines = LINES.map(([name, written]) => `${name}:${written}`)
  return ['HTTP/1.1 200 OK', ...lines, 'Content-Length: 2', '', ''].join(end)
}

describe('the head of a response', () => {
  let peer: RawPeer
  let context: Context
  before(async () => {
    peer = await startRaw({
      accept: (socket) => {
        socket.setNoDelay()
        socket.once('data', async (request) => {
          const [, end = '', size] = /^GET \/(\w+)\/(\w+) /.exec(request.toString()) ?? []
          const text = `${head(END[end as keyof typeof END])}ok`
          const length = size === 'Infinity' ? text.length : Number(size)
          for (let at = 0; at < text.length && socket.writable; at += length) {
            socket.write(text.slice(at, at + length), 'latin1')
            await turn()
          }
          socket.end()
        })
      },
    })
    const entry = streamtype('h1', peer, {
      http_method: 'GET',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      http_url: '/${target}',
      metadata: [{ target: '' }],
    })
    context = await openContext({ policy: policyOf({ head: entry }) })
  })
  after(() => Promise.all([context.close(), peer.close()]))

  for (const end of Object.keys(END))
    for (const pieces of PIECES)
      it(`has the same headers in pieces of ${pieces}, with ${end} behind each`, async () => {
        const reply = await context.request('head', { metadata: { target: `${end}/${pieces}` } })
        assert.equal(reply.status, 200)
        for (const name of new Set(LINES.map(([name]) => name.toLowerCase()))) {
          const values = LINES.filter((line) => line[0].toLowerCase() === name).map(
            (line) => line[2],
          )
          assert.equal(reply.headers.get(name), values.join(', '), name)
        }
        assert.equal(await reply.text(), 'ok')
      })
})
