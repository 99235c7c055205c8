import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CertificateAuthority, type Peer, starts } from '../peers/index.js'
import { type ProtocolName, perProtocol, policyOf, streamtype } from '../support/policies.js'
import { runFixture } from '../support/run-fixture.js'

const SERVER = 'only a server comes there'
const NOT_BUILT = 'that part of libwebsockets is not built'
const OTHER_COOKIES = 'cookies are not kept by libwebsockets'

interface Fault {
  /** How it is asked for. */
  inject: string
  /** What does not work then. */
  fails: 'context' | 'streams' | 'some streams'
  /** Of the streams that fail, the protocols. */
  protocols?: readonly ProtocolName[]
}

const all = Object.keys(perProtocol) as ProtocolName[]
const context = (inject: string): Fault[] => [{ inject, fails: 'context' }]
const attempts = (inject: string): Fault[] => [{ inject, fails: 'streams', protocols: all }]

/** Every point where libwebsockets can inject a fault: how it is reached, or why a client cannot. */
const points: Record<string, Fault[] | string> = {
  ctx_createfail1: context('ctx_createfail1'),
  ctx_createfail_evlib_sel: context('ctx_createfail_evlib_sel'),
  ctx_createfail_oom_ctx: context('ctx_createfail_oom_ctx'),
  ctx_createfail_privdrop: context('ctx_createfail_privdrop'),
  ctx_createfail_maxfds: context('ctx_createfail_maxfds'),
  ctx_createfail_oom_fds: context('ctx_createfail_oom_fds'),
  ctx_createfail_plat_init: context('ctx_createfail_plat_init'),
  ctx_createfail_evlib_init: context('ctx_createfail_evlib_init'),
  ctx_createfail_evlib_pt: context('ctx_createfail_evlib_pt'),
  ctx_createfail_ss_pol1: context('ctx_createfail_ss_pol1'),
  ctx_createfail_ss_pol2: context('ctx_createfail_ss_pol2'),
  ctx_createfail_ss_pol3: context('ctx_createfail_ss_pol3'),
  ctx_createfail_plugin_init: NOT_BUILT,
  ctx_createfail_evlib_plugin: NOT_BUILT,
  ctx_createfail_sys_vh: 'there is a system vhost only with lws resolving names itself',
  ctx_createfail_sys_vh_init: 'there is a system vhost only with lws resolving names itself',
  ctx_createfail_def_vh: 'a context of Secure Streams has explicit vhosts',
  vh_create_oom: context('vh=default/vh_create_oom'),
  vh_create_pcols_oom: context('vh=default/vh_create_pcols_oom'),
  vh_create_ssl_srv: context('vh=default/vh_create_ssl_srv'),
  vh_create_ssl_cli: context('vh=default/vh_create_ssl_cli'),
  vh_create_srv_init: context('vh=default/vh_create_srv_init'),
  vh_create_access_log_open_fail: NOT_BUILT,
  vh_create_protocol_init: 'a client makes no vhosts once protocols are initialised',
  createfail: [...context('wsi/createfail:1'), ...attempts('wsi/createfail:2')],
  dnsfail: attempts('wsi/dnsfail'),
  conn_cb_rej: attempts('wsi/conn_cb_rej'),
  connfail: attempts('wsi/connfail'),
  timedclose: [{ inject: 'wsi/timedclose,wsi/timedclose_ms(1..2)', fails: 'some streams' }],
  sendfail: [
    { inject: 'wsi/sendfail:1', fails: 'some streams' },
    { inject: 'wsi/sendfail:2', fails: 'some streams' },
    { inject: 'wsi/sendfail:3', fails: 'some streams' },
  ],
  udp_tx_loss: 'no protocol of Secure Streams uses UDP',
  udp_rx_loss: 'no protocol of Secure Streams uses UDP',
  ss_no_streamtype_policy: all.map((protocol) => ({
    inject: `ss=${protocol}/ss_no_streamtype_policy`,
    fails: 'streams',
    protocols: [protocol],
  })),
  ss_create_destroy_me: all.map((protocol) => ({
    inject: `ss=${protocol}/ss_create_destroy_me`,
    fails: 'streams',
    protocols: [protocol],
  })),
  ss_create_conn: (['ws', 'mqtt', 'raw'] as const).map((protocol) => ({
    inject: `ss=${protocol}-nailed-up/ss_create_conn`,
    fails: 'some streams',
  })),
  ss_create_no_ts: NOT_BUILT,
  ss_create_smd: 'no policy has system messages for a streamtype',
  ss_create_smd_1: 'no policy has system messages for a streamtype',
  ss_create_smd_2: 'no policy has system messages for a streamtype',
  ss_create_vhost: SERVER,
  ss_create_pcol: SERVER,
  ss_srv_vh_fail: SERVER,
  listenskt: SERVER,
  cache_createfail: OTHER_COOKIES,
  cache_lookup_oom: OTHER_COOKIES,
  cache_write_oom: OTHER_COOKIES,
  cache_regen_temp_open: OTHER_COOKIES,
  cache_regen_temp_write: OTHER_COOKIES,
  cache_regen_iter_fail: OTHER_COOKIES,
  netlink_bind: NOT_BUILT,
}

