import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, startHttp2, starts } from '../peers/index.js'
import { ownTopic, type ProtocolName, policyOf, streamtype } from '../support/policies.js'
import { nextMessage } from '../support/states.js'

interface Performance {
  peer: string
  dns_us: number
  sockconn_us: number
  tls_us: number
  txn_resp_us: number
  dns: string[]
  prot_specific?: { protocol: string; resp: number }
}

const http = new Set<string>(['h1', 'h2'])

describe('a perf streamtype tells how its connection was made', { timeout: 30_000 }, () => {
  for (const protocol of Object.keys(starts) as ProtocolName[])
    for (const secure of [false, true])
      test(`on ${protocol}${secure ? ' with TLS' : ''}, once, before CONNECTED`, async () => {
        const authority = await CertificateAuthority.create()
        await using peer = await starts[protocol](secure ? { tls: await authority.issue() } : {})
        await using context = await openContext({
          policy: policyOf(
            { it: streamtype(protocol, peer, { perf: true, tls: secure }) },
            authority,
          ),
        })
        const stream = context.stream('it', ownTopic(protocol))
        const trace: unknown[] = []
        stream.on('state', (state) => trace.push(state))
        stream.on('perf', (performance) => trace.push(performance))
        await stream.send('x')
        assert.equal((await nextMessage(stream)).toString(), 'x')
        await stream[Symbol.asyncDispose]()

        const told = trace.filter((entry) => typeof entry === 'object') as Performance[]
        assert.equal(told.length, 1)
        const [performance] = told as [Performance]
        assert.equal(trace.indexOf(performance), trace.indexOf('CONNECTED') - 1)
        assert.equal(performance.peer, '127.0.0.1')
        assert.ok(performance.dns.includes('127.0.0.1'))
        for (const key of ['dns_us', 'sockconn_us', 'tls_us', 'txn_resp_us'] as const)
          assert.equal(typeof performance[key], 'number')
        assert.equal(performance.tls_us > 0, secure)
        const answer = http.has(protocol) ? { protocol: 'http', resp: 200 } : undefined
        assert.deepEqual(performance.prot_specific, answer)
      })
})

test('a stream that joins an h2 connection tells how that was made', {
  timeout: 30_000,
}, async () => {
  const authority = await CertificateAuthority.create()
  await using peer = await startHttp2({ tls: await authority.issue() })
  await using context = await openContext({
    policy: policyOf({ it: streamtype('h2', peer, { perf: true, tls: true }) }, authority),
  })
  const told: Performance[] = []
  const started = process.hrtime.bigint()
  for (let n = 0; n < 2; n++) {
    await using stream = context.stream('it')
    stream.on('perf', (performance) => told.push(performance as Performance))
    await stream.send('x')
  }
  const took = Number((process.hrtime.bigint() - started) / 1000n)
  assert.equal(peer.sessions, 1)
  const [first, second] = told as [Performance, Performance]
  assert.equal(second.tls_us, first.tls_us)
  assert.equal(second.sockconn_us, first.sockconn_us)
  assert.equal(second.peer, first.peer)
  assert.equal(second.prot_specific?.resp, 200)
  for (const { txn_resp_us } of told) assert.ok(txn_resp_us > 0 && txn_resp_us <= took)
})

test('handlers get it as payload with a flag, and others not at all', {
  timeout: 30_000,
}, async () => {
  await using peer = await startHttp2()
  await using context = await openContext({
    policy: policyOf({
      it: streamtype('h2', peer, { perf: true }),
      other: streamtype('h2', peer),
    }),
  })
  const received: string[] = []
  await new Promise<void>((resolve) => {
    context.stream('it', {
      state(stream, state) {
        if (state === 'CREATING') stream.requestTx(1)
        if (state === 'QOS_ACK_REMOTE') resolve()
      },
      tx: () => ({ data: 'x', som: true, eom: true }),
      rx(_stream, data, { perf }) {
        if (perf) assert.equal(JSON.parse(data.toString()).peer, '127.0.0.1')
        if (data.length > 0) received.push(perf ? 'perf' : data.toString())
      },
    })
  })
  assert.deepEqual(received, ['perf', 'x'])

  await using other = context.stream('other')
  other.on('perf', () => assert.fail('nobody asked for it'))
  await other.send('x')
})
