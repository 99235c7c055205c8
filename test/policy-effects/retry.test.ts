import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { describe } from 'node:test'
import { type Context, openContext, type PolicyInput } from 'lws-secure-streams'
import { startAedes, startWebSocket } from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { ownTopic, perProtocol, streamtype } from '../support/policies.js'
import { nextState } from '../support/states.js'
import { waitsOf } from '../support/waits.js'
import { effectOf } from './effect-of.js'

type Retry = NonNullable<PolicyInput['retry']>[number][string]
type Definition = NonNullable<PolicyInput['s']>[number][string]

// A socket that nobody listens on is refused at once.
const nowhere: Definition = { ...perProtocol.raw, endpoint: '+/nowhere/at/all' }

/** How long a stream that cannot connect waits between its attempts. */
async function waits(retry: Retry, definition: Definition = { ...nowhere, retry: 'it' }) {
  const policy = { retry: [{ it: retry }], s: [{ it: definition }] }
  await using context = await openContext({ policy })
  const waited = waitsOf(context)
  const error = await context
    .stream('it')
    .connect()
    .catch((error) => error)
  assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
  return waited
}

describe('a retry scheme', { timeout: 60_000 }, () => {
  const base = { backoff: [2, 4], conceal: 2, jitterpc: 1 }

  effectOf('retry', 'its schemes are what streamtypes refer to', async () => {
    assert.deepEqual(await waits(base), [2, 4])
    assert.deepEqual(await waits({}), [])
  })

  effectOf('s.retry', 'without one the first failure is final', async () => {
    assert.deepEqual(await waits(base, { ...nowhere, retry: 'it' }), [2, 4])
    assert.deepEqual(await waits(base, nowhere), [])
  })

  effectOf('retry.backoff', 'is how long the waits are', async () => {
    assert.deepEqual(await waits({ ...base, backoff: [3, 1] }), [3, 1])
  })

  effectOf('retry.conceal', 'is how many waits there are', async () => {
    assert.deepEqual(await waits({ ...base, conceal: 3 }), [2, 4, 4])
  })

  effectOf('retry.jitterpc', 'is how much longer they may be', async () => {
    const many = { backoff: [10], conceal: 40 }
    assert.deepEqual(new Set(await waits({ ...many, jitterpc: 1 })), new Set([10]))
    const longer = await waits({ ...many, jitterpc: 100 })
    // One of 40 is in the lower tenth, and so are all, once in 10^40 times.
    assert.ok(Math.min(...longer) >= 10 && Math.max(...longer) > 11 && Math.max(...longer) <= 20)
  })
})

/** A peer that answers pings and tells of them. */
interface PingedPeer extends AsyncDisposable {
  readonly port: number
  readonly pings: EventEmitter
}

const pinged = {
  async ws(): Promise<PingedPeer> {
    const pings = new EventEmitter()
    const peer = await startWebSocket()
    peer.webSockets.on('connection', (socket) => socket.on('ping', () => pings.emit('ping')))
    return Object.assign(peer, { pings })
  },
  async h2(): Promise<PingedPeer> {
    const pings = new EventEmitter()
    const server = http2.createServer()
    server.on('session', (session) => session.on('ping', () => pings.emit('ping')))
    server.on('sessionError', () => {})
    server.on('stream', (stream) => stream.on('error', () => {}).respond())
    return Object.assign(await ServerPeer.listen(server as unknown as Server), { pings })
  },
  async mqtt(): Promise<PingedPeer> {
    const pings = new EventEmitter()
    const peer = await startAedes()
    peer.broker.on('ping', () => pings.emit('ping'))
    return Object.assign(peer, { pings })
  },
}

describe('a silent connection', { timeout: 60_000 }, () => {
  const open = (retry: Retry, definition: Definition): Promise<Context> =>
    openContext({
      policy: {
        retry: [{ quick: { conceal: 0, ...retry } }],
        s: [{ it: { ...definition, retry: 'quick' } }],
      },
    })

  for (const protocol of ['ws', 'h2', 'mqtt'] as const)
    effectOf('retry.svalidping', `${protocol} is pinged`, async () => {
      await using silent = await pinged[protocol]()
      await using peer = await pinged[protocol]()
      silent.pings.on('ping', () => assert.fail('nobody asked for it'))
      const get = protocol === 'h2' ? { http_method: 'GET' } : {}
      await using without = await open({}, streamtype(protocol, silent, get))
      await using context = await open({ svalidping: 1 }, streamtype(protocol, peer, get))
      await without.stream('it', ownTopic(protocol)).connect()
      await context.stream('it', ownTopic(protocol)).connect()
      // The second shows that the answer to the first was understood.
      for (let n = 0; n < 2; n++) await once(peer.pings, 'ping')
    })

  effectOf('retry.svalidhup', 'is closed when its pings are not answered', async () => {
    await using peer = await startWebSocket({ autoPong: false })
    const definition = streamtype('ws', peer, { opportunistic: true })
    await using patient = await open({ svalidping: 1 }, definition)
    await using strict = await open({ svalidping: 1, svalidhup: 2 }, definition)
    const staying = patient.stream('it')
    const closed = strict.stream('it')
    await staying.connect()
    await closed.connect()
    await nextState(closed, 'DISCONNECTED')
    assert.equal(staying.state, 'CONNECTED')
  })

  effectOf('retry.svalidhup', 'is closed without pings too, and not pinged', async () => {
    await using peer = await startWebSocket()
    peer.webSockets.on('connection', (socket) =>
      socket.on('ping', () => assert.fail('nobody asked for it')),
    )
    await using context = await open(
      { svalidhup: 1 },
      streamtype('ws', peer, { opportunistic: true }),
    )
    const stream = context.stream('it')
    await stream.connect()
    await nextState(stream, 'DISCONNECTED')
  })
})
