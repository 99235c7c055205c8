import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { CertificateAuthority, type TlsIdentity } from '../peers/index.js'
import { httpServer, rawServer, servedPolicy } from '../serving/servers.js'
import { runFixture } from '../support/run-fixture.js'

const addon = process.env.LWS_SECURE_STREAMS_ADDON
const canInject = addon && require(addon).features.LWS_WITH_SYS_FAULT_INJECTION

const policy = servedPolicy({
  raw: rawServer(),
  h1: httpServer({ ws_subprotocol: 'echo' }),
  h2: httpServer({ protocol: 'h2', ws_subprotocol: 'echo' }),
  h2s: httpServer({
    protocol: 'h2',
    tls: true,
    server_cert: 'site',
    ws_subprotocol: 'echo',
  }),
})

const A = 'answered'
const F = 'failed'
const CREATE = 'ERR_SS_CREATE'
const works = { raw: [A], h1: [A, A], h2: [A, A, A], h2s: [A] }

/** What fails with each fault; the rest goes well. */
const faults: Record<string, Record<string, string[]>> = {
  'ss=raw/ss_create_pcol': { raw: [CREATE] },
  'ss=h1/ss_srv_vh_fail': { h1: [CREATE] },
  'vh=h1/listenskt': { h1: ['ERR_SS_LISTEN'] },
  'memory/h2n': { h2: [A, F, A] },
  'memory/h2n:1': { h2s: [F] },
  'memory/client ctx tcr:1': { h2s: [CREATE] },
}

describe('faults that libwebsockets is made to have while it serves', { concurrency: 2 }, () => {
  let identity: TlsIdentity
  before(async () => {
    identity = await (await CertificateAuthority.create()).issue()
  })

  for (const [inject, fails] of Object.entries(faults))
    test(`${inject}: nobody else is concerned, and nothing is left`, async (t) => {
      if (!canInject) {
        t.skip('this build of libwebsockets has no fault injection')
        return
      }
      const { code, signal, stderr, reports } = await runFixture('inject-server-fault', {
        argument: { policy, ...identity },
        env: { LWS_SECURE_STREAMS_FAULTS: inject },
      })
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
      assert.match(stderr, /Injecting fault/)
      assert.deepEqual(reports.pop(), { left: [] })
      assert.deepEqual(Object.assign({}, ...(reports as object[])), { ...works, ...fails })
    })
})
