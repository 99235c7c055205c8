import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CertificateAuthority, type Peer, startHttp1, startWebSocket } from '../peers/index.js'
import { BlackHole } from '../support/black-hole.js'
import { runFixture } from '../support/run-fixture.js'

const stages = [
  'a context is being opened',
  'a context has just opened',
  'creating',
  'resolving',
  ...(process.platform === 'linux' ? ['connecting'] : []),
  'TLS handshake',
  'sending',
  'receiving',
  'waiting to retry',
  'closing a stream',
  'closing a context',
  'a context has just closed',
  'in a message listener',
  'after send()',
  'after a reply',
  'with exitCode, and a stream still open',
  'fetching a policy',
  'in the middle of a fetched policy',
  'told of a fetched policy',
  'overlaying',
  'after an overlay',
  'overlaying under a connection',
  'overlaying in a handler',
  ...[
    'CREATING',
    'POLL',
    'CONNECTING',
    'CONNECTED',
    'TIMEOUT',
    'QOS_ACK_REMOTE',
    'DISCONNECTED',
    'UNREACHABLE',
    'ALL_RETRIES_FAILED',
    'DESTROYING',
  ].map((state) => `in the state ${state} handler`),
  ...['tx', 'rx'].flatMap((handler) =>
    ['', ', next tick', ', microtask', ', immediate'].map(
      (when) => `in the ${handler} handler${when}`,
    ),
  ),
]

describe('process.exit(7)', { concurrency: 2 }, () => {
  const peers: Peer[] = []
  let blackHole: BlackHole | undefined
  const argument = { ports: { ws: 0, h1: 0, blackHole: 0 }, certificate: '' }

  before(async () => {
    const authority = await CertificateAuthority.create()
    const tls = await authority.issue()
    const [ws, h1] = await Promise.all([startWebSocket({ tls }), startHttp1({ tls })])
    peers.push(ws, h1)
    if (process.platform === 'linux') blackHole = await BlackHole.start()
    argument.ports = { ws: ws.port, h1: h1.port, blackHole: blackHole?.port ?? 0 }
    argument.certificate = authority.policyCert
  })
  after(async () => {
    await blackHole?.close()
    for (const peer of peers) await peer.close()
  })

  for (const stage of stages) {
    test(stage, async () => {
      const ended = await runFixture('exit-at', { argument: { stage, ...argument } })
      assert.deepEqual(ended, { code: 7, signal: null, stderr: '', reports: [stage] })
    })

    test(`${stage}, in a worker thread`, async () => {
      const ended = await runFixture('in-worker', {
        argument: { fixture: 'exit-at', argument: { stage, ...argument } },
      })
      const reports = [stage, { code: 7 }]
      assert.deepEqual(ended, { code: 0, signal: null, stderr: '', reports })
    })
  }
})
