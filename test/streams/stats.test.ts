import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { starts } from '../peers/index.js'
import {
  ownTopic,
  type ProtocolName,
  perProtocol,
  policyOf,
  streamtype,
} from '../support/policies.js'
import { receiveBytes } from '../support/states.js'

const transactional = new Set<ProtocolName>(['h1', 'h2'])

describe('stats count', { timeout: 30_000 }, () => {
  for (const protocol of Object.keys(perProtocol) as ProtocolName[])
    test(`the messages, bytes and connections of a stream on ${protocol}`, async () => {
      await using peer = await starts[protocol]()
      await using context = await openContext({
        policy: policyOf({ it: streamtype(protocol, peer) }),
      })
      assert.deepEqual(context.stats, { streams: 0, streamsOpened: 0 })
      const stream = context.stream('it', ownTopic(protocol))
      const nothing = {
        messagesSent: 0,
        messagesReceived: 0,
        bytesSent: 0,
        bytesReceived: 0,
        connections: 0,
      }
      assert.deepEqual(stream.stats, nothing)
      const texts = ['12345', 'größer', 'x']
      const bytes = Buffer.concat(texts.map((text) => Buffer.from(text))).length
      for (const text of texts) await stream.send(text)
      await receiveBytes(stream, bytes)
      const { messagesReceived, ...others } = stream.stats
      if (protocol === 'raw') assert.ok(messagesReceived > 0)
      else assert.equal(messagesReceived, texts.length)
      assert.deepEqual(others, {
        messagesSent: texts.length,
        bytesSent: bytes,
        bytesReceived: bytes,
        connections: transactional.has(protocol) ? texts.length : 1,
      })
      assert.deepEqual(context.stats, { streams: 1, streamsOpened: 1 })
      await stream[Symbol.asyncDispose]()
      context.stream('it', ownTopic(protocol)).destroy()
      assert.equal(context.stats.streamsOpened, 2)
      while (context.stats.streams > 0) await new Promise(setImmediate)
    })
})
