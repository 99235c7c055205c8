import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type LogLine, openContext, type SecureStream, type StreamStats } from 'lws-secure-streams'
import { startHttp1, startRaw, startWebSocket } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

describe('what can be observed', { timeout: 60_000 }, () => {
  test('diagnostics channels tell of contexts, streams, messages and states', async () => {
    const told: Record<string, unknown[]> = {}
    const names = ['context', 'stream', 'message', 'state']
    const listeners = names.map((name) => {
      told[name] = []
      const listener = (message: unknown) => told[name]?.push(message)
      subscribe(`lws-secure-streams:${name}`, listener)
      return listener
    })
    await using peer = await startRaw()
    const context = await openContext({ policy: policyOf({ it: streamtype('raw', peer) }) })
    const stream = context.stream('it')
    await stream.send('hello')
    await nextMessage(stream)
    await context.close()

    assert.deepEqual(told.context, [{ context }])
    assert.deepEqual(told.stream, [{ context, stream }])
    assert.deepEqual(told.message, [
      { stream, direction: 'sent', bytes: 5 },
      { stream, direction: 'received', bytes: 5 },
    ])
    const states = (told.state as { state: string }[]).map(({ state }) => state)
    assert.ok(states.includes('CONNECTED') && states.includes('DESTROYING'))
    names.forEach((name, n) => {
      unsubscribe(`lws-secure-streams:${name}`, listeners[n] as () => void)
      assert.equal(channel(`lws-secure-streams:${name}`).hasSubscribers, false)
    })
  })

  for (const end of ['disconnect', 'close', 'destroy'] as const)
    for (const when of ['CONNECTING', 'UNREACHABLE', 'CONNECTED'])
      test(`a request whose stream a subscriber ends by ${end}() at ${when} rejects`, async () => {
        await using nobody = await deadPort()
        await using peer = await startHttp1()
        const to = when === 'UNREACHABLE' ? nobody : peer
        const it = streamtype('h1', to, { http_method: 'GET', http_url: '/hang' })
        const context = await openContext({ policy: policyOf({ it }) })
        const listener = (message: unknown) => {
          const { stream, state } = message as { stream: SecureStream; state: string }
          if (state === when) queueMicrotask(() => void stream[end]())
        }
        subscribe('lws-secure-streams:state', listener)
        const asked = context.request('it', { timeout: when === 'CONNECTED' ? 100 : 20_000 })
        await assert.rejects(asked, ({ code }) => code.startsWith('ERR_SS_'))
        unsubscribe('lws-secure-streams:state', listener)
        await context.close()
      })

  test('log lines say in words what streams and servers do', async () => {
    await using nobody = await deadPort()
    await using peer = await startHttp1()
    const site = { protocol: 'h1', server: true, endpoint: '127.0.0.1', port: 0 } as const
    const policy = policyOf({
      weather: streamtype('h1', peer, { http_method: 'GET', http_url: 'echo' }),
      chat: streamtype('ws', nobody),
      site: { ...site, http_url: '' },
    })
    await using context = await openContext({ policy })
    const lines: string[] = []
    context.on('log', ({ level, text }) => {
      assert.ok(text.length > 0 && !text.endsWith('\n'))
      lines.push(`${level}: ${text}`)
    })
    await context.request('weather')
    const chat = context.stream('chat')
    await assert.rejects(chat.send('x'))
    const server = await context.serve('site', { transaction: (txn) => txn.end('hello') })
    const client = await fetch(`http://127.0.0.1:${server.port}/a`)
    await client.text()
    await context.close()
    assert.deepEqual(
      lines.map((line) => line.replace(/(has no connection): .*|(tries again) in .*/, '$1$2')),
      [
        `notice: weather #0 connects to localhost:${peer.port} by h1`,
        `notice: weather #0 is answered with 200 by http://localhost:${peer.port}/echo`,
        ...[1, 2, 3].flatMap((attempt) => [
          `notice: chat #1 connects to localhost:${nobody.port} by ws`,
          'notice: chat #1 has no connection',
          ...(attempt < 3 ? ['notice: chat #1 tries again'] : []),
        ]),
        'notice: chat #1 gives up, since all retries of the policy have failed',
        `notice: site listens on 127.0.0.1:${server.port}`,
        'notice: site answers GET /a of 127.0.0.1: 200',
      ],
    )
  })

  test('what the check of a policy warns of is told, of the first and of what follows', async () => {
    const policy = policyOf({ it: streamtype('raw', { port: 1 }) })
    const misspelt = { s: [{ it: { tsl: true, urgent_tx: true } }] }
    await using context = await openContext({ policy, overlays: [misspelt] })
    const lines: LogLine[] = []
    const twoMore = async () => {
      const told = lines.length
      while (lines.length < told + 2) await once(context, 'log')
    }
    context.on('log', (line) => lines.push(line))
    await twoMore()
    const more = twoMore()
    await context.overlay(JSON.stringify(misspelt))
    await more
    for (const { level } of lines) assert.equal(level, 'warn')
    const texts = lines.map(({ text }) => text)
    assert.match(String(texts[0]), /^policy: s\[0\]\.it\.tsl: .*\(unknown-key\)$/)
    assert.match(String(texts[1]), /\(no-effect\)$/)
    assert.match(String(texts[2]), /^policy: 1:14: s\[0\]\.it\.tsl: .*\(unknown-key\)$/)
  })

  test('streams with handlers count what they send and receive, as others do', async () => {
    await using peer = await startWebSocket()
    const context = await openContext({ policy: policyOf({ it: streamtype('ws', peer) }) })
    const pieces = ['ab', 'cde', 'f', '']
    const counted = await new Promise<StreamStats>((resolve) => {
      let sent = 0
      let received = 0
      context
        .stream('it', {
          state: (stream, state) => {
            if (state === 'CONNECTED') stream.requestTx()
          },
          tx: (stream) => {
            const data = pieces[sent] ?? ''
            // Two messages, the second of one piece, and the third empty.
            const message = { data, som: sent !== 1, eom: sent !== 0 }
            if (++sent < pieces.length) stream.requestTx()
            return message
          },
          rx: (stream, _data, { eom }) => {
            if (eom && ++received === 3) resolve({ ...stream.stats })
          },
        })
        .connect()
    })
    assert.deepEqual(counted, {
      connections: 1,
      messagesSent: 3,
      bytesSent: 6,
      messagesReceived: 3,
      bytesReceived: 6,
    })
    await context.close()
  })

  test('NODE_DEBUG=lws-secure-streams writes them to stderr, and nothing else does', async () => {
    const program = `
      const { openContext } = require(${JSON.stringify(require.resolve('lws-secure-streams'))})
      openContext({ policy: { s: [{ it: { endpoint: 'localhost', port: 1, protocol: 'raw' } }] } })
        .then(async (context) => {
          await context.stream('it').send('x').catch(() => {})
          await context.close()
        })`
    const run = (env: NodeJS.ProcessEnv) =>
      promisify(execFile)(process.execPath, ['-e', program], { env: { ...process.env, ...env } })
    const loud = await run({ NODE_DEBUG: 'lws-secure-streams' })
    assert.match(
      loud.stderr,
      /LWS-SECURE-STREAMS \d+: notice: it #0 connects to localhost:1 by raw/,
    )
    assert.match(loud.stderr, /LWS-SECURE-STREAMS \d+: debug: .*ALL_RETRIES_FAILED/)
    const quiet = await run({})
    assert.equal(quiet.stderr + quiet.stdout, '')
  })
})
