import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { AllRetriesFailedError, openContext, type PolicyInput } from 'lws-secure-streams'
import { type startHttp1, startRaw, starts } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { type ProtocolName, policyOf, protocols, streamtype } from '../support/policies.js'
import { nextMessage, nextState, traceStates } from '../support/states.js'

const topic = (protocol: ProtocolName) => (protocol === 'mqtt' ? { metadata: { topic: 't' } } : {})

async function withContext<T>(
  policy: PolicyInput,
  use: (context: Awaited<ReturnType<typeof openContext>>) => Promise<T>,
): Promise<T> {
  const context = await openContext({ policy })
  try {
    return await use(context)
  } finally {
    await context.close()
  }
}

const threeAttempts = [
  'CREATING',
  'POLL',
  ...Array(3).fill(['CONNECTING', 'UNREACHABLE']).flat(),
  'ALL_RETRIES_FAILED',
]
// A retry is a request to send, as lws sees it.
const withoutPolls = (states: unknown[]) => states.filter((state, n) => state !== 'POLL' || n === 1)

for (const protocol of protocols)
  describe(`failures on ${protocol}`, { timeout: 60_000 }, () => {
    test('nobody listens: the policy decides how often it is tried, then it is over', async () => {
      await using port = await deadPort()
      await withContext(policyOf({ it: streamtype(protocol, port) }), async (context) => {
        const stream = context.stream('it', topic(protocol))
        const states = traceStates(stream)
        const error = await stream.send('x').catch((error) => error)
        assert.ok(error instanceof AllRetriesFailedError)
        assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
        assert.match(error.message, /connection refused/)
        const { code, errno, syscall } = error.cause as NodeJS.ErrnoException
        assert.deepEqual(
          { code, errno, syscall },
          { code: 'ECONNREFUSED', errno: -constants.errno.ECONNREFUSED, syscall: 'connect' },
        )
        assert.deepEqual(withoutPolls(states), threeAttempts)

        states.length = 0
        await assert.rejects(stream.send('y'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
        await assert.rejects(stream.connect(), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
        assert.equal(states.filter((state) => state === 'ALL_RETRIES_FAILED').length, 2)
        stream.destroy()
      })
    })

    test('a name that does not exist', async () => {
      const definition = streamtype(protocol, { port: 1 }, { endpoint: 'does-not-exist.invalid' })
      await withContext(policyOf({ it: definition }), async (context) => {
        const stream = context.stream('it', topic(protocol))
        const states = traceStates(stream)
        const error = await stream.send('x').catch((error) => error)
        assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
        assert.match(error.message, /no host of that name/)
        assert.deepEqual(withoutPolls(states), threeAttempts)
        stream.destroy()
      })
    })

    test('without a retry policy the first failure is the last', async () => {
      await using port = await deadPort()
      const { retry: _, ...definition } = streamtype(protocol, port)
      await withContext(policyOf({ it: definition }), async (context) => {
        const stream = context.stream('it', topic(protocol))
        const states = traceStates(stream)
        await assert.rejects(stream.send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
        assert.deepEqual(states, [
          'CREATING',
          'POLL',
          'CONNECTING',
          'UNREACHABLE',
          'ALL_RETRIES_FAILED',
        ])
        stream.destroy()
      })
    })

    test('a server that hangs up during the TLS handshake', async () => {
      await using peer = await startRaw({ accept: (socket) => socket.destroy() })
      await withContext(
        policyOf({ it: streamtype(protocol, peer, { tls: true }) }),
        async (context) => {
          const stream = context.stream('it', topic(protocol))
          await assert.rejects(stream.send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
          stream.destroy()
        },
      )
    })

    test('a server that hangs up as soon as it hears something', async () => {
      await using peer = await startRaw({
        accept: (socket) => socket.once('data', () => socket.destroy()),
      })
      const method = protocol.startsWith('h') ? { http_method: 'PUT' } : {}
      await withContext(policyOf({ it: streamtype(protocol, peer, method) }), async (context) => {
        const stream = context.stream('it', topic(protocol))
        const states = traceStates(stream)
        const sent = stream.send('x')
        if (protocol === 'raw') {
          await sent
          await nextState(stream, 'DISCONNECTED')
        } else {
          await assert.rejects(sent, { code: 'ERR_SS_ALL_RETRIES_FAILED' })
          assert.deepEqual(withoutPolls(states), threeAttempts)
        }
        stream.destroy()
      })
    })

    test('connections that are cut are made again, and nothing that was queued is lost', async () => {
      await using peer = await starts[protocol]()
      const definition = streamtype(protocol, peer, { opportunistic: false })
      await withContext(policyOf({ it: definition }), async (context) => {
        const stream = context.stream('it', topic(protocol))
        await stream.send('before')
        assert.equal((await nextMessage(stream)).toString(), 'before')
        const disconnected = nextState(stream, 'DISCONNECTED')
        if (protocol !== 'h1' && protocol !== 'h2') {
          peer.dropConnections()
          await disconnected
        }
        await stream.send('after')
        assert.equal((await nextMessage(stream)).toString(), 'after')
        stream.destroy()
        await disconnected
      })
    })
  })

for (const protocol of ['h1', 'h2'] as const)
  describe(`answers on ${protocol} that are no success`, { timeout: 60_000 }, () => {
    let peer: Awaited<ReturnType<typeof startHttp1>>
    before(async () => {
      peer = (await starts[protocol]()) as typeof peer
    })
    after(() => peer.close())

    for (const status of [503, 429])
      test(`${status} is tried again as long as the policy says`, async () => {
        const definition = streamtype(protocol, peer, { http_url: `/status/${status}` })
        await withContext(policyOf({ it: definition }), async (context) => {
          const stream = context.stream('it')
          const states = traceStates(stream)
          const before = peer.requests.length
          const error = await stream.send('x').catch((error) => error)
          assert.equal(error.code, 'ERR_SS_ALL_RETRIES_FAILED')
          assert.match(error.message, new RegExp(`status ${status}, 3 attempts`))
          assert.deepEqual(withoutPolls(states), threeAttempts)
          assert.equal(peer.requests.length - before, 3)
          assert.ok(peer.requests.slice(before).every(({ body }) => body.toString() === 'x'))
          stream.destroy()
        })
      })

    test('connect() after a message that was given up promises the server no body', async () => {
      const metadata = [{ status: '' }]
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
      const definition = streamtype(protocol, peer, { http_url: '/status/${status}', metadata })
      await withContext(policyOf({ it: definition }), async (context) => {
        const stream = context.stream('it', { metadata: { status: '503' } })
        await assert.rejects(stream.send('x'), { code: 'ERR_SS_ALL_RETRIES_FAILED' })
        stream.setMetadata('status', '200')
        await stream.connect()
        assert.equal(peer.requests.at(-1)?.body.length, 0)
        stream.destroy()
      })
    })

    test('404 is a refusal', async () => {
      const definition = streamtype(protocol, peer, { http_url: '/status/404' })
      await withContext(policyOf({ it: definition }), async (context) => {
        const stream = context.stream('it')
        const states = traceStates(stream)
        await assert.rejects(stream.send('x'), { code: 'ERR_SS_NACK', state: 'QOS_NACK_REMOTE' })
        if (!states.includes('DISCONNECTED')) await nextState(stream, 'DISCONNECTED')
        assert.deepEqual(states.slice(3), ['CONNECTED', 'QOS_NACK_REMOTE', 'DISCONNECTED'])
        stream.destroy()
      })
    })

    test('an answer that is cut off is not an answer', async () => {
      const definition = streamtype(protocol, peer, { http_url: '/truncate' })
      await withContext(policyOf({ it: definition }), async (context) => {
        const stream = context.stream('it')
        const states = traceStates(stream)
        await assert.rejects(stream.send('x'), { code: 'ERR_SS_DISCONNECTED' })
        assert.ok(!states.includes('QOS_ACK_REMOTE'))
        stream.destroy()
        const { value } = await stream[Symbol.asyncIterator]().next()
        assert.equal(value, undefined)
      })
    })
  })
