import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Context, openContext } from 'lws-secure-streams'
import { type Http1Peer, type Http2Peer, startHttp1, startHttp2 } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'

for (const protocol of ['h1', 'h2'] as const)
  describe(`giving up a message on ${protocol}`, { timeout: 20_000 }, () => {
    let peer: Http1Peer | Http2Peer
    let context: Context

    before(async () => {
      peer = await (protocol === 'h1' ? startHttp1() : startHttp2())
      context = await openContext({
        policy: policyOf({
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
          post: streamtype(protocol, peer, { http_url: '/${kind}', metadata: [{ kind: '' }] }),
        }),
      })
    })
    after(async () => {
      await context.close()
      await peer.close()
    })

    test('that has begun to leave lets those behind it go on', async () => {
      await using stream = context.stream('post', { metadata: { kind: 'hang' } })
      const controller = new AbortController()
      const seen = peer.requests.length
      const given = stream.send('first', { signal: controller.signal })
      stream.setMetadata('kind', 'echo')
      const behind = stream.send('second')
      while (peer.requests.length === seen) await delay(5)
      controller.abort(new Error('changed my mind'))
      await assert.rejects(given, /changed my mind/)
      await behind
      assert.equal(peer.requests.at(-1)?.body.toString(), 'second')
    })

    test('whose transaction is being made leaves nothing of it', async () => {
      await using stream = context.stream('post', { metadata: { kind: 'echo' } })
      const controller = new AbortController()
      const given = stream.send('a longer message', { signal: controller.signal })
      const behind = stream.send('short')
      await nextState(stream, 'CONNECTING')
      controller.abort(new Error('changed my mind'))
      await assert.rejects(given, /changed my mind/)
      await behind
      assert.equal(peer.requests.at(-1)?.body.toString(), 'short')
    })

    test('that connect() waits for leaves that a transaction of its own', async () => {
      await using stream = context.stream('post', { metadata: { kind: 'echo' } })
      const controller = new AbortController()
      const seen = peer.requests.length
      const connected = stream.connect()
      const metadata = { kind: 'hang' }
      const given = stream.send('given up', { signal: controller.signal, metadata })
      while (peer.requests.length === seen) await delay(5)
      controller.abort(new Error('changed my mind'))
      await assert.rejects(given, /changed my mind/)
      await connected
      assert.deepEqual(
        peer.requests.slice(seen).map(({ url, body }) => `${url} ${body}`),
        ['/hang given up', '/echo '],
      )
    })

    test('as much as anything else by one signal, without a warning', async () => {
      const warnings: Error[] = []
      const warned = (warning: Error) => warnings.push(warning)
      process.on('warning', warned)
      const controller = new AbortController()
      const { signal } = controller
      await using stream = context.stream('post', { metadata: { kind: 'hang' }, signal })
      const given = [
        ...Array.from({ length: 20 }, () => stream.send('x', { signal })),
        ...Array.from({ length: 20 }, () => context.request('post', { body: 'x', signal })),
      ]
      setImmediate(() => controller.abort(new Error('enough')))
      for (const result of await Promise.allSettled(given))
        assert.match(String(result.status === 'rejected' && result.reason), /enough/)
      await delay(0)
      process.off('warning', warned)
      assert.deepEqual(warnings, [])
    })
  })
