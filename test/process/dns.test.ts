import assert from 'node:assert/strict'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import net from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { AllRetriesFailedError, openContext } from 'lws-secure-streams'
import { type Peer, startWebSocket } from '../peers/index.js'
import { type ProtocolName, perProtocol, policyOf, streamtype } from '../support/policies.js'
import { runFixture } from '../support/run-fixture.js'
import { nextMessage } from '../support/states.js'

type Streamtype = ReturnType<typeof streamtype>

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')
const withIpv6 = { skip: !hasIpv6 && 'there is no ::1 here' }
const withFifo = { skip: process.platform === 'win32' && 'there is no mkfifo here' }

describe('while a lookup is under way', { concurrency: 2 }, () => {
  let peer: Peer
  before(async () => {
    peer = await startWebSocket()
  })
  after(() => peer.close())

  const results: Record<string, unknown[]> = {
    'timers and streams go on': ['CONNECTING', 'CONNECTED'],
    'a stream is destroyed': ['DESTROYING', 'hello'],
    'a stream is disconnected': ['hello'],
    'a context is destroyed': ['closed'],
    'a worker is terminated': [[1]],
    'many at once': [1],
    'nobody answers': [
      [
        'ERR_SS_ALL_RETRIES_FAILED',
        'localhost:1: the name could not be looked up, since no name server answered',
      ],
      true,
      'hello',
    ],
    'contexts come and go': ['closed'],
  }
  for (const [scenario, reports] of Object.entries(results))
    test(scenario, withFifo, async () => {
      const ended = await runFixture('lookup', {
        argument: { scenario, port: peer.port },
        env: { UV_THREADPOOL_SIZE: '1' },
      })
      assert.deepEqual(ended, { code: 0, signal: null, stderr: '', reports })
    })
})

describe('names', { timeout: 60_000 }, () => {
  async function reaches(endpoint: string, host: string): Promise<void> {
    const server = net.createServer((socket) => socket.end('hello')).listen(0, host)
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const context = await openContext({
      policy: policyOf({ it: streamtype('raw', { port }, { endpoint }) }),
    })
    const stream = context.stream('it')
    stream.connect()
    assert.equal((await nextMessage(stream)).toString(), 'hello')
    await context.close()
    server.close()
  }

  test('localhost is 127.0.0.1', () => reaches('localhost', '127.0.0.1'))
  test('localhost is ::1, where the system says so', async (context) => {
    const addresses = await lookup('localhost', { all: true })
    if (addresses.some(({ address }) => address === '::1')) await reaches('localhost', '::1')
    else context.skip('localhost has no ::1 here')
  })
  test('127.0.0.1 is itself', () => reaches('127.0.0.1', '127.0.0.1'))
  test('[::1] is itself', withIpv6, () => reaches('[::1]', '::1'))

  async function isUnreachable(definition: Streamtype): Promise<void> {
    const context = await openContext({ policy: policyOf({ it: definition }) })
    await assert.rejects(context.stream('it').connect(), (error) => {
      assert.ok(error instanceof AllRetriesFailedError)
      assert.match(error.message, /no host of that name/)
      return true
    })
    await context.close()
  }

  // No label has more than 63 characters: that is known without asking anybody.
  const impossible = `${'x'.repeat(64)}.invalid`
  for (const protocol of Object.keys(perProtocol) as ProtocolName[])
    test(`one that cannot exist is unreachable on ${protocol}, and says so`, () =>
      isUnreachable(streamtype(protocol, { port: 1 }, { endpoint: impossible })))

  test('one that nobody has is unreachable, and says so', async () => {
    // Asked for once, as the system's resolver may take its time.
    const { retry: _, ...once } = streamtype('ws', { port: 1 }, { endpoint: 'nobody.invalid' })
    await isUnreachable(once)
  })
})
