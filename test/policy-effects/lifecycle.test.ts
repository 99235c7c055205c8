import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { describe } from 'node:test'
import { openContext, type PolicyInput } from 'lws-secure-streams'
import { startAedes, startRaw, starts, startWebSocket } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import {
  ownTopic,
  type ProtocolName,
  perProtocol,
  policyOf,
  streamtype,
} from '../support/policies.js'
import { nextState, receiveBytes, traceStates } from '../support/states.js'
import { effectOf } from './effect-of.js'

type Definition = NonNullable<PolicyInput['s']>[number][string]

/** A context with the streamtype `without`, and with `changed`, which differs in `difference` only. */
const openBoth = (definition: Definition, difference: Definition) =>
  openContext({
    policy: policyOf({ without: definition, changed: { ...definition, ...difference } }),
  })

const lasting = { ws: startWebSocket, mqtt: startAedes, raw: startRaw }

describe('when a stream is connected', { timeout: 60_000 }, () => {
  for (const [protocol, start] of Object.entries(lasting) as ['ws', typeof startWebSocket][]) {
    effectOf('s.nailed_up', `${protocol} connects when it is opened`, async () => {
      await using peer = await start()
      await using context = await openBoth(streamtype(protocol, peer), { nailed_up: true })
      const plain = traceStates(context.stream('without', ownTopic(protocol)))
      await nextState(context.stream('changed', ownTopic(protocol)), 'CONNECTED')
      assert.deepEqual(plain, ['CREATING'])
    })

    effectOf('s.opportunistic', `${protocol} stays without a lost connection`, async () => {
      await using peer = await start()
      await using context = await openBoth(streamtype(protocol, peer), { opportunistic: true })
      const eager = context.stream('without', ownTopic(protocol))
      const easy = context.stream('changed', ownTopic(protocol))
      for (const stream of [eager, easy]) {
        await stream.send('hello')
        await receiveBytes(stream, 5)
      }
      const lost = nextState(easy, 'DISCONNECTED')
      const again = nextState(eager, 'CONNECTED')
      peer.dropConnections()
      await Promise.all([lost, again])
      assert.equal(easy.state, 'DISCONNECTED')
    })
  }
})

effectOf('s.local_sink', 'needs no endpoint, and fails at once', async () => {
  await using context = await openContext({
    policy: { s: [{ changed: { local_sink: true } }] },
  })
  await assert.rejects(context.stream('changed').send('x'), { code: 'ERR_SS_NOT_IMPLEMENTED' })
  await assert.rejects(openContext({ policy: { s: [{ without: {} }] } }), /endpoint/)
})

const greetings: Record<ProtocolName, RegExp> = {
  h1: /^POST \/echo HTTP\/1\.1\r\n/,
  h2: /^PRI \* HTTP\/2\.0\r\n/,
  ws: /^GET \/ HTTP\/1\.1\r\n.*upgrade: websocket/is,
  mqtt: /^.{4}MQTT/s,
  raw: /^hello$/,
}

describe('what a stream speaks', { timeout: 60_000 }, () => {
  for (const [protocol, greeting] of Object.entries(greetings) as [ProtocolName, RegExp][])
    effectOf('s.protocol', `${protocol} greets as that protocol does`, async () => {
      let heard = (_: Buffer) => {}
      const first = new Promise<Buffer>((resolve) => {
        heard = resolve
      })
      await using peer = await startRaw({ accept: (socket) => socket.once('data', heard) })
      const context = await openContext({ policy: policyOf({ it: streamtype(protocol, peer) }) })
      const sent = context.stream('it', ownTopic(protocol)).send('hello')
      sent.catch(() => {})
      assert.match((await first).toString('latin1'), greeting)
      context.destroy()
    })

  effectOf('s', 'its streamtypes are what can be opened', async () => {
    const here = streamtype('raw', { port: 1 })
    await using context = await openContext({ policy: policyOf({ here }) })
    context.stream('here')
    assert.throws(() => context.stream('elsewhere'), { code: 'ERR_SS_UNKNOWN_STREAMTYPE' })
  })

  effectOf('s.direct_proto_str', 'headers are metadata by their own names', async () => {
    let asked: http.IncomingHttpHeaders | undefined
    const server = http.createServer(({ headers }, response) => {
      asked = headers
      response.setHeader('content-type', 'text/plain')
      response.setHeader('x-echo', headers['x-direct'] ?? '')
      response.end('x')
    })
    await using peer = await ServerPeer.listen(server)
    const get = { http_method: 'GET', http_url: '/' }
    await using context = await openBoth(streamtype('h1', peer, get), { direct_proto_str: true })
    const metadata = { 'x-direct:': 'as it is' }
    await assert.rejects(context.request('without', { metadata }), {
      code: 'ERR_SS_UNKNOWN_METADATA',
    })
    // Headers are there while the answer is: in handlers.
    const answered: unknown[] = []
    const stream = context.stream('changed', {
      metadata,
      state(stream, state) {
        if (state === 'CONNECTED')
          for (const name of ['content-type:', 'x-echo:', 'x-none:'])
            answered.push(stream.getMetadata(name))
      },
    })
    const done = nextState(stream, 'QOS_ACK_REMOTE')
    stream.requestTx()
    await done
    assert.equal(asked?.['x-direct'], 'as it is')
    assert.deepEqual(answered, ['text/plain', 'as it is', undefined])
  })

  effectOf('s.long_poll', 'an h2 request stays open', async () => {
    const server = http2.createServer()
    const peer = await ServerPeer.listen(server as unknown as Server)
    const get = { http_method: 'GET', http_url: '/' }
    await using context = await openBoth(streamtype('h2', peer, get), { long_poll: true })
    for (const [name, ends] of [
      ['without', true],
      ['changed', false],
    ] as const) {
      const asked = once(server, 'stream')
      const stream = context.stream(name)
      stream.requestTx()
      const [request, , flags] = await asked
      request.on('error', () => {})
      assert.equal((flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0, ends)
      stream.destroy()
    }
    await peer.close()
  })
})

describe('what a stream tells', { timeout: 60_000 }, () => {
  effectOf('s.timeout_ms', 'is the time of startTimeout() without one', async () => {
    await using peer = await startRaw()
    await using context = await openBoth(streamtype('raw', peer, { timeout_ms: 60_000 }), {
      timeout_ms: 1,
    })
    const slow = context.stream('without')
    const states = traceStates(slow)
    const fast = context.stream('changed')
    slow.startTimeout()
    fast.startTimeout()
    await nextState(fast, 'TIMEOUT')
    assert.deepEqual(states, ['CREATING'])
  })

  for (const protocol of Object.keys(perProtocol) as ProtocolName[])
    effectOf('s.perf', `${protocol} tells how long connecting took`, async () => {
      await using peer = await starts[protocol]()
      await using context = await openBoth(streamtype(protocol, peer), { perf: true })
      const told: string[] = []
      for (const name of ['without', 'changed']) {
        const stream = context.stream(name, ownTopic(protocol))
        stream.on('perf', (timing) => {
          told.push(`${name} ${(timing as { peer: string }).peer}`)
        })
        await stream.send('hello')
        stream.destroy()
      }
      assert.deepEqual(told, ['changed 127.0.0.1'])
    })
})
