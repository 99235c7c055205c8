/** Several servers in one context, and clients of all of them in the same. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { openContext, type Server } from 'lws-secure-streams'
import { WebSocket } from 'ws'
import { nextMessage, nextState } from '../support/states.js'
import { echo, httpServer, rawServer, servedPolicy } from './servers.js'

const COUNT = 20
// biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
const ask = { http_url: '${path}', http_method: 'GET', metadata: [{ path: '' }] }
const numbers = Array.from({ length: COUNT }, (_, n) => n)
const clientOf = ({ port }: Server, protocol: 'raw' | 'ws' | 'h1' | 'h2', more = {}) => ({
  protocol,
  endpoint: '127.0.0.1',
  port,
  ...more,
})

async function servedTogether() {
  const context = await openContext({
    policy: servedPolicy({
      bytes: rawServer(),
      site: httpServer({ ws_subprotocol: 'chat' }),
      other: httpServer({ protocol: 'h2' }),
    }),
  })
  const bytes = await context.serve('bytes', echo)
  const site = await context.serve('site', {
    transaction: (txn) => txn.ack().end(`site ${txn.url}`),
    upgrade() {},
  })
  const other = await context.serve('other', {
    transaction: (txn) => txn.ack().end(`other ${txn.url}`),
  })
  await context.overlay(
    servedPolicy({
      toBytes: clientOf(bytes, 'raw'),
      toSite: clientOf(site, 'h1', ask),
      toOther: clientOf(other, 'h2', ask),
      toChat: clientOf(site, 'ws', { ws_subprotocol: 'chat', http_url: '/' }),
    }),
  )
  return {
    context,
    bytes,
    site,
    other,
    async [Symbol.asyncDispose]() {
      context.destroy()
      await context.close()
    },
  }
}

describe('several servers in one context', { timeout: 60_000 }, () => {
  test('serve clients of the same context, each its own', async () => {
    await using served = await servedTogether()
    const { context } = served
    const answerOf = async (streamtype: string, n: number) => {
      const reply = await context.request(streamtype, { metadata: { path: `${n}` } })
      return reply.text()
    }
    const echoed = async (n: number) => {
      const stream = context.stream('toBytes')
      const answer = nextMessage(stream)
      await stream.send(`${n}`)
      const text = String(await answer)
      stream.destroy()
      return text
    }
    const [site, other, bytes] = await Promise.all([
      Promise.all(numbers.map((n) => answerOf('toSite', n))),
      Promise.all(numbers.map((n) => answerOf('toOther', n))),
      Promise.all(numbers.map(echoed)),
    ])
    assert.deepEqual(
      site,
      numbers.map((n) => `site /${n}`),
    )
    assert.deepEqual(
      other,
      numbers.map((n) => `other /${n}`),
    )
    assert.deepEqual(bytes, numbers.map(String))
    assert.equal(served.bytes.stats.connections, COUNT)
    assert.equal(served.other.stats.connections, COUNT)
  })

  test('broadcast to their own clients that have upgraded, ours and those of ws', async () => {
    await using served = await servedTogether()
    const { context, site, bytes } = served
    const raw = context.stream('toBytes')
    const ours = numbers.map(() => context.stream('toChat'))
    const theirs = numbers.map(() => new WebSocket(`ws://127.0.0.1:${site.port}`, 'chat'))
    await Promise.all([
      raw.connect(),
      ...ours.map((stream) => stream.connect()),
      ...theirs.map((socket) => once(socket, 'open')),
    ])
    const heard = [
      ...ours.map(async (stream) => String(await nextMessage(stream))),
      ...theirs.map(async (socket) => String((await once(socket, 'message'))[0])),
    ]
    await site.broadcast('to all')
    assert.deepEqual(new Set(await Promise.all(heard)), new Set(['to all']))
    assert.equal(site.clients.size, 2 * COUNT)
    await bytes.broadcast('to the only one')
    assert.equal(String(await nextMessage(raw)), 'to the only one')
  })

  test('end one by one, and the others go on', async () => {
    await using served = await servedTogether()
    const { context, bytes, site, other } = served
    const raw = context.stream('toBytes')
    await raw.connect()
    const gone = nextState(raw, 'DISCONNECTED')
    await bytes.close()
    await gone
    assert.deepEqual([bytes.clients.size, bytes.stats.connections], [0, 1])
    for (const { port } of [site, other])
      assert.match(await (await fetch(`http://127.0.0.1:${port}/on`)).text(), /\/on$/)
  })
})
