import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { openContext, type SecureStream } from 'lws-secure-streams'
import { generate } from 'mqtt-packet'
import {
  type HoldingRelay,
  startAedes,
  startAside,
  startHoldingRelay,
  startRaw,
  startWebSocket,
} from '../peers/index.js'
import { ownTopic, policyOf, streamtype } from '../support/policies.js'
import { standstill } from '../support/standstill.js'
import { nextState, receiveBytes } from '../support/states.js'
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
  async function stuck(protocol: keyof typeof peers, path?: string) {
    const peer = await peers[protocol]()
    const relay: HoldingRelay = await startHoldingRelay(peer, path ? { path } : {})
    const definition = streamtype(protocol, relay, path ? { endpoint: `+${path}` } : {})
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
      await using held = await stuck(protocol, file(protocol))
      const sent = held.sent()
      const ended = held.relay.end()
      held.context.destroy()
      held.relay.pass()
      await ended
      assert.ok(held.arrived() >= sent, `${held.arrived()} of ${sent} have arrived`)
      assert.equal(held.sent(), sent)
    })

    test(`is lost with its connection, and said to be: ${protocol}`, async () => {
      await using held = await stuck(protocol, file(protocol))
      const disconnected = once(held.stream, 'state')
      held.relay.cut()
      await disconnected
      await standstill(() => held.failures.length)
      assert.ok(held.failures.length > 0)
      for (const code of held.failures) assert.equal(code, 'ERR_SS_DISCONNECTED')
    })

    test(`is sent when the peer goes on reading: ${protocol}`, async () => {
      await using held = await stuck(protocol, file(protocol))
      const ended = held.relay.end()
      held.relay.pass()
      await held.context.close()
      await ended
      assert.equal(held.sent(), 400)
      assert.ok(held.arrived() >= 400, `${held.arrived()} have arrived`)
    })
  }

  // The system resets a connection that is closed while something is unread.
  for (const [protocol, words] of [
    ['raw', Buffer.from('welcome')],
    ['mqtt', generate({ cmd: 'pingresp' })],
  ] as const)
    test(`and what it has taken arrives, though the peer has spoken: ${protocol}`, async () => {
      await using held = await stuck(protocol)
      const sent = held.sent()
      const ended = held.relay.end()
      held.relay.say(words)
      held.context.destroy()
      held.relay.pass()
      await ended
      assert.ok(held.arrived() >= sent, `${held.arrived()} of ${sent} have arrived`)
    })
})

const head: Partial<Record<string, string>> = { h1: 'HTTP/1.1 200 OK\r\n\r\n' }

for (const protocol of ['raw', 'ws', 'mqtt'] as const)
  test(`what the socket refuses, since its peer is gone, has not been sent: ${protocol}`, {
    timeout: 20_000,
  }, async () => {
    await using peer = await startAside(protocol)
    const definition = streamtype(protocol, peer)
    if (protocol === 'mqtt') definition.mqtt_qos = 0
    const context = await openContext({ policy: policyOf({ it: definition }) })
    const stream = context.stream('it', ownTopic(protocol))
    await stream.connect()
    await stream.send('there')
    await receiveBytes(stream, 'there'.length)
    peer.reset()
    await assert.rejects(stream.send('not there'), { code: 'ERR_SS_DISCONNECTED' })
    context.destroy()
  })

/** A peer that says something, and reads nothing once it has been spoken to. */
async function startSpeaker(protocol: 'raw' | 'h1' | 'ws') {
  if (protocol === 'ws') {
    const peer = await startWebSocket({ echo: false })
    peer.webSockets.on('connection', (socket) => {
      socket.pause()
      socket.send('hello')
    })
    return peer
  }
  return startRaw({
    accept: (socket) =>
      socket.once('data', () => {
        socket.pause()
        socket.write(`${head[protocol] ?? ''}hello`)
      }),
  })
}

/** One message of WebSockets. */
const framed = (payload: Buffer) => {
  const start = Buffer.alloc(10)
  start.writeUInt16BE(0x827f)
  start.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([start, payload])
}

describe('a connection that is reset', () => {
  for (const protocol of ['raw', 'h1', 'ws'] as const)
    for (const [when, length] of [
      ['has waited for long', 8 * 1024 * 1024],
      // Which the stream takes, but not much more.
      ['is about to', 1024 * 1024 - 128 * 1024],
    ] as const)
      test(`is lost at once, with what was unsent: ${protocol}, whose reader ${when}`, {
        timeout: 20_000,
      }, async () => {
        await using peer = await startSpeaker(protocol)
        const context = await openContext({ policy: policyOf({ it: streamtype(protocol, peer) }) })
        const stream = context.stream('it')
        const first = stream.chunks().next()
        const unsent = assert.rejects(stream.send(Buffer.alloc(32 * 1024 * 1024)), {
          code: 'ERR_SS_DISCONNECTED',
        })
        assert.equal((await first).value?.data.toString(), 'hello')
        const disconnected = nextState(stream, 'DISCONNECTED')
        const [socket] = peer.sockets
        const say = (speech: Buffer) => socket?.write(protocol === 'ws' ? framed(speech) : speech)
        say(Buffer.alloc(length))
        await standstill(() => stream.stats.bytesReceived)
        say(Buffer.alloc(1024 * 1024))
        socket?.resetAndDestroy()
        await disconnected
        await unsent
        context.destroy()
      })
})
