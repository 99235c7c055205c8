/**
 * To make an error, with its stack, takes as long as a whole transaction; V8 counts how many are made.
 */
import assert from 'node:assert/strict'
import { Session } from 'node:inspector/promises'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext } from 'lws-secure-streams'
import { starts } from '../peers/index.js'
import {
  ownTopic,
  type ProtocolName,
  policyOf,
  protocols,
  streamtype,
} from '../support/policies.js'
import { nextMessage } from '../support/states.js'
import { portsOfPeers } from '../support/suite-peers.js'

describe('no error is made when all goes well', { timeout: 20_000 }, () => {
  const ports = portsOfPeers(starts)
  const session = new Session()
  let context: Context

  before(async () => {
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true })
    const streamtypes = protocols.map((name) => [name, streamtype(name, { port: ports[name] })])
    context = await openContext({ policy: policyOf(Object.fromEntries(streamtypes)) })
  })
  after(async () => {
    await context.close()
    session.disconnect()
  })

  async function errorsMade(work: () => Promise<void>): Promise<number> {
    await session.post('Profiler.takePreciseCoverage')
    await work()
    const { result } = await session.post('Profiler.takePreciseCoverage')
    return result
      .filter(({ url }) => url.includes('/dist/errors/secure-stream-error'))
      .flatMap(({ functions }) => functions)
      .filter(({ functionName }) => functionName === 'SecureStreamError')
      .reduce((sum, { ranges }) => sum + (ranges[0]?.count ?? 0), 0)
  }

  for (const protocol of ['h1', 'h2'] as const)
    test(`in ${protocol} requests`, async () => {
      const made = await errorsMade(async () => {
        for (let count = 0; count < 3; count++) {
          const reply = await context.request(protocol, { body: 'it' })
          assert.equal((await reply.text()).toString(), 'it')
        }
      })
      assert.equal(made, 0)
    })

  async function roundTrip(protocol: ProtocolName): Promise<void> {
    const stream = context.stream(protocol, ownTopic(protocol))
    await stream.connect()
    await stream.send('it')
    assert.equal((await nextMessage(stream)).toString(), 'it')
    stream.destroy()
  }
  for (const protocol of protocols)
    test(`in the life of a ${protocol} stream`, async () => {
      assert.equal(await errorsMade(() => roundTrip(protocol)), 0)
    })

  test('and each that is made is counted', async () => {
    const made = await errorsMade(async () => {
      const stream = context.stream('ws')
      const sent = stream.send('it')
      stream.destroy()
      await assert.rejects(sent)
    })
    assert.equal(made, 1)
  })
})
