import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { AedesPublishPacket } from 'aedes'
import { openContext } from 'lws-secure-streams'
import { startAedes, startTargets } from '../peers/index.js'
import { ask, asking, openAsking } from '../support/asking.js'
import { policyOf, streamtype } from '../support/policies.js'

const use = (name: string) => `\${${name}}`

/** Texts of a policy, and what they are where `v` is V and `none` is nothing. */
const TEXTS: [text: string, is: string][] = [
  ['a/$', 'a/$'],
  ['a$$b', 'a$$b'],
  ['a$$$b$$', 'a$$$b$$'],
  [`x/$${use('v')}`, 'x/$V'],
  [`x/$$${use('v')}$`, 'x/$$V$'],
  [`${use('v')}$`, 'V$'],
  [`${use('v')}$${use('v')}`, 'V$V'],
  [`a$b/${use('none')}$`, 'a$b/$'],
  ['a$}b{', 'a$}b{'],
]

describe('a $ that begins no name is one', { timeout: 60_000 }, () => {
  const metadata = [{ v: '' }, { none: '' }]

  for (const protocol of asking)
    test(`in http_url on ${protocol}`, async () => {
      await using peer = await startTargets(protocol)
      for (const [text, is] of [...TEXTS, ['$', '$'], ['$$', '$$']] as const) {
        await using context = await openAsking(protocol, peer, { http_url: text, metadata })
        await ask(context, { v: 'V' })
        assert.equal(peer.asked.shift()?.target, `/${is}`)
      }
    })

  test('in what is published, subscribed to, born and willed on mqtt', async () => {
    await using broker = await startAedes()
    const published = async (topic: string) => {
      for (;;) {
        const found = broker.published.find((one) => one.topic === topic)
        if (found) return found.payload.toString()
        await once(broker.broker, 'publish')
      }
    }
    for (const [n, [text, is]] of TEXTS.entries()) {
      const it = streamtype('mqtt', broker, {
        metadata,
        mqtt_topic: `t${n}/${text}`,
        mqtt_subscribe: `t${n}/${text}`,
        mqtt_birth_topic: `b${n}/${text}`,
        mqtt_birth_message: `born ${text}`,
        mqtt_will_topic: `w${n}/${text}`,
        mqtt_will_message: `gone ${text}`,
      })
      await using context = await openContext({ policy: policyOf({ it }) })
      const stream = context.stream('it', { metadata: { v: 'V' } })
      const messages = stream[Symbol.asyncIterator]()
      await stream.send('x')
      assert.equal(await published(`t${n}/${is}`), 'x')
      assert.equal(await published(`b${n}/${is}`), `born ${is}`)
      // It came back by the subscription.
      assert.equal((await messages.next()).value?.text(), 'x')
      const will = new Promise<string>((resolve) => {
        broker.broker.on('publish', (packet: AedesPublishPacket) => {
          if (packet.topic === `w${n}/${is}`) resolve(packet.payload.toString())
        })
      })
      broker.dropConnections()
      stream.destroy()
      assert.equal(await will, `gone ${is}`)
    }
  })

  test('in an endpoint', async () => {
    await using peer = await startTargets('h1')
    for (const [text, is] of TEXTS) {
      const endpoint = `http://127.0.0.1:${peer.port}/${text}`
      await using context = await openAsking('h1', peer, { endpoint, metadata })
      await ask(context, { v: 'V' })
      assert.equal(peer.asked.shift()?.target, `/${is}`)
    }
  })
})
