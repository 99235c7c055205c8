import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Context, openContext, Return, type SecureStream } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Peer,
  patternBytes,
  startAedes,
  startHttp1,
  startHttp2,
  startMosquitto,
  startRaw,
  startWebSocket,
  type TlsIdentity,
} from '../peers/index.js'
import { ownTopic, type ProtocolName, policyOf, streamtype } from '../support/policies.js'
import { nextMessage, nextState, receiveBytes, traceStates } from '../support/states.js'

type Start = (options: { tls?: TlsIdentity }) => Promise<Peer>

const peers: { protocol: ProtocolName; name: string; start: Start }[] = [
  { protocol: 'h1', name: 'node:http', start: startHttp1 },
  { protocol: 'h2', name: 'node:http2', start: startHttp2 },
  { protocol: 'ws', name: 'ws', start: startWebSocket },
  { protocol: 'mqtt', name: 'mosquitto', start: startMosquitto },
  { protocol: 'mqtt', name: 'aedes', start: startAedes },
  { protocol: 'raw', name: 'node:net', start: startRaw },
]

const acknowledged = new Set<ProtocolName>(['h1', 'h2', 'mqtt'])
const transactional = new Set<ProtocolName>(['h1', 'h2'])

for (const { protocol, name, start } of peers)
  for (const secure of [false, true])
    describe(`${protocol}${secure ? ' with TLS' : ''} and ${name}`, { timeout: 60_000 }, () => {
      let peer: Peer
      let context: Context

      before(async () => {
        const authority = await CertificateAuthority.create()
        peer = await start(secure ? { tls: await authority.issue() } : {})
        const definition = streamtype(protocol, peer, secure ? { tls: true } : {})
        context = await openContext({ policy: policyOf({ it: definition }, authority) })
      })
      after(async () => {
        await context.close()
        await peer.close()
      })

      test('sends, receives, and passes through the states in order', async () => {
        const stream = context.stream('it', ownTopic(protocol))
        const states = traceStates(stream)
        await stream.send('hello')
        assert.equal((await nextMessage(stream)).toString(), 'hello')
        if (transactional.has(protocol) && !states.includes('DISCONNECTED'))
          await nextState(stream, 'DISCONNECTED')
        await stream[Symbol.asyncDispose]()
        assert.deepEqual(states, [
          'CREATING',
          'POLL',
          'CONNECTING',
          'CONNECTED',
          ...(acknowledged.has(protocol) ? ['QOS_ACK_REMOTE'] : []),
          'DISCONNECTED',
          'DESTROYING',
        ])
      })

      test('carries 100,000 bytes both ways unchanged', async () => {
        await using stream = context.stream('it', ownTopic(protocol))
        const bytes = patternBytes(100_000)
        const sent = stream.send(bytes)
        assert.deepEqual(await receiveBytes(stream, bytes.length), bytes)
        await sent
      })

      test('keeps the order of messages', async () => {
        await using stream = context.stream('it', ownTopic(protocol))
        const count = transactional.has(protocol) ? 20 : 300
        const texts = Array.from({ length: count }, (_, n) => `message ${n};`)
        const sent = Promise.all(texts.map((text) => stream.send(text)))
        const whole = texts.join('')
        assert.equal((await receiveBytes(stream, whole.length)).toString(), whole)
        await sent
      })

      test('hands messages to a listener and pieces to chunks()', async () => {
        await using listened = context.stream('it', ownTopic(protocol))
        const heard = new Promise<string>((resolve) =>
          listened.on('message', (message) => resolve(message.text())),
        )
        await listened.send('to a listener')
        assert.equal(await heard, 'to a listener')

        await using chunked = context.stream('it', ownTopic(protocol))
        const chunks = chunked.chunks()
        await chunked.send('to chunks')
        const first = await chunks.next()
        assert.equal(first.done ? '' : first.value.data.toString(), 'to chunks')
      })

      test('connect() settles with handlers as well', async () => {
        await using stream = context.stream('it', { ...ownTopic(protocol), state() {} })
        await stream.connect()
        assert.ok(stream.stats.connections > 0)
      })

      test('sends with handlers, as the C API does', async () => {
        const states: unknown[] = []
        const text = 'from a handler'
        let sent = false
        const received = new Promise<string>((resolve) => {
          context.stream('it', {
            ...ownTopic(protocol),
            state(stream, state) {
              states.push(state)
              if (state === 'CREATING') stream.requestTx(text.length)
            },
            tx(_stream, { room }) {
              if (sent) return Return.TX_DONT_SEND
              sent = true
              assert.ok(room >= text.length)
              return { data: text, som: true, eom: true }
            },
            rx(_stream, data) {
              if (data.length > 0) resolve(data.toString())
              return data.length > 0 ? Return.DESTROY_ME : Return.OK
            },
          })
        })
        assert.equal(await received, text)
        assert.deepEqual(states.slice(0, 4), ['CREATING', 'POLL', 'CONNECTING', 'CONNECTED'])
      })

      test('destroys the stream when a handler of any kind says so or does so', async () => {
        const ways: [string, (stream: SecureStream) => -2 | undefined][] = [
          ['return', () => Return.DESTROY_ME],
          [
            'call',
            (stream) => {
              stream.destroy()
              return undefined
            },
          ],
        ]
        for (const [way, destroy] of ways)
          for (const where of ['CREATING', 'CONNECTING', 'CONNECTED', 'tx', 'rx']) {
            const over = new Promise<void>((resolve) => {
              context.stream('it', {
                ...ownTopic(protocol),
                state(stream, state) {
                  if (state === 'DESTROYING') resolve()
                  if (state === 'CREATING') stream.requestTx(1)
                  return state === where ? destroy(stream) : undefined
                },
                tx: (stream) =>
                  where === 'tx'
                    ? (destroy(stream) ?? Return.TX_DONT_SEND)
                    : { data: 'x', som: true, eom: true },
                rx: (stream) => (where === 'rx' ? destroy(stream) : undefined),
              })
            })
            await over.catch((error) => assert.fail(`${way} in ${where}: ${error}`))
          }
      })

      test('disconnects on demand and connects again', async () => {
        await using stream = context.stream('it', ownTopic(protocol))
        const states = traceStates(stream)
        if (!transactional.has(protocol)) {
          await stream.connect()
          const disconnected = nextState(stream, 'DISCONNECTED')
          stream.disconnect()
          await disconnected
        }
        await stream.send('again')
        assert.equal((await nextMessage(stream)).toString(), 'again')
        if (!transactional.has(protocol))
          assert.equal(states.filter((state) => state === 'CONNECTED').length, 2)
      })

      test('rejects what is pending when the stream is destroyed', async () => {
        const stream = context.stream('it', ownTopic(protocol))
        const pending = stream.send('never mind')
        stream.destroy()
        await assert.rejects(pending, { code: 'ERR_SS_DESTROYED' })
        await assert.rejects(stream.send('too late'), { code: 'ERR_SS_DESTROYED' })
      })
    })
