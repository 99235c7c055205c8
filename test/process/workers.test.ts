import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import type { PolicyInput } from 'lws-secure-streams'
import {
  CertificateAuthority,
  type Peer,
  startHttp1,
  startHttp2,
  startMosquitto,
  startRaw,
  startWebSocket,
} from '../peers/index.js'
import { ServerPeer } from '../peers/peer.js'
import { policyOf, streamtype } from '../support/policies.js'
import { fixtureReports, runFixture } from '../support/run-fixture.js'

describe('worker threads', () => {
  const peers: Peer[] = []
  let policy: PolicyInput

  before(async () => {
    const authority = await CertificateAuthority.create()
    const tls = await authority.issue()
    const [ws, raw, h1, h2, mqtt] = await Promise.all([
      startWebSocket(),
      startRaw({ tls }),
      startHttp1(),
      startHttp2({ tls }),
      startMosquitto(),
    ])
    const source = await ServerPeer.listen(
      http.createServer((_, response) => response.end(JSON.stringify(policy))),
    )
    peers.push(ws, raw, h1, h2, mqtt, source)
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own notation
    const topic = 'thread/${thread}'
    policy = policyOf(
      {
        ws: streamtype('ws', ws),
        raw: streamtype('raw', raw, { tls: true }),
        h1: streamtype('h1', h1),
        fetch_policy: streamtype('h1', source, { http_method: 'GET' }),
        h2: streamtype('h2', h2, { tls: true }),
        mqtt: streamtype('mqtt', mqtt, {
          mqtt_topic: topic,
          mqtt_subscribe: topic,
          metadata: [{ thread: '' }],
        }),
      },
      authority,
    )
  })
  after(async () => {
    for (const peer of peers) await peer.close()
  })

  test('work in parallel, each with a context of its own, though one stands still', async () => {
    const [it] = policy.s ?? []
    const reports = await fixtureReports('parallel', {
      argument: { ...policy, s: [{ it: it?.ws }] },
    })
    const heardBy = (number: number) => [
      `first of ${number}`,
      ...Array.from({ length: 100 }, (_, n) => `${n} of ${number}`),
    ]
    assert.deepEqual(
      (reports.slice(0, -1) as { number: number }[]).toSorted((a, b) => a.number - b.number),
      [0, 1, 2, 3].map((number) => ({ number, heard: heardBy(number) })),
    )
    assert.deepEqual(reports.at(-1), [0, 0, 0, 0])
  })

  test('are terminated 200 times in the middle of traffic', async () => {
    const { code, signal, stderr, reports } = await runFixture('terminate', {
      argument: { policy, times: 200, atOnce: 4 },
    })
    assert.deepEqual(
      { code, signal, stderr, reports },
      {
        code: 0,
        signal: null,
        stderr: '',
        reports: [
          { terminated: 200, exitCodes: [1], errors: [], mainThreadWorks: true, descriptors: 0 },
        ],
      },
    )
  })
})
