import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { openContext, type SecureStream } from 'lws-secure-streams'
import {
  type HoldingRelay,
  startAedes,
  startHoldingRelay,
  startRaw,
  startWebSocket,
} from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { standstill } from '../support/standstill.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const SIZE = 5000
const message = Buffer.alloc(SIZE)

const peers = {
  raw: () => startRaw({ accept: (socket) => void socket.resume() }),
  ws: () => startWebSocket({ echo: false }),
  mqtt: () => startAedes(),
}

describe('what the socket has not taken', () => {
  const { file } = temporaryFolder()

  /** A stream whose peer stops reading: how many of what it is sending has been sent is to follow. */
  async function stuck(protocol: keyof typeof peers) {
    const peer = await peers[protocol]()
    const path = file(protocol)
    const relay: HoldingRelay = await startHoldingRelay(peer, path)
    const definition = streamtype(protocol, { port: 0 }, { endpoint: `+${path}` })
    if (protocol === 'mqtt') definition.mqtt_qos = 0
    const context = await openContext({ policy: policyOf({ it: definition }) })
    const stream: SecureStream = context.stream('it', ownTopic(protocol))
    await stream.connect()
    relay.hold()
    const failures: string[] = []
    let sent = 0
    for (let n = 0; n < 400; n++)
      stream.send(message).then(
        () => sent++,
        ({ code }) => failures.push(code),
      )
    await standstill(() => sent)
    return {
      context,
      stream,
      relay,
      failures,
      arrived: () => Math.floor(relay.heard / SIZE),
      sent: () => sent,
      async [Symbol.asyncDispose]() {
        context.destroy()
        await relay.close()
        await peer.close()
      },
    }
  }

  for (const protocol of ['raw', 'ws', 'mqtt'] as const) {
    test(`has not been sent: ${protocol}`, async () => {
      await using held = await stuck(protocol)
      const sent = held.sent()
      const ended = held.relay.end()
      held.context.destroy()
      held.relay.pass()
      await ended
      assert.ok(held.arrived() >= sent, `${held.arrived()} of ${sent} have arrived`)
      assert.equal(held.sent(), sent)
    })

    test(`is lost with its connection, and said to be: ${protocol}`, async () => {
      await using held = await stuck(protocol)
      const disconnected = once(held.stream, 'state')
      held.relay.cut()
      await disconnected
      await standstill(() => held.failures.length)
      assert.ok(held.failures.length > 0)
      for (const code of held.failures) assert.equal(code, 'ERR_SS_DISCONNECTED')
    })

    test(`is sent when the peer goes on reading: ${protocol}`, async () => {
      await using held = await stuck(protocol)
      const ended = held.relay.end()
      held.relay.pass()
      await held.context.close()
      await ended
      assert.equal(held.sent(), 400)
      assert.ok(held.arrived() >= 400, `${held.arrived()} have arrived`)
    })
  }
})
