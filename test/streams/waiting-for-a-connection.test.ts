import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { type Context, openContext, type SecureStream } from 'lws-secure-streams'
import { generate, parser } from 'mqtt-packet'
import { CertificateAuthority, startHttp2, startMosquitto, startRaw } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { BlackHole } from '../support/black-hole.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextState, traceStates } from '../support/states.js'

const onLinux = { skip: process.platform !== 'linux' && 'only Linux keeps a full queue silent' }

/** A streamtype without a retry, so that its first failure is the last. */
function withoutRetry(protocol: 'h2' | 'mqtt', peer: { port: number }, more = {}) {
  const { retry: _, ...definition } = streamtype(protocol, peer, more)
  return policyOf({ it: definition })
}

/** Says nothing on the first connection, and leads the others to `peer`. */
class SilentAtFirst extends ServerPeer {
  readonly #events = new EventEmitter()
  /** Settles when something has been said on the first connection. */
  readonly addressed = once(this.#events, 'addressed')

  static async start(peer: { port: number }): Promise<SilentAtFirst> {
    let first = true
    const gate: SilentAtFirst = await SilentAtFirst.listen(
      net.createServer((socket) => {
        if (first) socket.on('data', () => gate.#events.emit('addressed'))
        else
          socket
            .pipe(net.connect(peer.port, '127.0.0.1'))
            .on('error', () => {})
            .pipe(socket)
        first = false
      }),
    )
    return gate
  }
}

const several = (context: Context, protocol: 'h2' | 'mqtt', count: number) =>
  Array.from({ length: count }, (_, n) =>
    context.stream('it', protocol === 'mqtt' ? { metadata: { topic: `t${n}` } } : {}),
  )

/** Settles when all have begun to connect. */
const connecting = (streams: SecureStream[]) =>
  Promise.all(streams.map((stream) => nextState(stream, 'CONNECTING')))

const leavings = {
  destroyed: (stream: SecureStream) => stream.destroy(),
  disconnected: (stream: SecureStream) => stream.disconnect(),
  'out of time': (stream: SecureStream) => stream.startTimeout(1),
}

describe('a stream that makes the connection which others wait for', { timeout: 120_000 }, () => {
  for (const [how, leave] of Object.entries(leavings)) {
    for (const protocol of ['h2', 'mqtt'] as const) {
      test(`takes no ${protocol} stream along when it is ${how} amid the handshake of TLS`, async () => {
        const authority = await CertificateAuthority.create()
        const start = protocol === 'h2' ? startHttp2 : startMosquitto
        await using peer = await start({ tls: await authority.issue() })
        await using gate = await SilentAtFirst.start(peer)
        await using context = await openContext({
          policy: withoutRetry(protocol, gate, { tls: true }),
          ca: authority.pem,
        })
        const streams = several(context, protocol, 3)
        const began = connecting(streams)
        const [first, ...others] = streams.map((stream) => stream.send('x'))
        const refused = assert.rejects(first as Promise<void>)
        await Promise.all([began, gate.addressed])
        leave(streams[0] as SecureStream)
        await Promise.all([...others, refused])
        for (const stream of streams) stream.destroy()
      })

      test(
        `takes no ${protocol} stream along when it is ${how} before it is connected`,
        onLinux,
        async () => {
          await using hole = await BlackHole.start()
          await using context = await openContext({
            policy: withoutRetry(protocol, hole, { tls: true }),
          })
          const streams = several(context, protocol, 3)
          const [first, ...others] = streams.map(traceStates)
          const began = connecting(streams)
          const sent = streams.map((stream) => stream.send('x').catch(() => {}))
          await began
          leave(streams[0] as SecureStream)
          await sent[0]
          await new Promise(setImmediate)
          assert.notEqual(first?.at(-1), 'CONNECTING')
          for (const states of others) assert.equal(states.at(-1), 'CONNECTING')
          context.destroy()
          await Promise.all(sent)
        },
      )
    }

    test(`takes no mqtt stream along when it is ${how} before CONNACK`, async () => {
      await using peer = await startMosquitto()
      await using gate = await SilentAtFirst.start(peer)
      await using context = await openContext({ policy: withoutRetry('mqtt', gate) })
      const streams = several(context, 'mqtt', 3)
      const began = connecting(streams)
      const [first, ...others] = streams.map((stream) => stream.send('x'))
      const refused = assert.rejects(first as Promise<void>)
      await Promise.all([began, gate.addressed])
      leave(streams[0] as SecureStream)
      await Promise.all([...others, refused])
      for (const stream of streams) stream.destroy()
    })
  }
})

describe('an attempt that fails', { concurrency: true, timeout: 120_000 }, () => {
  const refusal = generate({ cmd: 'connack', returnCode: 5, sessionPresent: false })
  for (const [what, answer, reason] of [
    ['refuses', (socket: net.Socket) => socket.end(refusal), /not authorized/],
    ['hangs up', (socket: net.Socket) => socket.end(), /hung up before/],
    ['breaks off', (socket: net.Socket) => socket.resetAndDestroy(), /connection reset before/],
    [
      'breaks the protocol',
      (socket: net.Socket) => socket.write(Buffer.from([0xf0, 0])),
      /no CONNACK of MQTT/,
    ],
  ] as const)
    test(`is that of all who wait for it, when a broker ${what}`, async () => {
      let began: Promise<unknown> | undefined
      await using broker = await ServerPeer.listen(
        net.createServer((socket) => {
          socket.on('error', () => {})
          const packets = parser()
          packets.on('packet', () => void began?.then(() => answer(socket)))
          socket.on('data', (bytes) => packets.parse(bytes))
        }),
      )
      await using context = await openContext({ policy: withoutRetry('mqtt', broker) })
      const streams = several(context, 'mqtt', 100)
      began = connecting(streams)
      await Promise.all(
        streams.map((stream) =>
          assert.rejects(stream.connect(), ({ message }: Error) => reason.test(message)),
        ),
      )
      assert.equal(broker.connections, 1)
      for (const stream of streams) stream.destroy()
    })

  for (const [what, more, reason] of [
    ['broker', {}, /no CONNACK/],
    ['SOCKS5 proxy', { endpoint: 'broker.example' }, /socks5 proxy .*Timed out/],
  ] as const)
    test(`is that of all who wait for it, when a ${what} is silent`, async () => {
      await using silent = await startRaw({ accept: (socket) => void socket.resume() })
      const policy = withoutRetry('mqtt', silent, more)
      await using context = await openContext({
        policy:
          what === 'broker' ? policy : { ...policy, 'via-socks5': `127.0.0.1:${silent.port}` },
      })
      const streams = several(context, 'mqtt', 3)
      await Promise.all(
        streams.map((stream) =>
          assert.rejects(stream.connect(), ({ message }: Error) => reason.test(message)),
        ),
      )
      assert.equal(silent.connections, 1)
      for (const stream of streams) stream.destroy()
    })
})
