import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startHttp1 } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'

test('each of many streamtypes keeps its own values', { timeout: 60_000 }, async () => {
  await using peer = await startHttp1()
  const names = Array.from({ length: 1000 }, (_, n) => `streamtype-${n}`)
  const policy = policyOf(
    Object.fromEntries(
      names.map((name) => [
        name,
        streamtype('h1', peer, {
          http_method: 'GET',
          http_url: `/${name}/${'x'.repeat(100)}`,
          metadata: [{ agent: 'user-agent:' }, { [`meta-${name}`]: 'x-header:' }],
        }),
      ]),
    ),
  )
  const context = await openContext({ policy })
  assert.deepEqual(context.streamtypes, names)
  for (let n = 0; n < names.length; n += 37) {
    const name = names[n] as string
    const reply = await context.request(name, { metadata: { agent: name, [`meta-${name}`]: 'x' } })
    assert.equal(await reply.text(), `GET /${name}/${'x'.repeat(100)}`)
    assert.equal(peer.requests.at(-1)?.headers['user-agent'], name)
    assert.equal(peer.requests.at(-1)?.headers['x-header'], 'x')
  }
  await context.close()
})