const source = path.join(__dirname, '..', '..', '..', 'deps', 'libwebsockets', 'source', 'lib')

/** All but those that only a proxy, or a stream that goes through one, comes by. */
function pointsInSource(): string[] {
  const names = new Set<string>()
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.c') || file.includes('fault-injection')) continue
    const text = readFileSync(path.join(source, file), 'utf8')
    for (const [, name] of text.matchAll(/\blws_fi\([^"]*"(\w+)"/g)) names.add(name as string)
  }
  return [...names].filter((name) => !/^(sspc|ssproxy)_/.test(name)).sort()
}

const addon = process.env.LWS_SECURE_STREAMS_ADDON
const canInject = addon && require(addon).features.LWS_WITH_SYS_FAULT_INJECTION

describe('faults that libwebsockets is made to have', { concurrency: 2 }, () => {
  const peers: Peer[] = []
  let policy: ReturnType<typeof policyOf>

  before(async () => {
    const authority = await CertificateAuthority.create()
    const tls = await authority.issue()
    const streamtypes: Parameters<typeof policyOf>[0] = {}
    for (const protocol of all) {
      const [plain, secure] = [await starts[protocol](), await starts[protocol]({ tls })]
      peers.push(plain, secure)
      streamtypes[protocol] = streamtype(protocol, plain)
      streamtypes[`${protocol}-tls`] = streamtype(protocol, secure, { tls: true })
      if (protocol !== 'h1' && protocol !== 'h2')
        streamtypes[`${protocol}-nailed-up`] = streamtype(protocol, plain, { nailed_up: true })
    }
    // A fault at each attempt means hundreds of them, and their waits add up.
    const quick = { backoff: [1], conceal: 1, jitterpc: 1 }
    policy = { ...policyOf(streamtypes, authority), retry: [{ quick }] }
  })
  after(async () => {
    for (const peer of peers) await peer.close()
  })

  test('each point where one can be injected is known', () => {
    assert.deepEqual(pointsInSource(), Object.keys(points).sort())
  })

  const faults = Object.entries(points).flatMap(([name, reached]) =>
    typeof reached === 'string' ? [] : reached.map((fault) => ({ name, ...fault })),
  )
  for (const { name, inject, fails, protocols = [] } of faults)
    test(`${inject}: every promise settles, and nothing is left`, async (t) => {
      if (!canInject) {
        t.skip('this build of libwebsockets has no fault injection')
        return
      }
      const { code, signal, stderr, reports } = await runFixture('inject-fault', {
        argument: { policy },
        env: { LWS_SECURE_STREAMS_FAULTS: inject },
      })
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
      assert.match(stderr, new RegExp(`Injecting fault \\w+->${name}\\n`))
      const opened = fails === 'context' ? 'ERR_SS_CREATE' : 'fulfilled'
      assert.deepEqual(reports.pop(), { opened, left: [] })
      for (const { streamtype, outcomes } of reports as Used[]) {
        for (const outcome of outcomes)
          assert.match(outcome, /^(fulfilled|ERR_SS_\w+)$/, streamtype)
        const mustFail = protocols.some((protocol) => protocol === streamtype)
        if (mustFail) assert.ok(!outcomes.includes('fulfilled'), `${streamtype}: ${outcomes}`)
      }
    })
})

/** What the fixture says of a streamtype. */
interface Used {
  streamtype: string
  outcomes: string[]
}
