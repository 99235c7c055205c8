import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, type Peer, starts } from '../peers/index.js'
import { ownTopic, type ProtocolName, policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

describe('a server that goes by ALPN', { timeout: 30_000 }, () => {
  let root: CertificateAuthority
  before(async () => {
    root = await CertificateAuthority.create()
  })

  /** What the server echoes, or why it was not reached. */
  async function hello(protocol: ProtocolName, peer: Peer, more = {}): Promise<string> {
    const { retry: _, ...once } = streamtype(protocol, peer, { tls: true, ...more })
    await using context = await openContext({ policy: policyOf({ it: once }, root) })
    await using stream = context.stream('it', ownTopic(protocol))
    try {
      await stream.send('hello')
      return String(await nextMessage(stream))
    } catch (error) {
      return (error as Error).message
    }
  }

  for (const [protocol, speaks] of [
    ['h1', ['http/1.1']],
    ['h1', ['h2', 'http/1.1']],
    ['h2', ['h2', 'http/1.1']],
    ['ws', ['http/1.1']],
    ['mqtt', ['mqtt']],
    ['mqtt', ['x-amzn-mqtt-ca']],
    ['raw', ['whatever']],
  ] as const)
    test(`and knows ${speaks.join(' and ')} is reached by ${protocol}`, async () => {
      const tls = { ...(await root.issue()), ALPNProtocols: [...speaks] }
      await using peer = await starts[protocol]({ tls })
      assert.equal(await hello(protocol, peer), 'hello')
    })

  for (const speaks of ['mqtt', 'x-amzn-mqtt-ca'])
    test(`and knows ${speaks} is reached with aws_iot`, async () => {
      const tls = { ...(await root.issue()), ALPNProtocols: [speaks] }
      await using peer = await starts.mqtt({ tls })
      assert.equal(await hello('mqtt', peer, { aws_iot: true }), 'hello')
    })

  for (const [protocol, other] of [
    ['h1', 'h2'],
    ['h2', 'h1'],
    ['ws', 'h2'],
    ['mqtt', 'h1'],
  ] as const)
    test(`and knows ${other} only is not reached by ${protocol}, and the error says so`, async () => {
      await using peer = await starts[other]({ tls: await root.issue() })
      assert.match(await hello(protocol, peer), /\(ALPN\)/)
    })

  test('and has none is spoken to in HTTP/1.1 by h2', async () => {
    const tls = { ...(await root.issue()), ALPNProtocols: [] }
    await using peer = await starts.h1({ tls })
    assert.equal(await hello('h2', peer), 'hello')
  })
})
